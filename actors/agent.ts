/**
 * The agent of a node: runs checks, so many at once, and answers each job once. Between a poller and `checks/`. Knows
 * no database and no schedule.
 */
import {
  boundedResolver,
  type CancelSignal,
  type IcmpProber,
  type NameResolver,
  runCheck,
  shareSignal,
} from '../checks/index.ts';
import type { Cluster } from '../cluster/index.ts';
import { defineActor, messageOf, type Ref, type Self } from '../runtime/index.ts';
import { jobStep } from './check-trace.ts';
import { Durations } from './durations.ts';
import { agentQueueMax, agentSlotsMax, batchItemsMax, batchMs } from './limits.ts';
import {
  type AgentProtocol,
  agentKey,
  type Finished,
  type NumberedJob,
  type PollerProtocol,
} from './messages.ts';
import type { ResultStatus } from './ports/check.ts';

interface Waiting extends NumberedJob {
  poller: Ref<PollerProtocol>;
}

interface AgentState {
  running: number;
  done: number;
  byStatus: Partial<Record<ResultStatus, number>>;
  durations: Durations;
  waiting: Waiting[];
  waitingFrom: number;
  /** Answers that go out with the next batch, by poller. */
  answers: Map<string, { poller: Ref<PollerProtocol>; items: Finished[] }>;
  sending: boolean;
  resolver: NameResolver;
  signal: CancelSignal;
}

export interface AgentNeeds {
  cluster: Cluster;
  icmp: IcmpProber | null;
}

type AgentSelf = Self<AgentState>;

export function agent({ cluster, icmp }: AgentNeeds) {
  return defineActor<AgentState, AgentProtocol>({
    name: 'agent',
    init(self) {
      const capabilities = ['tcp', 'http', 'dns', ...(icmp === null ? [] : ['icmp'])];
      cluster.names.register(agentKey(cluster.node), self.ref, {
        status: 'connected',
        capabilities,
        partitions: [],
        slots: agentSlotsMax,
      });
      return {
        running: 0,
        done: 0,
        byStatus: {},
        durations: new Durations(),
        waiting: [],
        waitingFrom: 0,
        answers: new Map(),
        sending: false,
        resolver: boundedResolver(),
        signal: shareSignal(self.signal),
      };
    },
    call: {
      totals: (self) => ({
        running: self.state.running,
        waiting: waitingOf(self.state),
        done: self.state.done,
        byStatus: { ...self.state.byStatus },
        durations: self.state.durations.seen(),
      }),
    },
    cast: {
      run(self, jobs, poller) {
        for (const numbered of jobs) {
          if (waitingOf(self.state) >= agentQueueMax) {
            answer(self, poller, unrun(numbered.number, 'agent_busy'));
          } else self.state.waiting.push({ ...numbered, poller });
        }
        fill(self, icmp);
      },
    },
    info(self, info) {
      if (info.type === 'timeout' && info.tag === 'send') send(self);
    },
  });
}

function waitingOf(state: AgentState): number {
  return state.waiting.length - state.waitingFrom;
}

function fill(self: AgentSelf, icmp: IcmpProber | null): void {
  const { state } = self;
  while (state.running < agentSlotsMax && waitingOf(state) > 0) {
    const next = state.waiting[state.waitingFrom]!;
    state.waitingFrom += 1;
    if (state.waitingFrom === state.waiting.length || state.waitingFrom > 10_000) {
      state.waiting.splice(0, state.waitingFrom);
      state.waitingFrom = 0;
    }
    state.running += 1;
    void run(self, next, icmp);
  }
}

async function run(
  self: AgentSelf,
  { job, number, poller }: Waiting,
  icmp: IcmpProber | null,
): Promise<void> {
  const startedAtMs = self.wallMs();
  const step = jobStep(self.tracing, job, `run ${job.kind}`);
  let finished: Finished;
  try {
    const outcome = await runCheck(job, {
      clock: self,
      guard: { allowAll: job.allowAll },
      signal: self.state.signal,
      resolver: self.state.resolver,
      icmp,
    });
    finished = { number, startedAtMs, ...outcome };
    step?.end();
  } catch (error) {
    finished = { number, startedAtMs, status: 'unknown', latencyMs: null, reason: messageOf(error) };
    step?.end(error);
  }
  if (self.signal.aborted) return;
  self.state.running -= 1;
  self.state.done += 1;
  const { status, latencyMs } = finished;
  self.state.byStatus[status] = (self.state.byStatus[status] ?? 0) + 1;
  if (latencyMs !== null) self.state.durations.note(latencyMs);
  answer(self, poller, finished);
  fill(self, icmp);
}

function unrun(number: number, reason: string): Finished {
  return { number, startedAtMs: null, latencyMs: null, status: 'skipped', reason };
}

function answer(self: AgentSelf, poller: Ref<PollerProtocol>, item: Finished): void {
  const { answers } = self.state;
  const key = poller.toString();
  const batch = answers.get(key);
  if (batch === undefined) answers.set(key, { poller, items: [item] });
  else batch.items.push(item);
  if (self.state.sending) return;
  self.state.sending = true;
  self.after(batchMs, 'send');
}

function send(self: AgentSelf): void {
  self.state.sending = false;
  for (const { poller, items } of self.state.answers.values()) {
    // A refused cast is a full link: the poller's own deadline accounts for what is lost.
    for (let at = 0; at < items.length; at += batchItemsMax) {
      self.cast(poller).finished(self.ref.node, items.slice(at, at + batchItemsMax));
    }
  }
  self.state.answers.clear();
}
