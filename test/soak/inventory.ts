/**
 * `npm run soak -- inventory [--devices N] [--rounds N]`: a tenant's devices of which a fifth trade addresses each round, through the
 * tenant's reconciler and the embedded PostgreSQL; the lease changes hands in the middle. None may be lost, none merged. Says how many
 * updates a second were stored, how long reading back took, and the memory.
 */
import { loadavg } from 'node:os';
import { heapBytes } from '../../bench/heap.ts';
import { openStoredTenant, type StoredTenant } from '../../bench/identity/stored-tenant.ts';
import { fullSwapPlan, lostDevices, type SwapPlan, swapRounds } from '../../bench/identity/swaps.ts';
import { inventoryPageRows } from './bounds.ts';

type Say = (text: string) => void;
type Rounds = { devices: readonly number[]; groups: readonly (string | null)[] }[];

export interface InventoryRun {
  readonly rounds: number;
  readonly updates: number;
  readonly updatesPerS: number;
  readonly readBackMs: number;
  /** Told by another id than at first, by none, or by one of another device. */
  readonly lost: number;
  readonly merged: number;
  readonly live: number;
}

/** What is wrong, or null. */
export async function soakInventory(plan: SwapPlan = fullSwapPlan, say: Say): Promise<string | null> {
  const ran = await runInventory(plan, say);
  say(`inventory: ${JSON.stringify({ ...ran, load: loadavg()[0] })}`);
  const faults = [
    ...(ran.lost > 0 ? [`${ran.lost} devices were lost`] : []),
    ...(ran.merged > 0 ? [`${ran.merged} devices were merged`] : []),
    ...(ran.live === plan.devices ? [] : [`${ran.live} devices are there instead of ${plan.devices}`]),
  ];
  return faults.length === 0 ? null : faults.join('; ');
}

export async function runInventory(plan: SwapPlan, say: Say): Promise<InventoryRun> {
  const tenant = await openStoredTenant();
  try {
    const rounds: Rounds = [];
    const half = Math.floor(plan.rounds / 2);
    const atFirst = heapBytes();
    let [updates, tookMs, readBackMs] = [0, 0, 0];
    for (const round of swapRounds(plan)) {
      if (rounds.length === half) {
        readBackMs = Math.round(await tenant.takeOver());
        say(`inventory: read back in ${readBackMs} ms`);
      }
      const fromMs = performance.now();
      const groups = await tenant.send(round.updates);
      const ms = performance.now() - fromMs;
      rounds.push({ devices: round.devices, groups });
      updates += groups.length;
      tookMs += ms;
      const mib = ((heapBytes() - atFirst) / 2 ** 20).toFixed(1);
      const perS = Math.round((groups.length * 1_000) / ms);
      const load = loadavg()[0]!.toFixed(2);
      say(
        `inventory: round ${rounds.length}: ${groups.length} updates, ${perS}/s, ${mib} MiB more, load ${load}`,
      );
    }
    return {
      ...{ rounds: rounds.length, updates, updatesPerS: Math.round((updates * 1_000) / tookMs), readBackMs },
      ...{
        lost: lostDevices(rounds),
        merged: await countOf(tenant, 'merged'),
        live: await countOf(tenant, 'live'),
      },
    };
  } finally {
    await tenant.close();
  }
}

/** As people read it. */
async function countOf({ store, tenantId }: StoredTenant, which: 'live' | 'merged'): Promise<number> {
  let count = 0;
  for (let after: string | null = null, more = true; more; ) {
    const page = await store.inventoryShelf.list(tenantId, { which, after, limit: inventoryPageRows });
    count += page.length;
    after = page.at(-1)?.id ?? null;
    more = page.length === inventoryPageRows;
  }
  return count;
}
