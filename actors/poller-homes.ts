/**
 * How a poller's results come home: gathered by tenant, sent to whichever core holds the tenant by then, and kept within
 * bounds while none does.
 */
import type { Cluster } from '../cluster/index.ts';
import type { Ref, Self } from '../runtime/index.ts';
import { batchItemsMax, batchMs, pollerHeldMs, pollerHeldResultsMax, pollerRetryMs } from './limits.ts';
import { type NotRun, type PollerDoorProtocol, pollerDoorKey, schedulerKey } from './messages.ts';
import type { ResultRow } from './ports/check.ts';

export interface Home {
  rows: ResultRow[];
  notRun: NotRun[];
  sinceMs: number;
}

/** The part of a poller's state that this file works on. */
export interface Homes {
  /** Sent with the next batch, or held while no core has the tenant. */
  homes: Map<string, Home>;
  heldRows: number;
  dropped: number;
  sending: boolean;
}

type HomesSelf = Self<Homes>;

export function homeOf(self: HomesSelf, tenantId: string): Home {
  let home = self.state.homes.get(tenantId);
  if (home === undefined) {
    home = { rows: [], notRun: [], sinceMs: self.monotonicMs() };
    self.state.homes.set(tenantId, home);
  }
  return home;
}

export function sendLater(self: HomesSelf, delayMs = batchMs): void {
  if (self.state.sending) return;
  self.state.sending = true;
  self.after(delayMs, 'send');
}

export function sendHome(self: HomesSelf, cluster: Cluster): void {
  const { state } = self;
  state.sending = false;
  for (const [tenantId, home] of [...state.homes]) {
    // A tenant's own poller gets no further than the door; what is said is the same.
    const key = cluster.tenant === null ? schedulerKey(tenantId) : pollerDoorKey(tenantId);
    const door = cluster.names.lookup<PollerDoorProtocol>(key);
    if (door === null || !deliver(self, door, home)) hold(self, tenantId, home);
    if (home.rows.length === 0 && home.notRun.length === 0) state.homes.delete(tenantId);
  }
  if (state.homes.size > 0) sendLater(self, pollerRetryMs);
}

/** False when the link refused a part: what is left of the home stays. */
function deliver(self: HomesSelf, door: Ref<PollerDoorProtocol>, home: Home): boolean {
  while (home.rows.length > 0) {
    const part = home.rows.slice(0, batchItemsMax);
    if (!self.cast(door).results(part)) return false;
    home.rows.splice(0, part.length);
    self.state.heldRows -= part.length;
  }
  if (home.notRun.length > 0 && !self.cast(door).notRun(home.notRun)) return false;
  home.notRun = [];
  return true;
}

/** No core holds the tenant now: results wait within bounds. What is dropped is a gap that the next holder writes. */
function hold(self: HomesSelf, tenantId: string, home: Home): void {
  const { state } = self;
  const tooLong = self.monotonicMs() - home.sinceMs > pollerHeldMs;
  const over = state.heldRows - pollerHeldResultsMax;
  const drop = tooLong ? home.rows.length : Math.min(home.rows.length, Math.max(0, over));
  if (tooLong) home.notRun = [];
  if (drop === 0) return;
  home.rows.splice(0, drop);
  state.heldRows -= drop;
  state.dropped += drop;
  self.log('warn', 'results dropped: no core holds the tenant', { tenant: tenantId, dropped: drop });
}
