/**
 * A stage for the door's tests: a real actor system whose local sends are encoded and decoded, with a registry and
 * members that the test moves by hand, and a health monitor that says what it is told to.
 */
import type { CheckView, FeedProtocol, HealthProtocol, TenantStore } from '../../actors/messages.ts';
import { healthKey, tenantKey } from '../../actors/messages.ts';
import {
  actorCodec,
  type Cluster,
  formatKey,
  type Member,
  type NameEntry,
  type NameEvent,
} from '../../cluster/index.ts';
import { noCoordination } from '../../cluster/testing/no-coordination.ts';
import {
  ActorSystem,
  type Clock,
  defineActor,
  type Protocol,
  type Ref,
  systemClock,
} from '../../runtime/index.ts';
import { tenantRow } from '../../test/contract/tenant-row.ts';

export const stageTenantId = 'abcdefgh2345';

export interface Stage {
  readonly system: ActorSystem;
  readonly clock: Clock;
  readonly cluster: Cluster;
  readonly tenants: TenantStore;
  readonly logged: string[];
  setMembers(members: Member[]): void;
  /** Names a monitor that knows these checks as the tenant's, in the place of the one before. */
  startMonitor(views: CheckView[]): Monitor;
  unnameMonitor(): void;
}

export interface Monitor {
  readonly ref: Ref<StageMonitor>;
  tell(views: CheckView[]): void;
  remove(id: string): void;
  subscribers(): Promise<number>;
}

interface StageMonitor {
  start: [views: CheckView[]];
  call: HealthProtocol['call'] & { subscribers(): number };
  cast: HealthProtocol['cast'] & { tell(views: CheckView[]): void };
}

const monitorActor = defineActor<{ views: CheckView[]; feeds: Ref<FeedProtocol>[] }, StageMonitor>({
  name: 'stage_monitor',
  init: (_self, views) => ({ views, feeds: [] }),
  call: { views: () => [], explain: () => null, subscribers: (self) => self.state.feeds.length },
  cast: {
    adopt() {},
    changed() {},
    results() {},
    forget(self, id) {
      for (const feed of self.state.feeds) self.cast(feed).removedCheck(stageTenantId, id);
    },
    tell(self, views) {
      for (const feed of self.state.feeds) self.cast(feed).checks(stageTenantId, views, false);
    },
    subscribe(self, feed) {
      self.state.feeds.push(feed);
      self.cast(feed).checks(stageTenantId, self.state.views, true);
    },
  },
});

export function stage(clock: Clock = systemClock({ unref: true })): Stage {
  const codec = actorCodec();
  const logged: string[] = [];
  const system = new ActorSystem({
    node: 'web_1',
    boot: 7,
    clock,
    copy: (value) => codec.decode(codec.encode(value)),
    log: (_level, message, fields) => logged.push(`${message} ${JSON.stringify(fields)}`),
  });
  let members = [member('core_1', 'core'), member('web_1', 'web')];
  const memberWatchers = new Set<() => void>();
  const names = stageNames();
  const tenant = tenantRow(stageTenantId, 'default');
  const live = (role: string) =>
    members.filter((one) => one.role === role && one.status !== 'down').map(({ name }) => name);
  const cluster: Cluster = {
    node: 'web_1',
    boot: 7,
    tenant: null,
    declare: () => {},
    topics: { subscribe: () => {}, publish: () => 0 },
    ...noCoordination(() => live('core')),
    names,
    members: {
      list: () => members,
      live,
      split: () => null,
      watch: (onChange) => void memberWatchers.add(onChange),
    },
  };
  return {
    system,
    clock,
    cluster,
    logged,
    tenants: {
      create: () => Promise.reject(new Error('not asked for')),
      list: async () => [tenant],
      find: async (slug) => (slug === 'default' ? tenant : null),
    },
    setMembers(next) {
      members = next;
      for (const watcher of memberWatchers) watcher();
    },
    startMonitor(views) {
      const ref = system.spawn(monitorActor, views);
      names.set({ key: healthKey(stageTenantId), ref, node: 'core_1', metadata: {} });
      names.set({ key: tenantKey(stageTenantId), ref, node: 'core_1', metadata: {} });
      return {
        ref,
        tell: (changed) => void system.cast(ref).tell(changed),
        remove: (id) => void system.cast(ref).forget(id),
        subscribers: () => system.call(ref).subscribers(),
      };
    },
    unnameMonitor() {
      names.drop(formatKey(healthKey(stageTenantId)));
      names.drop(formatKey(tenantKey(stageTenantId)));
    },
  };
}

function stageNames() {
  const entries = new Map<string, NameEntry>();
  const watchers = new Set<(event: NameEvent) => void>();
  const tell = (event: NameEvent) => {
    for (const watcher of watchers) watcher(event);
  };
  return {
    set(entry: NameEntry): void {
      entries.set(formatKey(entry.key), entry);
      tell({ type: 'added', entry });
    },
    drop(key: string): void {
      const entry = entries.get(key);
      entries.delete(key);
      if (entry !== undefined) tell({ type: 'removed', entry });
    },
    register: () => {},
    update: () => {},
    unregister: () => {},
    lookup: <P extends Protocol>(key: NameEntry['key']) =>
      (entries.get(formatKey(key))?.ref as Ref<P> | undefined) ?? null,
    list: () => [...entries.values()],
    watch(_query: unknown, onEvent: (event: NameEvent) => void, signal: AbortSignal): void {
      for (const entry of entries.values()) onEvent({ type: 'added', entry });
      watchers.add(onEvent);
      signal.addEventListener('abort', () => watchers.delete(onEvent));
    },
  };
}

export function member(name: string, role: string, changes: Partial<Member> = {}): Member {
  return {
    name,
    role,
    status: 'up',
    boot: 1,
    incarnation: 0,
    address: '127.0.0.1:4000',
    tenant: null,
    pid: 42,
    rttMs: 0.512,
    lastSeenMs: 1_700_000_000_000,
    because: ['linked'],
    ...changes,
  };
}

export function view(id: string, changes: Partial<CheckView> = {}): CheckView {
  return {
    id,
    name: `check ${id}`,
    kind: 'tcp',
    target: '127.0.0.1',
    port: 80,
    interval_ms: 5_000,
    timeout_ms: 2_000,
    retries: 3,
    partition: 'default',
    settings: {},
    enabled: true,
    state: 'up',
    flapping: false,
    since: null,
    last_due_at: null,
    last_status: null,
    last_reason: null,
    last_latency_ms: null,
    ...changes,
  };
}
