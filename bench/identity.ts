/**
 * Device identity on a made truth (`identity/`): how fast each way of deciding takes updates, and how often it is right, with and
 * without what lies. Beside ours: the priority list, with and without host name and address, and the union of whatever shares
 * a strong identifier. Rates are measured in processes of their own (`identity/in-process.ts`).
 */

import { seededRandom } from '../runtime/index.ts';
import type { Bench, Contender, Figure, Figures } from './bench.ts';
import { groundOf } from './identity/ground.ts';
import { groupAll, type OpenGrouping } from './identity/grouping.ts';
import { costInProcess, openRated } from './identity/in-process.ts';
import { qualityOf, recallOf, samenessOf } from './identity/measure.ts';
import { hostileNoise, type Noise, tidyNoise } from './identity/noise.ts';
import { type SteadyPlan, steadyPlan } from './identity/steady.ts';
import { fullSwapPlan, lostDevices, type SwapPlan, swapRounds } from './identity/swaps.ts';
import { fullPlan, makeTruth, type TruthPlan } from './identity/truth.ts';
import type { Sighting } from './identity/update.ts';
import { type Way, ways } from './identity/ways.ts';
import { shuffled } from './identity/world.ts';

export interface IdentitySize {
  readonly seed: number;
  readonly devices: number;
  readonly sightings: number;
  readonly tenants: number;
  readonly rounds: number;
  readonly swaps: SwapPlan;
  readonly steady: SteadyPlan;
}

type QualitySize = Omit<IdentitySize, 'steady'>;

const fullSize: IdentitySize = { ...fullPlan, swaps: fullSwapPlan, steady: steadyPlan };
const nowMs = () => performance.now();

/** All but the rate, which is a matter of the machine. */
export function identityFigures(open: OpenGrouping, size: QualitySize): Figures {
  const hostile = figuresOf(open, truthOf(size, hostileNoise));
  const tidy = figuresOf(open, truthOf(size, tidyNoise));
  const prefixed = Object.entries(tidy).map(([key, value]) => [`tidy_${key}`, value]);
  return { ...hostile, ...Object.fromEntries(prefixed), swap_devices_lost: lostIn(open, size.swaps) };
}

function truthOf(size: QualitySize, noise: Noise): Sighting[] {
  return makeTruth(planOf(size, noise));
}

function planOf({ seed, devices, sightings, tenants, rounds }: QualitySize, noise: Noise): TruthPlan {
  return { seed, devices, sightings, tenants, rounds, noise };
}

function figuresOf(open: OpenGrouping, sightings: readonly Sighting[]): Figures {
  const ground = groundOf(sightings);
  const { groups, conflicts } = groupAll(sightings, open, nowMs);
  const isTold = (at: number) => ground.isTold[at]!;
  const told = qualityOf(ground.device, groups, isTold);
  const all = qualityOf(ground.device, groups, (at) => groups[at] !== null);
  return {
    precision: told.precision,
    recall: told.recall,
    recall_single: recallOf(ground.bySingle, groups),
    recall_single_or_mac: recallOf(ground.bySingleOrMac, groups),
    cluster_f1: told.clusterF1,
    over_merges: told.overMerges,
    splits: told.splits,
    all_precision: all.precision,
    all_recall: all.recall,
    shuffle_same_share: samenessOf(groups, groupsAfterShuffle(open, sightings)),
    ...(conflicts === null ? {} : { conflicts }),
  };
}

/** In the order of the given sightings. */
function groupsAfterShuffle(open: OpenGrouping, sightings: readonly Sighting[]): (string | null)[] {
  const order = shuffled([...sightings.keys()], seededRandom(sightings.length));
  const { groups } = groupAll(
    order.map((at) => sightings[at]!),
    open,
    nowMs,
  );
  const back = new Array<string | null>(sightings.length).fill(null);
  for (const [place, at] of order.entries()) back[at] = groups[place]!;
  return back;
}

function lostIn(open: OpenGrouping, plan: SwapPlan): number {
  const grouping = open();
  const rounds: { devices: readonly number[]; count: number }[] = [];
  for (const { devices, updates } of swapRounds(plan)) {
    grouping.apply(updates);
    rounds.push({ devices, count: updates.length });
  }
  const groups = grouping.groups();
  let at = 0;
  return lostDevices(
    rounds.map(({ devices, count }) => {
      at += count;
      return { devices, groups: groups.slice(at - count, at) };
    }),
  );
}

/** What is measured of ours alone. */
export type OwnFigures = (plan: SteadyPlan) => Promise<Figures>;

function contender(name: Way, size: IdentitySize, ownFigures: OwnFigures | null = null): Contender {
  return {
    name,
    async open() {
      const rated = await openRated(name, planOf(size, hostileNoise));
      let quality: Figures | null = null;
      return {
        async round() {
          // The same in every round, for the truth is.
          quality ??= { ...(await ownFigures?.(size.steady)), ...identityFigures(ways[name], size) };
          return { updates_per_s: await rated.round(), ...quality };
        },
        close: rated.close,
      };
    },
  };
}

const shares = ['precision', 'recall', 'recall_single', 'recall_single_or_mac', 'cluster_f1'];
const counts = ['over_merges', 'splits'];
const allShares = ['all_precision', 'all_recall', 'shuffle_same_share'];

const costs: readonly Figure[] = [
  { key: 'steady_updates_per_s', better: 'more' },
  { key: 'update_p50_ms', better: 'less' },
  { key: 'update_p99_ms', better: 'less' },
  { key: 'update_worst_ms', better: 'less' },
  { key: 'bytes_per_device', better: 'less' },
  { key: 'index_bytes_per_device', better: 'less' },
];

/** `alsoOurs`: what else is measured of ours. */
export function identity(alsoOurs: OwnFigures | null = null, size: IdentitySize = fullSize): Bench {
  const ownFigures: OwnFigures = async (plan) => ({
    ...(await alsoOurs?.(plan)),
    ...(await costInProcess(plan)),
  });
  const judged = ['', 'tidy_'].flatMap((prefix) => [
    ...shares.map((key) => ({ key: prefix + key, better: 'more' as const })),
    ...counts.map((key) => ({ key: prefix + key, better: 'less' as const })),
    ...allShares.map((key) => ({ key: prefix + key, better: 'more' as const })),
    { key: `${prefix}conflicts`, better: 'neither' as const },
  ]);
  return {
    name: 'identity',
    about:
      'device identity on a made truth: updates a second, precision, recall, beside lists and plain union',
    figures: [
      { key: 'updates_per_s', better: 'more' },
      { key: 'stored_updates_per_s', better: 'more' },
      ...costs,
      ...judged,
      { key: 'swap_devices_lost', better: 'less' },
    ],
    rounds: 5,
    contenders: [
      contender('ours', size, ownFigures),
      contender('priority-list', size),
      contender('priority-list-strong', size),
      contender('strong-union', size),
    ],
  };
}

/** What a device and an update cost ours when so many devices are there, and nothing else: measured once. */
export function identityAtSize(devices: number): Bench {
  const open = async () => {
    const figures = await costInProcess({ ...steadyPlan, devices });
    return { round: async () => figures, close: async () => {} };
  };
  return {
    name: 'identity',
    about: `what a device and an update cost when ${devices} are there`,
    figures: costs,
    rounds: 1,
    contenders: [{ name: 'ours', open }],
  };
}
