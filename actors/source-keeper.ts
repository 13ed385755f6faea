/**
 * Has a tenant's agents that only listen asked, for as long as its core holds the lease: performs what poll-plan.ts decides. Between
 * the tenant's rows and the pollers, who dial; what they find goes home without coming by here, how far they came is written here.
 */
import type { Cluster, NameEntry } from '../cluster/index.ts';
import { defineActor, type Info, messageOf, type Self } from '../runtime/index.ts';
import { candidateOf } from './dispatch.ts';
import { sourcesReadIdleMs, sourcesReadMs, sourcesRetryMs } from './limits.ts';
import {
  type PollJob,
  platformTenant,
  type SourceKeeperProtocol,
  type SourcePollerProtocol,
  sourceKeeperKey,
  sourcePollerKey,
} from './messages.ts';
import {
  newPlan,
  type PlanEffect,
  type PlanEvent,
  type Planned,
  type PollerThere,
  type PollPlan,
  sequencesOf,
  stepPlan,
} from './poll-plan.ts';
import type { StatedSource } from './ports/agent-source.ts';
import type { AgentSourceStore } from './ports/agent-source-store.ts';
import type {
  ClientCredential,
  ImportedAuthority,
  ImportedAuthorityStore,
} from './ports/imported-authority-store.ts';

export interface SourceKeeperNeeds {
  readonly cluster: Cluster;
  readonly agentSources: AgentSourceStore;
  readonly importedAuthorities: ImportedAuthorityStore;
}

interface Read {
  readonly rows: StatedSource[];
  readonly authorities: ImportedAuthority[];
  readonly client: ClientCredential | null;
}

interface KeeperState {
  tenantId: string;
  epoch: number;
  allowAll: boolean;
  plan: PollPlan;
  /** As they were read last; what is revoked is not among them. */
  authorities: readonly ImportedAuthority[];
  client: ClientCredential | null;
  reading: boolean;
  readAgain: boolean;
  readTimer: number | null;
  tickTimer: number | null;
  /** Pollers that are watched, by monitor. */
  monitors: Map<number, string>;
}

type KeeperSelf = Self<KeeperState, SourceKeeperProtocol>;

export function sourceKeeper(needs: SourceKeeperNeeds) {
  const { cluster } = needs;
  return defineActor<KeeperState, SourceKeeperProtocol>({
    name: 'source_keeper',
    init(self, tenantId, epoch, allowAll, suspended) {
      const plan = newPlan();
      stepPlan(plan, { type: 'suspended', suspended });
      self.state = {
        ...{ tenantId, epoch, allowAll, plan, authorities: [], client: null },
        ...{ reading: false, readAgain: false, readTimer: null, tickTimer: null, monitors: new Map() },
      };
      cluster.names.register(sourceKeeperKey(tenantId), self.ref, {});
      const changed = () => self.cast(self.ref).pollersChanged();
      cluster.names.watch({ tenant: platformTenant, kind: 'source_poller' }, changed, self.signal);
      read(self, needs);
      return self.state;
    },
    call: {
      totals({ state }) {
        const all = [...state.plan.sources.values()];
        return { sources: all.length, underWay: all.filter(({ underWay }) => underWay !== null).length };
      },
    },
    cast: {
      polled(self, id, number, report) {
        const nowMs = self.monotonicMs();
        step(self, needs, { type: 'polled', id, number, report, nowMs, chance: () => self.random() });
        tick(self, needs);
      },
      changed: (self) => read(self, needs),
      terms(self, suspended) {
        step(self, needs, { type: 'suspended', suspended });
        tick(self, needs);
      },
      pollersChanged: (self) => tick(self, needs),
    },
    info: (self, info) => handleInfo(self, needs, info),
  });
}

function handleInfo(self: KeeperSelf, needs: SourceKeeperNeeds, info: Info): void {
  const { state } = self;
  if (info.type === 'timeout' && info.tag === 'read') read(self, needs);
  else if (info.type === 'timeout') {
    state.tickTimer = null;
    tick(self, needs);
  } else if (info.type === 'done' && info.tag === 'read') {
    state.reading = false;
    if (info.error === null) taken(self, needs, info.value as Read);
    else
      self.log('warn', 'agent sources could not be read', {
        tenant: state.tenantId,
        error: messageOf(info.error),
      });
    readLater(self, info.error === null);
    if (state.readAgain) read(self, needs);
  } else if (info.type === 'done') {
    // A later epoch has written: this core has lost the tenant, and what ends with this actor asks for the lease again.
    if (info.error === null && info.value === false) self.stop('fenced');
  } else if (info.type === 'down') {
    const poller = state.monitors.get(info.monitor);
    state.monitors.delete(info.monitor);
    if (poller === undefined) return;
    step(self, needs, { type: 'gone', poller, nowMs: self.monotonicMs(), chance: () => self.random() });
  }
}

