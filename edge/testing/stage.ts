/**
 * A door for tests: the agents' services over a TLS listener whose peers are judged by `certs/`, a tenant whose core is played by three
 * actors, and names in a map. Credentials are real ones of an authority of its own.
 */

import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type {
  CheckView,
  NotRun,
  ResultRow,
  SchedulerProtocol,
  TenantProtocol,
  WriterProtocol,
} from '../../actors/messages.ts';
import {
  clientTlsOptions,
  createAuthority,
  createIntermediate,
  issueLeaf,
  issueNode,
  type PeerIdentity,
  presentedChain,
  rootsOf,
  serverTlsOptions,
  verifyPeer,
} from '../../certs/index.ts';
import {
  type Cluster,
  ClusterError,
  formatKey,
  type Metadata,
  type NameEntry,
  type NameEvent,
  type NameQuery,
  type RegistryKey,
} from '../../cluster/index.ts';
import { ActorSystem, defineActor, type Ref, systemClock } from '../../runtime/index.ts';
import { openAgentDoor } from '../agent-door.ts';
import { peerOf } from '../peer.ts';

export const tenantA = 'abcdefghijkl';
export const tenantB = 'abcdefghijk2';
const trustDomain = 'test.local';
const clock = systemClock({ unref: true });

export const checkView: CheckView = {
  ...{ id: 'c1', name: 'web', kind: 'tcp', target: '192.0.2.1', port: 80 },
  ...{ interval_ms: 5_000, timeout_ms: 2_000, retries: 3, partition: 'default', settings: {}, enabled: true },
  ...{ state: 'unknown', flapping: false, since: null, last_due_at: null, last_status: null },
  ...{ last_reason: null, last_latency_ms: null },
};

export type Stage = Awaited<ReturnType<typeof openStage>>;

/** What a core is asked of this door, and answers; nobody is there to ask unless told. */
type Ask = Parameters<typeof openAgentDoor>[0]['ask'];
const noCore: Ask = () => Promise.reject(new Error('no core is up'));

