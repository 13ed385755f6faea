/**
 * A week of one made-up check: each due instant has a result or lies in a gap. Latencies follow the working day, now and
 * then something is lost, some checks have an outage of their own, and what hit a site hit all checks of it.
 */
import {
  type Check,
  type CheckState,
  dueRuns,
  foldHealth,
  type GapRow,
  newHealth,
  phaseOf,
  type ResultRow,
} from '../../actors/index.ts';
import { seededRandom } from '../../runtime/index.ts';
import type { SeedHistory, SeedWindow } from '../../store/index.ts';
import type { Customer, Incident } from './sites.ts';

/** Milliseconds that a healthy run of each kind takes at night, about. */
const quietMs = { icmp: 0.9, tcp: 2.4, http: 24, dns: 3.1 } as const;

interface Happening {
  fromMs: number;
  toMs: number;
  as: Incident['as'];
  reason: string;
}

export function* seedHistory(customer: Customer, check: Check, window: SeedWindow): SeedHistory {
  const { next } = seededRandom(phaseOf(`${customer.slug} ${check.name}`, 2 ** 31));
  const happenings = happeningsOf(customer, check, window, next);
  const baseMs = quietMs[check.kind] * (0.6 + 1.6 * next());
  const gaps: GapRow[] = [];
  let health = newHealth();
  for (const { fromMs, toMs, intervalMs } of dueRuns(check.schedule, window.fromMs - 1, window.untilMs)) {
    for (let dueMs = fromMs; dueMs <= toMs; dueMs += intervalMs) {
      const hit = happenings.find((one) => one.fromMs <= dueMs && dueMs < one.toMs) ?? null;
      if (hit?.as === 'gap') {
        grow(gaps, check, dueMs, intervalMs, hit.reason);
        continue;
      }
      const row = run(check, dueMs, baseMs, hit, next);
      ({ health } = foldHealth(health, row, check.retries));
      yield row;
    }
  }
  const { state, flapping, because } = health;
  return {
    gaps,
    state: {
      checkId: check.id,
      state: state satisfies CheckState,
      flapping,
      sinceMs: health.sinceMs ?? window.fromMs,
      because,
    },
  };
}

function grow(gaps: GapRow[], check: Check, dueMs: number, intervalMs: number, reason: string): void {
  const last = gaps.at(-1);
  if (last !== undefined && last.reason === reason && last.toMs + intervalMs === dueMs) {
    last.toMs = dueMs;
    last.count += 1;
  } else gaps.push({ checkId: check.id, fromMs: dueMs, toMs: dueMs, intervalMs, count: 1, reason });
}

/** What hit the check's site, then its own outages: about every second check has one. Gaps first: then nothing ran. */
function happeningsOf(
  customer: Customer,
  check: Check,
  { fromMs, untilMs }: SeedWindow,
  next: () => number,
): Happening[] {
  const lengthMs = untilMs - fromMs;
  const shared = customer.incidents
    .filter(({ site }) => site === null || check.name.startsWith(`${site}-`))
    .map(({ from, to, as, reason }) => ({
      fromMs: fromMs + from * lengthMs,
      toMs: fromMs + to * lengthMs,
      as,
      reason,
    }));
  const own: Happening[] = [];
  for (let count = Math.floor(next() * 2.5); count > 0; count -= 1) {
    const beginMs = fromMs + next() * lengthMs * 0.97;
    const isRefused = check.kind === 'tcp' || check.kind === 'http' ? next() < 0.6 : false;
    own.push({
      fromMs: beginMs,
      toMs: beginMs + (6 + next() * 70) * 60_000,
      as: isRefused ? 'critical' : 'timeout',
      reason: isRefused ? 'connection refused' : lost[check.kind],
    });
  }
  return [...shared, ...own].sort((a, b) => Number(b.as === 'gap') - Number(a.as === 'gap'));
}

const lost = {
  icmp: '3 of 3 packets lost',
  tcp: 'connection timed out',
  http: 'no answer within 5000 ms',
  dns: 'no answer within 2000 ms',
} as const;

/** Every run draws the same number of chances, so that one that is lost changes none after it. */
function run(
  check: Check,
  dueAtMs: number,
  baseMs: number,
  hit: Happening | null,
  next: () => number,
): ResultRow {
  const [chance, spread, late, who] = [next(), next(), next(), next()];
  const agent = who < 0.5 ? 'agent_1' : 'agent_2';
  const row = {
    checkId: check.id,
    dueAtMs,
    startedAtMs: dueAtMs + Math.floor(1 + late * 11),
    agent,
    poller: 'poller_1',
  };
  const latencyMs = rounded(baseMs * (1 + 0.5 * workload(dueAtMs)) * Math.exp(0.5 * (spread - 0.5)));
  if (hit?.as === 'timeout') return { ...row, latencyMs: null, status: 'timeout', reason: hit.reason };
  if (hit !== null)
    return { ...row, latencyMs: rounded(0.4 + spread), status: 'critical', reason: hit.reason };
  if (chance < 0.0004)
    return {
      ...row,
      startedAtMs: null,
      agent: null,
      latencyMs: null,
      status: 'skipped',
      reason: 'no_answer',
    };
  if (chance < 0.0016) return { ...row, latencyMs: null, status: 'timeout', reason: lost[check.kind] };
  if (chance < 0.006 && check.kind === 'icmp')
    return { ...row, latencyMs, status: 'warning', reason: '1 of 3 packets lost' };
  return { ...row, latencyMs, status: 'success', reason: null };
}

/** 0 at night and 1 at the height of a working day, UTC; a weekend has a fifth of it. */
export function workload(atMs: number): number {
  const at = new Date(atMs);
  const hour = at.getUTCHours() + at.getUTCMinutes() / 60;
  const day = hour < 6 || hour > 20 ? 0 : Math.sin(((hour - 6) / 14) * Math.PI);
  return at.getUTCDay() % 6 === 0 ? day / 5 : day;
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