function read(self: KeeperSelf, needs: SourceKeeperNeeds): void {
  const { state } = self;
  state.readAgain = state.reading;
  if (state.reading) return;
  state.reading = true;
  if (state.readTimer !== null) self.cancel(state.readTimer);
  state.readTimer = null;
  self.pipe(readRows(needs, state.tenantId), 'read');
}

/** Most tenants have none: then nothing more is asked. */
async function readRows(needs: SourceKeeperNeeds, tenantId: string): Promise<Read> {
  const rows = await needs.agentSources.list(tenantId, false);
  if (rows.length === 0) return { rows, authorities: [], client: null };
  const all = await needs.importedAuthorities.list(tenantId);
  const authorities = all.filter(({ revokedAtMs }) => revokedAtMs === null);
  return { rows, authorities, client: await needs.importedAuthorities.client(tenantId) };
}

function readLater(self: KeeperSelf, went: boolean): void {
  const { state } = self;
  const everyMs = state.plan.sources.size > 0 ? sourcesReadMs : sourcesReadIdleMs;
  const delayMs = went ? everyMs * (0.75 + self.random() / 2) : sourcesRetryMs;
  state.readTimer = self.after(delayMs, 'read');
}

function taken(self: KeeperSelf, needs: SourceKeeperNeeds, { rows, authorities, client }: Read): void {
  self.state.authorities = authorities;
  self.state.client = client;
  step(self, needs, { type: 'rows', rows, nowMs: self.monotonicMs() });
  tick(self, needs);
}

function pollersOf(cluster: Cluster): PollerThere[] {
  return cluster.names
    .list({ tenant: platformTenant, kind: 'source_poller' })
    .filter(({ key, node }: NameEntry) => key.id === node)
    .map(({ key, metadata }) => candidateOf(key.id, metadata, 0));
}

function tick(self: KeeperSelf, needs: SourceKeeperNeeds): void {
  if (self.state.plan.sources.size === 0) return;
  const pollers = pollersOf(needs.cluster);
  step(self, needs, { type: 'tick', pollers, nowMs: self.monotonicMs(), chance: () => self.random() });
}

function step(self: KeeperSelf, needs: SourceKeeperNeeds, event: PlanEvent): void {
  for (const effect of stepPlan(self.state.plan, event)) perform(self, needs, effect);
}

function perform(self: KeeperSelf, needs: SourceKeeperNeeds, effect: PlanEffect): void {
  const { state } = self;
  if (effect.type === 'wake') {
    if (state.tickTimer !== null) self.cancel(state.tickTimer);
    state.tickTimer = self.after(Math.max(1, effect.atMs - self.monotonicMs()), 'tick');
  } else if (effect.type === 'note') {
    const { tenantId, epoch } = state;
    const noted = needs.agentSources.note(tenantId, epoch, effect.id, effect.state);
    // What could not be written is written with the next poll.
    self.pipe(
      noted.catch(() => true),
      'noted',
    );
  } else {
    const ref = needs.cluster.names.lookup<SourcePollerProtocol>(sourcePollerKey(effect.poller));
    if (effect.type === 'cancel') {
      if (ref !== null) self.cast(ref).cancel(state.tenantId, effect.id, effect.number);
      return;
    }
    const sent = ref !== null && self.cast(ref).poll(jobOf(state, effect.planned, effect.number), self.ref);
    if (sent && ![...state.monitors.values()].includes(effect.poller))
      state.monitors.set(self.monitor(ref), effect.poller);
    if (sent) return;
    const nowMs = self.monotonicMs();
    step(self, needs, { type: 'gone', poller: effect.poller, nowMs, chance: () => self.random() });
  }
}

function jobOf(state: KeeperState, planned: Planned, number: number): PollJob {
  const { tenantId, epoch, allowAll, client } = state;
  const authorities = state.authorities.map(({ slug, trustDomain, certificatesPem }) => ({
    ...{ slug, trustDomain, certificatesPem },
  }));
  const sequences = sequencesOf(planned);
  return {
    ...{ tenantId, epoch, number, source: planned.source, sequences, authorities, client, allowAll },
    dry: false,
  };
}
