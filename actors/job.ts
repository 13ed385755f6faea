/** What a poller is sent for one due instant: the check as it is to be run, with durations instead of instants. */
import type { AccountingEffect } from './accounting.ts';
import type { Job, SchedulerStart } from './messages.ts';

export type Dispatch = AccountingEffect & { type: 'dispatch' };

export function jobOf(
  start: SchedulerStart,
  { check, dueAtMs, expiresAtMs }: Dispatch,
  nowMs: number,
  agentId: string | null,
  trace: string | null,
): Job {
  const { tenantId, allowAll } = start;
  const { id: checkId, kind, target, port, timeoutMs, settings, partition } = check;
  const leftMs = expiresAtMs - nowMs;
  return {
    ...{ tenantId, checkId, dueAtMs, kind, target, port, timeoutMs, settings, partition, allowAll, leftMs },
    agentId,
    ...(trace !== null && { trace }),
  };
}
