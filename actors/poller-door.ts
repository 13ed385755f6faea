/**
 * The door of a tenant through which the tenant's own pollers bring results home: judges every row, bounds how many come
 * in a second, and gives them to the scheduler. Between a customer's node (which may send anything to it) and the
 * scheduler, which such a node cannot address: what that is told, it schedules.
 */
import type { Cluster } from '../cluster/index.ts';
import { defineActor, type Ref, type Self } from '../runtime/index.ts';
import { readNotRun, readResults } from './arrivals.ts';
import { doorLogEveryMs, doorMessagesMax, doorRowsPerSMax } from './limits.ts';
import { type PollerDoorProtocol, pollerDoorKey, type SchedulerProtocol } from './messages.ts';

interface DoorState {
  tenantId: string;
  scheduler: Ref<SchedulerProtocol>;
  /** Rows that may still come in now, at `atMs`. */
  room: number;
  atMs: number;
  dropped: number;
  loggedAtMs: number;
}

export function pollerDoor({ cluster }: { cluster: Cluster }) {
  return defineActor<DoorState, PollerDoorProtocol>({
    name: 'poller_door',
    mailboxMessagesMax: doorMessagesMax,
    init(self, tenantId, scheduler) {
      cluster.names.register(pollerDoorKey(tenantId), self.ref, {});
      const atMs = self.monotonicMs();
      const { NEGATIVE_INFINITY: loggedAtMs } = Number;
      return { tenantId, scheduler, room: doorRowsPerSMax, atMs, dropped: 0, loggedAtMs };
    },
    call: {},
    cast: {
      results(self, told) {
        const rows = take(self, readResults(told), lengthOf(told));
        if (rows.length > 0) self.cast(self.state.scheduler).results(rows);
      },
      notRun(self, told) {
        const items = take(self, readNotRun(told), lengthOf(told));
        if (items.length > 0) self.cast(self.state.scheduler).notRun(items);
      },
    },
  });
}

function lengthOf(told: unknown): number {
  return Array.isArray(told) ? told.length : 1;
}

/** As many of the rows as there is room for; `told`: with those that were none. */
function take<T>(self: Self<DoorState>, rows: T[], told: number): T[] {
  const { state } = self;
  const nowMs = self.monotonicMs();
  const regained = ((nowMs - state.atMs) * doorRowsPerSMax) / 1_000;
  state.room = Math.min(doorRowsPerSMax, state.room + regained);
  state.atMs = nowMs;
  const taken = rows.slice(0, Math.floor(state.room));
  state.room = Math.max(0, state.room - told);
  state.dropped += told - taken.length;
  if (state.dropped > 0 && nowMs - state.loggedAtMs >= doorLogEveryMs) {
    const { tenantId: tenant, dropped } = state;
    self.log('warn', "rows of a tenant's own poller were not taken", { tenant, dropped });
    state.dropped = 0;
    state.loggedAtMs = nowMs;
  }
  return taken;
}
