/**
 * A poller that runs nothing: each job has an answer after a while, sometimes one too late, twice, or none. Its results
 * come home by the real poller's code. Between the real schedulers and chance.
 */
import { type PollerProtocol, pollerKey } from '../../../actors/messages.ts';
import { type Homes, homeOf, sendHome, sendLater } from '../../../actors/poller-homes.ts';
import type { ResultRow } from '../../../actors/ports/check.ts';
import type { Cluster } from '../../../cluster/index.ts';
import { defineActor } from '../../../runtime/index.ts';
import { jobMsMax, lateJobMsMax } from './bounds.ts';

export function playedPoller(cluster: Cluster) {
  return defineActor<Homes, PollerProtocol>({
    name: 'poller',
    init(self) {
      cluster.names.register(pollerKey(cluster.node), self.ref, { status: 'available', partitions: [] });
      return { homes: new Map(), heldRows: 0, dropped: 0, sending: false };
    },
    call: { totals: () => ({ underWay: 0, held: 0, dropped: 0 }) },
    cast: {
      run(self, jobs) {
        for (const { tenantId, checkId, dueAtMs } of jobs) {
          const chance = self.random();
          if (chance < 0.02) continue;
          const afterMs = self.random() * (chance < 0.05 ? lateJobMsMax : jobMsMax);
          if (chance < 0.08) {
            const item = { checkId, dueAtMs, reason: 'no_agent', as: 'gap' as const };
            homeOf(self, tenantId).notRun.push(item);
            sendLater(self);
            continue;
          }
          const row: ResultRow = {
            ...{ checkId, dueAtMs, startedAtMs: dueAtMs, latencyMs: afterMs, reason: null },
            ...{ status: 'success', agent: 'agent_1', poller: cluster.node },
          };
          const times = chance > 0.98 ? 2 : 1;
          for (let time = 1; time <= times; time += 1)
            self.after(afterMs * time, 'answer', { tenantId, row });
        }
      },
      finished() {},
      returned() {},
      agentsChanged() {},
    },
    info(self, info) {
      if (info.type !== 'timeout') return;
      if (info.tag === 'send') {
        sendHome(self, cluster);
        return;
      }
      const { tenantId, row } = info.data as { tenantId: string; row: ResultRow };
      homeOf(self, tenantId).rows.push(row);
      self.state.heldRows += 1;
      sendLater(self);
    },
  });
}
