/**
 * Asks agents that only listen, on a poller: one poll of a source at a time, under the latest epoch of its tenant, for as long as
 * whoever wants it is there. Between the tenants' keepers and the dialler. Keeps no rows and no schedule.
 */
import type { Cluster } from '../cluster/index.ts';
import { defineActor, messageOf, type Ref, type Self } from '../runtime/index.ts';
import { answer } from './answer-later.ts';
import { pollsAtOnceMax, sourceTenantsMax } from './limits.ts';
import {
  type PollJob,
  type PollReport,
  type SourceKeeperProtocol,
  type SourcePollerProtocol,
  sourcePollerKey,
} from './messages.ts';
import type { SourceDialler } from './ports/source-dialler.ts';

export interface SourcePollerNeeds {
  readonly cluster: Cluster;
  /** Made when it is first needed: it brings much that a poller without sources does not load. */
  dialler(): Promise<SourceDialler>;
}

interface UnderWay {
  readonly job: PollJob;
  readonly keeper: Ref<SourceKeeperProtocol>;
  readonly monitor: number;
  readonly end: AbortController;
}

interface SourcePollerState {
  underWay: Map<string, UnderWay>;
  /** The latest epoch that was heard of each tenant, the latest tenant last. */
  epochs: Map<string, number>;
  dialler: Promise<SourceDialler> | null;
  tests: number;
}

type PollerSelf = Self<SourcePollerState, SourcePollerProtocol>;

export function sourcePoller(needs: SourcePollerNeeds) {
  const { cluster } = needs;
  return defineActor<SourcePollerState, SourcePollerProtocol>({
    name: 'source_poller',
    trapExit: true,
    init(self) {
      cluster.names.register(sourcePollerKey(cluster.node), self.ref, {
        status: 'available',
        partitions: [],
      });
      return { underWay: new Map(), epochs: new Map(), dialler: null, tests: 0 };
    },
    call: {
      test: (self, job) => answer(self, () => test(self, needs, job)),
      totals: ({ state }) => ({ underWay: state.underWay.size }),
    },
    cast: {
      poll: (self, job, keeper) => poll(self, needs, job, keeper),
      cancel(self, tenantId, sourceId, number) {
        const key = keyOf(tenantId, sourceId);
        if (self.state.underWay.get(key)?.job.number === number) end(self, key);
      },
    },
    info(self, info) {
      if (info.type === 'down') {
        // Whoever wanted them is gone, or we are cut off from it: another may ask them by now.
        for (const [key, one] of self.state.underWay) if (one.monitor === info.monitor) end(self, key);
      } else if (info.type === 'exit') self.stop(info.reason);
    },
    async terminate(self) {
      for (const key of [...self.state.underWay.keys()]) end(self, key);
      const dialler = await self.state.dialler?.catch(() => null);
      dialler?.close();
    },
  });
}

const keyOf = (tenantId: string, sourceId: string) => `${tenantId}/${sourceId}`;

function poll(
  self: PollerSelf,
  needs: SourcePollerNeeds,
  job: PollJob,
  keeper: Ref<SourceKeeperProtocol>,
): void {
  const { state } = self;
  const { tenantId, source, number } = job;
  const refuse = (code: string, detail: string) =>
    self.cast(keeper).polled(source.id, number, nothing(self, code, detail));
  if (!isLatest(self, job)) {
    refuse('fenced', 'the tenant is held under a later epoch');
    return;
  }
  const key = keyOf(tenantId, source.id);
  end(self, key);
  if (state.underWay.size >= pollsAtOnceMax) {
    refuse('poller_busy', 'this poller has too much under way');
    return;
  }
  const one = { job, keeper, monitor: self.monitor(keeper), end: new AbortController() };
  state.underWay.set(key, one);
  void run(self, needs, job, one.end.signal).then((report) => {
    if (self.signal.aborted || self.state.underWay.get(key) !== one) return;
    end(self, key);
    self.cast(keeper).polled(source.id, number, report);
  });
}

/** A later epoch ends what an earlier one has under way: two never ask for one tenant. */
function isLatest(self: PollerSelf, { tenantId, epoch }: PollJob): boolean {
  const { epochs, underWay } = self.state;
  const known = epochs.get(tenantId) ?? epoch;
  if (epoch < known) return false;
  epochs.delete(tenantId);
  epochs.set(tenantId, epoch);
  if (epochs.size > sourceTenantsMax) epochs.delete(epochs.keys().next().value as string);
  if (epoch > known)
    for (const [key, { job }] of underWay) {
      if (job.tenantId === tenantId && job.epoch < epoch) end(self, key);
    }
  return true;
}

async function test(self: PollerSelf, needs: SourcePollerNeeds, job: PollJob): Promise<PollReport> {
  const { state } = self;
  if (state.underWay.size + state.tests >= pollsAtOnceMax)
    return nothing(self, 'poller_busy', 'this poller has too much under way');
  state.tests += 1;
  try {
    return await run(self, needs, job, self.signal);
  } finally {
    state.tests -= 1;
  }
}

async function run(
  self: PollerSelf,
  needs: SourcePollerNeeds,
  job: PollJob,
  signal: AbortSignal,
): Promise<PollReport> {
  try {
    self.state.dialler ??= needs.dialler();
    const dialler = await self.state.dialler;
    return await dialler.poll(job, signal);
  } catch (error) {
    return nothing(self, 'poll_failed', messageOf(error));
  }
}

/** Of a poll that did not come to the agent. */
function nothing(self: PollerSelf, code: string, detail: string): PollReport {
  const polledAtMs = Math.floor(self.wallMs());
  return { polledAtMs, poller: self.ref.node, code, detail, agent: null, services: [] };
}

function end(self: PollerSelf, key: string): void {
  const one = self.state.underWay.get(key);
  if (one === undefined) return;
  self.state.underWay.delete(key);
  self.demonitor(one.monitor);
  one.end.abort();
}
