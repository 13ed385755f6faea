/**
 * A slice as a gateway's command says it (`sweep.run`), judged as strictly as a check: what is swept, which addresses of it by
 * index, and how fast. Pure. An agent goes where it likes in its own network; who sent it there is the tenant.
 */
import { judgeSweep, limits } from '../../checks/index.ts';

type Judged = ReturnType<typeof judgeSweep> & { readonly ok: true };

export interface SweepOrder {
  readonly run: string;
  readonly slice: number;
  readonly attempt: number;
  /** The sweep's name. */
  readonly sweep: string;
  readonly spec: Judged['spec'];
  readonly set: Judged['set'];
  readonly from: number;
  readonly to: number;
  readonly ratePerS: number;
}

const word = /^[A-Za-z0-9_.-]{1,64}$/;
const nameCharactersMax = 200;

/** What is wrong with it, when it is a text. */
export function readSweepOrder(said: Record<string, unknown>): SweepOrder | string {
  const { run, slice, attempt, sweep, addresses, from, to, rate: ratePerS } = said;
  if (typeof run !== 'string' || !word.test(run)) return 'run must be a word';
  if (!isWhole(slice, 0, Number.MAX_SAFE_INTEGER)) return 'slice must be a whole number';
  if (!isWhole(attempt, 1, 1_000)) return 'attempt must be a whole number from 1';
  if (typeof sweep !== 'string' || sweep === '' || sweep.length > nameCharactersMax || /\p{Cc}/u.test(sweep))
    return 'sweep must be a name';
  const { networks, exclusions, ports, icmp, timeout_ms: timeoutMs } = said;
  const judged = judgeSweep({ networks, exclusions, ports, icmp, ratePerS, timeoutMs }, { allowAll: true });
  if (!judged.ok) return judged.detail;
  const { set, spec } = judged;
  // Whoever counts otherwise has other slices.
  if (set.count !== addresses) return `it has ${set.count} addresses here, not ${String(addresses)}`;
  if (!isWhole(from, 0, set.count) || !isWhole(to, from + 1, set.count))
    return 'from and to must be within it';
  if (to - from > limits.sweepSliceAddressesMax)
    return `a slice has at most ${limits.sweepSliceAddressesMax} addresses`;
  return { run, slice, attempt, sweep, spec, set, from, to, ratePerS: spec.ratePerS };
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}
