/**
 * Whether a sweep may be wanted as it was said: its networks, ports, rate and timeout, and whether a shared node may go
 * there at all. Pure; asked at the door when a sweep is written down, and by an agent of what it is told. The guard judges
 * each address once more before anything is sent to it.
 */
import { judge, type TargetPolicy } from '../guard.ts';
import { limits } from '../limits.ts';
import { type AddressSet, addressSet } from './address-set.ts';
import { addressOf } from './networks.ts';

export interface SweepSpec {
  readonly networks: readonly string[];
  readonly exclusions: readonly string[];
  readonly ports: readonly number[];
  readonly icmp: boolean;
  /** Packets and connects a second, of all agents together. */
  readonly ratePerS: number;
  readonly timeoutMs: number;
}

export type JudgedSweep =
  | { readonly ok: true; readonly spec: SweepSpec; readonly set: AddressSet }
  | { readonly ok: false; readonly code: 'bad_sweep' | 'target_not_allowed'; readonly detail: string };

/** What is not of the right type is refused too: it comes from strangers. The answer has everything in its normal form. */
export function judgeSweep(
  said: { readonly [name in keyof SweepSpec]?: unknown },
  policy: TargetPolicy,
): JudgedSweep {
  const { networks, exclusions = [], ports = [], icmp = true } = said;
  const { ratePerS = limits.sweepRateDefault, timeoutMs = limits.sweepTimeoutMsDefault } = said;
  if (!isList(networks, isText) || !isList(exclusions, isText))
    return bad('networks must be a list of texts');
  if (typeof icmp !== 'boolean') return bad('icmp must be true or false');
  if (!isList(ports, (port): port is number => isWhole(port, 1, 65_535)))
    return bad('a port must be a whole number from 1 to 65535');
  if (ports.length > limits.sweepPortsMax) return bad(`a sweep has at most ${limits.sweepPortsMax} ports`);
  if (!icmp && ports.length === 0) return bad('it asks nothing: leave icmp on, or name ports');
  if (!isWhole(ratePerS, 1, limits.sweepRateMax))
    return bad(`the rate must be 1 to ${limits.sweepRateMax} a second`);
  if (!isWhole(timeoutMs, limits.sweepTimeoutMsMin, limits.sweepTimeoutMsMax))
    return bad(`the timeout must be ${limits.sweepTimeoutMsMin} to ${limits.sweepTimeoutMsMax} ms`);
  const made = addressSet(networks, exclusions);
  if (!made.ok) {
    const texts = made.refusals.map(({ code, network, detail }) =>
      network === '' ? `${code}: ${detail}` : `${code}: "${network}": ${detail}`,
    );
    return bad(texts.slice(0, 10).join('; '));
  }
  const refusal = judgeEnds(made.set, policy);
  if (refusal !== null) return { ok: false, code: 'target_not_allowed', detail: refusal } as const;
  const { networks: normal, exclusions: without } = made.set;
  const sorted = [...new Set(ports)].sort((a, b) => a - b);
  const spec: SweepSpec = { networks: normal, exclusions: without, ports: sorted, icmp, ratePerS, timeoutMs };
  return { ok: true, spec, set: made.set } as const;
}

/** The ends of each range: what lies within and is refused is counted when it is swept. */
function judgeEnds({ ranges }: AddressSet, policy: TargetPolicy): string | null {
  for (const { family, first, last } of ranges) {
    for (const value of [first, last]) {
      const verdict = judge(addressOf(family, value), policy);
      if (!verdict.allowed) return verdict.detail;
    }
  }
  return null;
}

const bad = (detail: string) => ({ ok: false, code: 'bad_sweep', detail }) as const;
const isText = (value: unknown): value is string => typeof value === 'string';

function isList<T>(value: unknown, is: (one: unknown) => one is T): value is T[] {
  return Array.isArray(value) && value.every(is);
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}
