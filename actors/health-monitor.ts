/**
 * The health monitor of a tenant: folds every result into its check's health, stores changes through the writer, and
 * tells subscribers. Holds the latest picture in memory, so that a listing costs no database.
 */
import type { Cluster } from '../cluster/index.ts';
import { defineActor, type Ref, type Self, sameRef } from '../runtime/index.ts';
import { explainHealth, foldHealth, type Health, newHealth } from './health.ts';
import { feedMs, subscribersMax } from './limits.ts';
import {
  type CheckView,
  type FeedProtocol,
  type HealthProtocol,
  healthKey,
  type WriterProtocol,
} from './messages.ts';
import type { Check, CheckState, CheckStateRow, ResultRow } from './ports/check.ts';

interface Watched {
  check: Check;
  health: Health;
}

interface HealthState {
  tenantId: string;
  epoch: number;
  writer: Ref<WriterProtocol>;
  checks: Map<string, Watched>;
  /** By monitor number. */
  subscribers: Map<number, Ref<FeedProtocol>>;
  changed: Set<string>;
  telling: boolean;
}

type HealthSelf = Self<HealthState>;

export function healthMonitor({ cluster }: { cluster: Cluster }) {
  return defineActor<HealthState, HealthProtocol>({
    name: 'health_monitor',
    init(_self, tenantId, epoch, writer) {
      return {
        tenantId,
        epoch,
        writer,
        checks: new Map(),
        subscribers: new Map(),
        changed: new Set(),
        telling: false,
      };
    },
    call: {
      views: (self, checks) => checks.map((check) => viewOf(check, self.state.checks.get(check.id)?.health)),
      explain(self, checkId) {
        const watched = self.state.checks.get(checkId);
        return watched === undefined ? null : explainHealth(watched.health, watched.check.retries);
      },
    },
    cast: {
      adopt(self, checks, states) {
        const stored = new Map(states.map((one) => [one.checkId, one]));
        for (const check of checks) {
          self.state.checks.set(check.id, { check, health: healthFrom(stored.get(check.id)) });
          tell(self, check.id);
        }
        // Found only once it has something to tell: a subscriber's first picture is whole.
        cluster.names.register(healthKey(self.state.tenantId), self.ref, {});
      },
      changed(self, check) {
        const watched = self.state.checks.get(check.id);
        if (watched === undefined) return;
        watched.check = check;
        tell(self, check.id);
      },
      forget(self, checkId) {
        self.state.checks.delete(checkId);
        self.state.changed.delete(checkId);
        for (const feed of self.state.subscribers.values()) {
          self.cast(feed).removedCheck(self.state.tenantId, checkId);
        }
      },
      results(self, rows) {
        const states = rows.flatMap((row) => fold(self, row));
        const { writer, tenantId, epoch } = self.state;
        if (states.length > 0) self.cast(writer).write(tenantId, epoch, { states });
      },
      subscribe(self, subscriber) {
        if (self.state.subscribers.size >= subscribersMax) {
          self.log('warn', 'a subscriber was refused: too many', { subscriber: subscriber.toString() });
          return;
        }
        const known = [...self.state.subscribers.values()].some((one) => sameRef(one, subscriber));
        if (!known) self.state.subscribers.set(self.monitor(subscriber), subscriber);
        const views = [...self.state.checks.values()].map(({ check, health }) => viewOf(check, health));
        self.cast(subscriber).checks(self.state.tenantId, views, true);
      },
    },
    info(self, info) {
      if (info.type === 'down') self.state.subscribers.delete(info.monitor);
      else if (info.type === 'timeout') tellNow(self);
    },
  });
}

type Stored = Parameters<HealthProtocol['cast']['adopt']>[1][number];

/** As it was stored last; undefined: it never was. */
function healthFrom(before: Stored | undefined): Health {
  const health = newHealth();
  if (before === undefined) return health;
  const { state, sinceMs, because } = before;
  return { ...health, state, observed: state, sinceMs, because };
}

/** The row to store when the result changed what there is to say of its check. */
function fold(self: HealthSelf, row: ResultRow): CheckStateRow[] {
  const { state } = self;
  const watched = state.checks.get(row.checkId);
  if (watched === undefined) return [];
  const before = watched.health.state;
  const { health, changed } = foldHealth(watched.health, row, watched.check.retries);
  watched.health = health;
  tell(self, row.checkId);
  if (!changed) return [];
  const { checkId } = row;
  const { state: now, flapping, because } = health;
  if (before !== now)
    self.log('info', 'check changed', { tenant: state.tenantId, checkId, from: before, to: now, because });
  return [{ checkId, state: now, flapping, sinceMs: health.sinceMs ?? row.dueAtMs, because }];
}

function tell(self: HealthSelf, checkId: string): void {
  const { state } = self;
  if (state.subscribers.size === 0) return;
  state.changed.add(checkId);
  if (state.telling) return;
  state.telling = true;
  self.after(feedMs, 'tell');
}

function tellNow(self: HealthSelf): void {
  const { state } = self;
  state.telling = false;
  const views: CheckView[] = [];
  for (const checkId of state.changed) {
    const watched = state.checks.get(checkId);
    if (watched !== undefined) views.push(viewOf(watched.check, watched.health));
  }
  state.changed.clear();
  for (const feed of state.subscribers.values()) self.cast(feed).checks(state.tenantId, views, false);
}

export function viewOf(check: Check, health: Health = newHealth()): CheckView {
  const last = health.recent.at(-1);
  const schedule = check.schedule.at(-1);
  return {
    id: check.id,
    name: check.name,
    kind: check.kind,
    target: check.target,
    port: check.port,
    interval_ms: schedule?.intervalMs ?? check.intervalMs,
    timeout_ms: check.timeoutMs,
    retries: check.retries,
    partition: check.partition,
    settings: check.settings,
    enabled: check.enabled && check.archivedAtMs === null,
    state: health.state satisfies CheckState,
    flapping: health.flapping,
    since: health.sinceMs === null ? null : new Date(health.sinceMs).toISOString(),
    last_due_at: last === undefined ? null : new Date(last.dueAtMs).toISOString(),
    last_status: last?.status ?? null,
    last_reason: last?.reason ?? null,
    last_latency_ms: last?.latencyMs ?? null,
  };
}