export async function openStage(ask: Ask = noCore) {
  const authority = await createAuthority(trustDomain, clock);
  const log: { message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const system = new ActorSystem({ clock, node: 'poller_1', boot: 1 });
  const names = new Map<string, { ref: Ref; metadata: Metadata }>();
  const cluster = {
    node: 'poller_1',
    boot: 1,
    tenant: null,
    names: namesOf(system, names),
    members: { live: () => ['core_1'] },
  } as unknown as Cluster;
  const door = openAgentDoor({
    system,
    cluster,
    clock,
    ask,
    log: (_level, message, fields) => void log.push({ message, fields }),
  });
  const own = await issueNode(authority, { role: 'poller', name: 'poller_1' }, clock);
  const sockets = new Set<TLSSocket>();
  const listener = createServer({ ...serverTlsOptions(own), ALPNProtocols: ['h2'] }, (socket) => {
    socket.on('error', () => {});
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const verdict = verifyPeer({
      chain: presentedChain(socket),
      roots: rootsOf(own),
      trustDomain,
      nowMs: clock.wallMs(),
    });
    const identity = verdict.ok ? verdict.identity : null;
    if (identity?.kind !== 'tenant') socket.destroy();
    else door.take(socket, peerOf(identity, null, verdict.ok ? verdict.serial : ''));
  });
  listener.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    ...{ authority, door, system, names, log, clock, cluster },
    port: (listener.address() as AddressInfo).port,
    /** The TLS of a program at the edge. */
    async tlsOf(role: string, id: string, tenantId = tenantA) {
      const issuer = await createIntermediate(
        authority.root,
        trustDomain,
        { kind: 'tenant', tenantId },
        clock,
      );
      const identity: PeerIdentity = { kind: 'tenant', trustDomain, tenantId, role, id };
      return clientTlsOptions(await issueLeaf(authority.root, issuer, { identity }, clock));
    },
    async close() {
      await door.drain();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
}

interface Watcher {
  readonly query: NameQuery;
  readonly onEvent: (event: NameEvent) => void;
}

/** The names of one node, without a cluster. */
export function namesOf(system: ActorSystem, names: Map<string, { ref: Ref; metadata: Metadata }>) {
  const watchers = new Set<Watcher>();
  const entryOf = (text: string): NameEntry => {
    const [tenant = '', partition = '', kind = '', id = ''] = text.split('/');
    const { ref, metadata } = names.get(text)!;
    return { key: { tenant, partition, kind, id }, ref, node: ref.node, metadata };
  };
  const tell = (type: NameEvent['type'], text: string, to: Iterable<Watcher> = watchers) => {
    const entry = entryOf(text);
    for (const { query, onEvent } of to)
      if (query.tenant === entry.key.tenant && query.kind === entry.key.kind) onEvent({ type, entry });
  };
  return {
    register(key: RegistryKey, ref: Ref, metadata: Metadata) {
      const text = formatKey(key);
      if (names.has(text)) throw new ClusterError('name_taken', text);
      names.set(text, { ref, metadata });
      tell('added', text);
      void system.ended(ref).then(() => {
        tell('removed', text);
        names.delete(text);
      });
    },
    update(key: RegistryKey, metadata: Metadata) {
      names.get(formatKey(key))!.metadata = metadata;
      tell('updated', formatKey(key));
    },
    list({ tenant, kind, partition, id }: NameQuery): NameEntry[] {
      const fits = ({ key }: NameEntry) =>
        (tenant ?? key.tenant) === key.tenant &&
        (kind ?? key.kind) === key.kind &&
        (partition ?? key.partition) === key.partition &&
        (id ?? key.id) === key.id;
      return [...names.keys()].map(entryOf).filter(fits);
    },
    lookup: (key: RegistryKey) => names.get(formatKey(key))?.ref ?? null,
    watch(query: NameQuery, onEvent: (event: NameEvent) => void, signal: AbortSignal) {
      const one = { query, onEvent };
      watchers.add(one);
      signal.addEventListener('abort', () => watchers.delete(one));
      for (const key of names.keys()) tell('added', key, [one]);
    },
  };
}

/** The actors of a tenant, as its core has them: what they were given can be looked at, and the store can be held. */
export function playTenant({ system, cluster }: Pick<Stage, 'system' | 'cluster'>, tenantId: string) {
  const state = {
    checks: [checkView],
    rows: [] as ResultRow[],
    notRun: [] as NotRun[],
    /** Null: the store takes everything at once. */
    store: null as Promise<void> | null,
    flushes: 0,
    /** How often it was asked for its checks. */
    asked: 0,
  };
  const tenant = defineActor<null, Pick<TenantProtocol, 'call' | 'cast'> & { start: [] }>({
    name: 'tenant',
    init: () => null,
    call: {
      listChecks() {
        state.asked += 1;
        return Promise.resolve(state.checks);
      },
      ...{
        addChecks: unasked,
        editCheck: unasked,
        removeCheck: unasked,
        restoreCheck: unasked,
        runNow: unasked,
        explainCheck: unasked,
        totals: unasked,
      },
    },
    cast: { fenced() {}, checksChanged() {}, confirm() {}, overtaken() {}, leaseFree() {}, terms() {} },
  });
  const scheduler = defineActor<null, Pick<SchedulerProtocol, 'call' | 'cast'> & { start: [] }>({
    name: 'scheduler',
    init: () => null,
    call: { totals: () => ({ checks: 0, pending: 0, late: 0 }), due: () => null, runNow: () => null },
    cast: {
      ...{
        added() {},
        removed() {},
        changed() {},
        restored() {},
        terms() {},
        pollersChanged() {},
        agentNamed() {},
      },
      results: (_self, told) => void state.rows.push(...told),
      notRun: (_self, told) => void state.notRun.push(...told),
    },
  });
  const writer = defineActor<null, WriterProtocol>({
    name: 'writer',
    init: () => null,
    call: {
      async flush() {
        state.flushes += 1;
        await state.store;
      },
      totals: unasked,
    },
    cast: { write() {} },
  });
  const key = (kind: string, tenant: string, id: string) => ({ tenant, partition: 'default', kind, id });
  cluster.names.register(key('tenant', tenantId, tenantId), system.spawn(tenant), {});
  cluster.names.register(key('scheduler', tenantId, tenantId), system.spawn(scheduler), {});
  // One core, one writer: that of the tenant which was there first.
  const writing = key('writer', 'platform', system.node);
  if (cluster.names.lookup(writing) === null) cluster.names.register(writing, system.spawn(writer), {});
  return state;
}

function unasked(): never {
  throw new Error('nobody asks this here');
}
