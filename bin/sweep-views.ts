/** Sweeps and their runs as the command line prints them. */
import {
  judgeNewSweep,
  type Sweep,
  type SweepProgress,
  type SweepRun,
  type Tenant,
} from '../actors/index.ts';
import { instant } from './views.ts';

export interface SweepView {
  id: string;
  tenant: string;
  tenant_id: string;
  name: string;
  partition: string;
  networks: readonly string[];
  exclusions: readonly string[];
  /** Null: it cannot be told any more. */
  addresses: number | null;
  ports: readonly number[];
  icmp: boolean;
  /** Packets and connects a second. */
  rate: number;
  timeout_ms: number;
  /** Null: by hand alone. */
  interval_ms: number | null;
  enabled: boolean;
  version: number;
  created_at: string;
  updated_at: string;
  /** Null: it never ran. */
  last_run: RunView | null;
}

export interface RunView {
  id: string;
  sweep: string;
  state: string;
  by: string;
  started_at: string;
  ended_at: string | null;
  seconds: number;
  addresses: number;
  done: number;
  live: number;
  refused: number;
  untold: number;
  sent: number;
  /** Packets and connects a second, over the whole of it. */
  rate_held: number;
  slices: number;
  slices_done: number;
  agents: readonly string[];
  under_way: { slice: number; agent: string; done: number; rate: number }[];
  redone_count: number;
  redone: readonly { slice: number; agent: string; why: string }[];
  why: string | null;
}

export function sweepView(
  tenant: Tenant,
  sweep: Sweep,
  run: SweepRun | null,
  progress: SweepProgress | null,
): SweepView {
  const judged = judgeNewSweep(sweep, { allowAll: true });
  return {
    ...{ id: sweep.id, tenant: tenant.slug, tenant_id: tenant.id, name: sweep.name },
    ...{ partition: sweep.partition, networks: sweep.networks, exclusions: sweep.exclusions },
    addresses: 'sweep' in judged ? judged.addresses : null,
    ...{ ports: sweep.ports, icmp: sweep.icmp, rate: sweep.ratePerS, timeout_ms: sweep.timeoutMs },
    ...{ interval_ms: sweep.intervalMs, enabled: sweep.enabled, version: sweep.version },
    ...{ created_at: instant(sweep.createdAtMs), updated_at: instant(sweep.updatedAtMs) },
    last_run: run === null ? null : runView(sweep.name, run, progress),
  };
}

export function runView(sweep: string, run: SweepRun, progress: SweepProgress | null): RunView {
  const isLive = progress?.run.id === run.id && run.state === 'running';
  const { done, live, refused, untold, sent } = isLive ? progress.counts : run.counts;
  const seconds = Math.max(0, run.endedAtMs === null ? run.ageMs : run.endedAtMs - run.startedAtMs) / 1_000;
  const underWay = isLive ? progress.underWay : [];
  return {
    ...{ id: run.id, sweep, state: run.state, by: run.by, started_at: instant(run.startedAtMs) },
    ended_at: run.endedAtMs === null ? null : instant(run.endedAtMs),
    ...{ seconds, addresses: run.addresses, done, live, refused, untold, sent },
    rate_held: seconds > 0 ? Math.round(sent / seconds) : 0,
    ...{ slices: run.slices, slices_done: run.doneSlices, agents: run.agents },
    under_way: underWay.map(({ slice, agent, counts, ratePerS }) => ({
      ...{ slice, agent, done: counts.done, rate: ratePerS },
    })),
    ...{ redone_count: run.redoneCount, redone: run.redone, why: run.why },
  };
}
