/** What procedures ask of a tenant's actors, wherever the core that holds the tenant is: waits through a move between cores. */
import { isRun, type Tenant } from '../actors/index.ts';
import { type ClusterNode, ProcedureError, type RegistryKey } from '../cluster/index.ts';
import type { Protocol, Ref } from '../runtime/index.ts';
import { standbyRetryMs, standbyWaitMs } from './limits.ts';

export async function withHeld<To extends Protocol, T>(
  node: ClusterNode,
  row: Tenant,
  key: RegistryKey,
  act: (ref: Ref<To>) => Promise<T>,
): Promise<T> {
  if (!isRun(row.status)) {
    throw new ProcedureError('tenant_not_running', `tenant ${row.slug} is ${row.status}: nothing of it runs`);
  }
  if (!row.schemaFits) {
    const detail = `tenant ${row.slug} does not run: its schema is not one of this version; see picket db status`;
    throw new ProcedureError('tenant_not_running', detail);
  }
  const { clock } = node.system;
  const untilMs = clock.monotonicMs() + standbyWaitMs;
  for (;;) {
    const ref = node.names.lookup<To>(key);
    try {
      if (ref !== null) return await act(ref);
    } catch (error) {
      if (!movedAway(error) || clock.monotonicMs() > untilMs) throw error;
    }
    if (clock.monotonicMs() > untilMs) {
      throw new ProcedureError(
        'standby',
        `no core holds tenant "${row.slug}" now: see picket status, and try again`,
      );
    }
    await new Promise<void>((resolve) => void clock.timer(standbyRetryMs, resolve));
  }
}

function movedAway(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'no_actor' || code === 'node_down' || code === 'standby' || code === 'actor_dead';
}
