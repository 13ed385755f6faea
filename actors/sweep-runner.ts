/**
 * Sweeps slices on an agent node of the cluster, for whichever keeper asks, as long as that one lives; what it finds goes to
 * the tenant's core as a document, before the keeper is told. Between a tenant's keeper and `checks/sweep`.
 */
import {
  judgeSweep,
  type RunningSlice,
  runSlice,
  SharedRates,
  type SweepPinger,
  sweepDocument,
} from '../checks/index.ts';
import type { Cluster } from '../cluster/index.ts';
import { type Clock, defineActor, messageOf, type Ref, type Self } from '../runtime/index.ts';
import { sweepProgressMs, sweepSlicesPerNodeMax } from './limits.ts';
import { sweepRunnerKey } from './names.ts';
import type { SweepCounts } from './ports/sweep.ts';
import { bringDocument } from './slice-document.ts';
import type { SliceJob, SweepKeeperProtocol, SweepRunnerProtocol } from './sweep-messages.ts';

export interface SweepRunnerNeeds {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Null: sweeps that ask by ICMP go to others. */
  readonly pinger: SweepPinger | null;
}

interface UnderWay {
  readonly job: SliceJob;
  readonly keeper: Ref<SweepKeeperProtocol>;
  readonly monitor: number;
  readonly end: AbortController;
  running: RunningSlice | null;
}

interface RunnerState {
  underWay: Map<string, UnderWay>;
  rates: SharedRates;
  addresses: number;
  sent: number;
  telling: boolean;
}

type RunnerSelf = Self<RunnerState, SweepRunnerProtocol>;

export function sweepRunner(needs: SweepRunnerNeeds) {
  const { cluster, pinger } = needs;
  return defineActor<RunnerState, SweepRunnerProtocol>({
    name: 'sweep_runner',
    trapExit: true,
    init(self) {
      const metadata = { status: 'connected', icmp: pinger !== null };
      cluster.names.register(sweepRunnerKey(cluster.node), self.ref, metadata);
      return { underWay: new Map(), rates: new SharedRates(), addresses: 0, sent: 0, telling: false };
    },
    call: {
      totals: ({ state: { underWay, addresses, sent } }) => ({ slices: underWay.size, addresses, sent }),
    },
    cast: {
      run: (self, job, keeper) => begin(self, needs, job, keeper),
      cancel(self, tenantId, runId, slice, number) {
        const key = `${tenantId}/${runId}/${slice}`;
        if (self.state.underWay.get(key)?.job.number === number) end(self, key);
      },
    },
    info(self, info) {
      if (info.type === 'timeout') tell(self);
      else if (info.type === 'down') {
        // Whoever wanted them is gone: the next one asks anew.
        for (const [key, one] of self.state.underWay) if (one.monitor === info.monitor) end(self, key);
      } else if (info.type === 'exit') self.stop(info.reason);
    },
    terminate(self) {
      for (const key of [...self.state.underWay.keys()]) end(self, key);
    },
  });
}

const keyOf = ({ tenantId, runId, slice }: SliceJob) => `${tenantId}/${runId}/${slice}`;

function begin(
  self: RunnerSelf,
  needs: SweepRunnerNeeds,
  job: SliceJob,
  keeper: Ref<SweepKeeperProtocol>,
): void {
  const { underWay } = self.state;
  const key = keyOf(job);
  end(self, key);
  if (underWay.size >= sweepSlicesPerNodeMax) {
    self.cast(keeper).sliceLost(job.runId, job.slice, job.number, 'agent_busy');
    return;
  }
  const one: UnderWay = {
    ...{ job, keeper, monitor: self.monitor(keeper), end: new AbortController(), running: null },
  };
  underWay.set(key, one);
  tellLater(self);
  sweep(self, needs, one).then(
    (told) => {
      if (self.signal.aborted || underWay.get(key) !== one) return;
      end(self, key);
      told();
    },
    (error: unknown) => {
      if (self.signal.aborted || underWay.get(key) !== one) return;
      end(self, key);
      self.cast(keeper).sliceLost(job.runId, job.slice, job.number, messageOf(error));
    },
  );
}

/** What the keeper is to be told. */
async function sweep(self: RunnerSelf, needs: SweepRunnerNeeds, one: UnderWay): Promise<() => void> {
  const { job, keeper } = one;
  const { runId, slice, number, terms, from, to, ratePerS } = job;
  const lost = (why: string) => () => void self.cast(keeper).sliceLost(runId, slice, number, why);
  const guard = { allowAll: job.allowAll };
  const judged = judgeSweep(terms, guard);
  if (!judged.ok) return lost(`${judged.code}: ${judged.detail}`);
  if (judged.set.count !== job.addresses || to > job.addresses)
    return lost('bad_sweep: other addresses here');
  const { icmp, ports, timeoutMs } = judged.spec;
  const { clock, pinger } = needs;
  const { rates } = self.state;
  const rate = rates.join(runId, ratePerS, clock.monotonicMs());
  const work = { set: judged.set, from, to, icmp, ports, guard, rate, timeoutMs };
  one.running = runSlice(work, { clock, pinger, signal: one.end.signal });
  const found = await one.running.ended;
  rates.leave(runId);
  if (found.cancelled) return lost('cancelled');
  const head = {
    ...{ sweep: job.sweep, run: runId, slice, networks: terms.networks, addresses: found.addresses },
    ...{ ports, icmp, endedAtS: Math.floor(self.wallMs() / 1_000) },
  };
  const bytes = Buffer.concat([...sweepDocument(head, found.hosts)].map((piece) => Buffer.from(piece)));
  const node = needs.cluster.node;
  const asked = {
    key: documentKeyOf(job),
    ...{ sender: `node/${node}`, agent: node, partition: job.partition, kind: 'sweep', service: job.sweep },
  };
  const isWanted = () => !one.end.signal.aborted;
  const why = await bringDocument(self, needs, job.tenantId, asked, bytes, isWanted);
  if (why !== null) return lost(why);
  const { done, live, refused, untold, sent } = found;
  const outcome = { slice, agent: node, counts: { done, live, refused, untold, sent }, why: found.why };
  self.state.addresses += done;
  self.state.sent += sent;
  return () => void self.cast(keeper).sliceDone(runId, number, outcome);
}

/** Its run and slice; one that was given out before may have left a document of other content. */
export function documentKeyOf({ runId, slice, attempt }: SliceJob): string {
  return attempt === 1 ? `${runId}/${slice}` : `${runId}/${slice}/${attempt}`;
}

function tellLater(self: RunnerSelf): void {
  if (self.state.telling) return;
  self.state.telling = true;
  self.after(sweepProgressMs, 'tell');
}

function tell(self: RunnerSelf): void {
  self.state.telling = false;
  for (const { job, keeper, running } of self.state.underWay.values()) {
    const { runId, slice, number } = job;
    if (running !== null) self.cast(keeper).sliceProgress(runId, slice, number, countsOf(running));
  }
  if (self.state.underWay.size > 0) tellLater(self);
}

function countsOf(running: RunningSlice): SweepCounts {
  const { done, live, refused, untold, sent } = running.progress();
  return { done, live, refused, untold, sent };
}

function end(self: RunnerSelf, key: string): void {
  const one = self.state.underWay.get(key);
  if (one === undefined) return;
  self.state.underWay.delete(key);
  self.demonitor(one.monitor);
  one.end.abort();
}
