/**
 * Tenants of the bench of the edge, on its core: of each what a gateway asks for, with one check, and a store that takes
 * everything at once and keeps nothing. So the gateway is what is measured.
 */
import {
  type CheckView,
  type SchedulerProtocol,
  schedulerKey,
  type TenantProtocol,
  tenantKey,
  type WriterProtocol,
  writerKey,
} from '../../actors/messages.ts';
import type { ClusterNode } from '../../cluster/index.ts';
import { defineActor } from '../../runtime/index.ts';

export const checkName = 'web';

const check: CheckView = {
  ...{ id: 'c1', name: checkName, kind: 'tcp', target: '192.0.2.1', port: 80 },
  ...{
    interval_ms: 30_000,
    timeout_ms: 2_000,
    retries: 3,
    partition: 'default',
    settings: {},
    enabled: true,
  },
  ...{ state: 'unknown', flapping: false, since: null, last_due_at: null, last_status: null },
  ...{ last_reason: null, last_latency_ms: null },
};

function unasked(): never {
  throw new Error('nobody asks this here');
}
const ignored = () => {};

const tenant = defineActor<null, Pick<TenantProtocol, 'call' | 'cast'> & { start: [] }>({
  name: 'tenant',
  init: () => null,
  call: {
    listChecks: () => Promise.resolve([check]),
    ...{
      addChecks: unasked,
      removeCheck: unasked,
      editCheck: unasked,
      restoreCheck: unasked,
      runNow: unasked,
    },
    ...{ explainCheck: unasked, totals: unasked },
  },
  cast: {
    ...{ fenced: ignored, checksChanged: ignored, confirm: ignored, overtaken: ignored, leaseFree: ignored },
    terms: ignored,
  },
});

const scheduler = defineActor<null, Pick<SchedulerProtocol, 'call' | 'cast'> & { start: [] }>({
  name: 'scheduler',
  init: () => null,
  call: { totals: () => ({ checks: 1, pending: 0, late: 0 }), due: () => null, runNow: () => null },
  cast: {
    ...{ added: ignored, removed: ignored, changed: ignored, restored: ignored, terms: ignored },
    ...{ notRun: ignored, pollersChanged: ignored, agentNamed: ignored, results: ignored },
  },
});

const writer = defineActor<null, WriterProtocol>({
  name: 'writer',
  init: () => null,
  call: { flush: () => Promise.resolve(), totals: unasked },
  cast: { write: ignored },
});

export function holdTenants(node: ClusterNode, tenantIds: readonly string[]): void {
  node.names.register(writerKey(node.node), node.system.spawn(writer), {});
  for (const id of tenantIds) {
    node.names.register(tenantKey(id), node.system.spawn(tenant), {});
    node.names.register(schedulerKey(id), node.system.spawn(scheduler), {});
  }
}
