/**
 * The tenants' part of a core: the real session, writer and tenant actors over the simulated store, and rows as a
 * scheduler would write them, under the epoch that its tenant has. Between a life and the store.
 */
import { startCore } from '../../actors/index.ts';
import { tenantKey } from '../../actors/messages.ts';
import { rowEveryMs } from './bounds.ts';
import type { Life } from './life.ts';
import { type SimStore, simTenants } from './sim-store.ts';
import type { World } from './world.ts';

export function startTenants(world: World, store: SimStore, life: Life): void {
  const { node } = life;
  const core = startCore(node.system, {
    cluster: node,
    ownMachineTenant: null,
    lives: null,
    telemetry: null,
    ...store.ports(life),
  });
  let due = 0;
  const later = () => life.clock.timer(rowEveryMs * (0.5 + world.random.next()), write);
  const write = () => {
    const writer = core.writer();
    for (const { id } of simTenants) {
      const [own] = node.names.list({ ...tenantKey(id), node: life.name });
      if (own === undefined || writer === null) continue;
      const epoch = own.metadata.epoch as number;
      due += 1;
      const row = {
        checkId: `${life.name}.${life.boot}.${epoch}`,
        dueAtMs: due,
        startedAtMs: null,
        latencyMs: null,
        status: 'skipped',
        reason: null,
        agent: null,
        poller: null,
      } as const;
      node.system.cast(writer).write(id, epoch, { results: [{ row, intervalMs: rowEveryMs }] });
    }
    later();
  };
  later();
}
