/**
 * What operators' commands ask of a core about sources. Thin: judged by the rooms that know, written by the store, run by whoever
 * has the tenant. An import comes part by part and goes on to the desk of the tenant's core as it comes.
 */
import {
  type AgentAt,
  type DocumentDeskProtocol,
  defaultPartition,
  documentDeskKey,
  edgeCandidateOf,
  judgeListedChange,
  judgeListedSource,
  judgePlace,
  judgeSaidCredentials,
  type ListedSource,
  type ListedSourceSaid,
  type ListingKeeperProtocol,
  type ListingStatus,
  listingIntervalMsDefault,
  listingKeeperKey,
  type NewListedSource,
  partitionOfAgent,
  type SchedulerProtocol,
  type StatedListedSource,
  schedulerKey,
  type Tenant,
} from '../actors/index.ts';
import { type ClusterNode, ProcedureError } from '../cluster/index.ts';
import type { Ref } from '../runtime/index.ts';
import type { Store } from '../store/index.ts';
import { importPartWaitMs, listingAskMs, standbyRetryMs, standbyWaitMs } from './limits.ts';
import { listedSourceView } from './listed-source-views.ts';
import { text } from './named-tenant.ts';
import { orRefuse } from './procedure-answers.ts';
import type { RoleContext } from './roles/role.ts';
import { withdrawPart } from './source-withdrawal.ts';
import { tenantDoors } from './tenant-doors.ts';

type SourceStore = Pick<Store, 'tenants' | 'listedSources' | 'packages' | 'documents' | 'inventoryShelf'>;

interface Named {
  tenant: string;
}
export interface OfListedSource extends Named {
  /** Name or id. */
  id: string;
}
export interface ListedSourceAsked extends Named {
  source: ListedSourceSaid;
  /** Absent: as it is. */
  credentials?: string | null;
}
export interface ImportOpenAsked extends Named {
  /** The command's own, of this import. */
  key: string;
  partition: string;
  /** What is shown for it: the file's name. */
  service: string;
}
export interface ImportPartAsked extends OfListedSource {
  offset: number;
  bytes: Uint8Array;
}
export interface ImportEndAsked extends OfListedSource {
  totalBytes: number;
  sha256: string;
}

const unsaid: NewListedSource = {
  ...{ name: '', kind: 'netbox', endpoint: '', query: null, partition: defaultPartition, blacklist: [] },
  ...{ caPem: null, pageItems: null, withInterfaces: false },
  ...{ intervalMs: listingIntervalMsDefault, enabled: true, agent: null },
};

export function declareListedSources(context: RoleContext, store: SourceStore): void {
  const { node, flags } = context;
  const { listedSources } = store;
  const { read, write } = tenantDoors(node, store);
  const policy = ({ slug }: Tenant) => ({ allowAll: flags.ownMachineTenant === slug });
  const changed = async (tenant: Tenant, source: ListedSource) => {
    tellKeeper(node, tenant);
    const found = (await listedSources.list(tenant.id)).find((one) => one.source.id === source.id);
    return listedSourceView(tenant, found ?? { source, state: null }, null);
  };

  write('source_add', async (tenant, { source, credentials = null }: ListedSourceAsked, by) => {
    if (source?.kind === undefined || source.endpoint === undefined || source.name === undefined)
      throw new ProcedureError('bad_source', 'a source has a name, a kind and an endpoint');
    const agents = typeof source.agent === 'string' ? await agentsOf(node, store, tenant) : [];
    const there = partitionOfAgent(String(source.agent), agents);
    const before = there === null ? unsaid : { ...unsaid, partition: there };
    const judged = orRefuse(judgeListedSource(source, before, policy(tenant)));
    judgeAgent(judged.source, agents);
    judgeSecret(credentials);
    return await changed(tenant, await listedSources.add(tenant.id, judged.source, credentials, by));
  });
  write('source_change', async (tenant, asked: ListedSourceAsked & OfListedSource, by) => {
    const { source: before } = await find(listedSources, tenant, asked.id);
    const { change } = orRefuse(judgeListedChange(asked.source ?? {}, before, policy(tenant)));
    if (typeof change.agent === 'string')
      judgeAgent({ ...before, agent: change.agent }, await agentsOf(node, store, tenant));
    const { credentials } = asked;
    if (credentials !== undefined) judgeSecret(credentials);
    const whole = { ...change, ...(credentials === undefined ? {} : { credentials }) };
    return await changed(tenant, await listedSources.change(tenant.id, before.id, whole, by));
  });
  write('source_remove', async (tenant, { id }: OfListedSource, by) =>
    changed(tenant, await listedSources.remove(tenant.id, text(id), by)),
  );
  write('source_withdraw', async (tenant, { id }: OfListedSource, by) => {
    const statuses = await statusesOf(node, tenant);
    const row = await find(listedSources, tenant, id);
    const view = listedSourceView(tenant, row, statuses.get(row.source.id) ?? null);
    const changed = () => tellKeeper(node, tenant);
    return await withdrawPart({ node, store, changed }, tenant, view, by);
  });
  read('source_list', async (tenant) => {
    const statuses = await statusesOf(node, tenant);
    const rows = await listedSources.list(tenant.id);
    return rows.map((row) => listedSourceView(tenant, row, statuses.get(row.source.id) ?? null));
  });
  // The keeper is asked first: a run that ends meanwhile is then in the row.
  read('source_show', async (tenant, { id }: OfListedSource) => {
    const statuses = await statusesOf(node, tenant);
    const row = await find(listedSources, tenant, id);
    return listedSourceView(tenant, row, statuses.get(row.source.id) ?? null);
  });
  write('source_run', async (tenant, asked: OfListedSource & { acceptEmpty: boolean }, by) => {
    const { source } = await find(listedSources, tenant, asked.id);
    const begun = await throughMove(node, async () => {
      const keeper = keeperOf(node, tenant);
      if (keeper === null) return null;
      return await node.system.call(keeper, listingAskMs).run(source.id, by, asked.acceptEmpty === true);
    });
    if (begun === null)
      throw new ProcedureError('standby', `no core holds tenant ${tenant.slug} now: try again`);
    return { id: source.id, run_id: begun.runId, is_new: begun.isNew };
  });
  declareImports(node, store);
}

/** Each step goes to the desk of the core that holds the tenant; one that moves refuses, and nothing is half there. */
function declareImports(node: ClusterNode, store: SourceStore): void {
  const { write } = tenantDoors(node, store);
  const desk = (tenant: Tenant) => {
    const scheduler = node.names.lookup<SchedulerProtocol>(schedulerKey(tenant.id));
    const ref =
      scheduler === null ? null : node.names.lookup<DocumentDeskProtocol>(documentDeskKey(scheduler.node));
    if (ref === null)
      throw new ProcedureError('standby', `no core holds tenant ${tenant.slug} now: try again`);
    return ref;
  };
  const call = (tenant: Tenant) => node.system.call(desk(tenant), importPartWaitMs);
  write('source_import_open', async (tenant, { key, partition, service }: ImportOpenAsked, by) => {
    const asked = { key: text(key), partition: text(partition), service: text(service) };
    if (!/^[A-Za-z0-9._-]{1,128}$/.test(asked.partition))
      throw new ProcedureError('bad_argument', 'a partition has 1 to 128 of A-Z a-z 0-9 . _ -');
    const own = { sender: by, agent: 'import', kind: 'sync', totalBytes: null };
    return await call(tenant).open(tenant.id, { ...asked, ...own });
  });
  write('source_import_part', async (tenant, { id, offset, bytes }: ImportPartAsked) => {
    if (!(bytes instanceof Uint8Array)) throw new ProcedureError('bad_argument', 'a part is bytes');
    return await call(tenant).part(tenant.id, text(id), offset, bytes);
  });
  write('source_import_end', async (tenant, { id, totalBytes, sha256 }: ImportEndAsked) => {
    const ended = await call(tenant).end(tenant.id, text(id), totalBytes, text(sha256));
    node.system.cast(desk(tenant)).left(tenant.id, text(id));
    return ended;
  });
  write('source_import_forget', async (tenant, { id }: OfListedSource) => {
    node.system.cast(desk(tenant)).forget(tenant.id, text(id));
    return null;
  });
}

function keeperOf(node: ClusterNode, { id }: Tenant): Ref<ListingKeeperProtocol> | null {
  return node.names.lookup<ListingKeeperProtocol>(listingKeeperKey(id));
}

function tellKeeper(node: ClusterNode, tenant: Tenant): void {
  const keeper = keeperOf(node, tenant);
  if (keeper !== null) node.system.cast(keeper).changed();
}

/** Asks again for a moment while nobody is there to answer: a tenant that was made just now, or moves between cores. */
async function throughMove<T>(node: ClusterNode, ask: () => Promise<T | null>): Promise<T | null> {
  const { clock } = node.system;
  const untilMs = clock.monotonicMs() + standbyWaitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null || clock.monotonicMs() > untilMs) return answer;
    await new Promise<void>((resolve) => void clock.timer(standbyRetryMs, resolve));
  }
}

/** Of a tenant that moves, or whose core does not answer, nothing is known of what runs. */
async function statusesOf(node: ClusterNode, tenant: Tenant): Promise<Map<string, ListingStatus>> {
  const keeper = keeperOf(node, tenant);
  if (keeper === null) return new Map();
  const statuses = await node.system
    .call(keeper, listingAskMs)
    .statuses()
    .catch(() => []);
  return new Map(statuses.map((one) => [one.id, one]));
}

async function find(
  listedSources: SourceStore['listedSources'],
  tenant: Tenant,
  idOrName: unknown,
): Promise<StatedListedSource> {
  const wanted = text(idOrName);
  const rows = await listedSources.list(tenant.id);
  const found = rows.find(({ source }) => source.id === wanted || source.name === wanted);
  if (found !== undefined) return found;
  throw new ProcedureError(
    'no_such_source',
    `tenant ${tenant.slug} has no source "${wanted}": see picket source list --tenant ${tenant.slug}`,
  );
}

/** Those that are connected, also by certificates that we did not issue, and those that have a package of ours. */
async function agentsOf(node: ClusterNode, store: SourceStore, { id }: Tenant): Promise<AgentAt[]> {
  const named = node.names.list({ tenant: id, kind: 'agent' });
  const connected = named.flatMap((entry) => edgeCandidateOf(entry) ?? []);
  const packages = (await store.packages.list(id)).filter(
    ({ kind, state }) => kind === 'agent' && state !== 'revoked' && state !== 'expired',
  );
  return [...connected, ...packages].map(({ name, partition }) => ({ name, partition }));
}

function judgeAgent({ agent, partition }: NewListedSource, there: readonly AgentAt[]): void {
  const unfit = agent === null ? null : judgePlace({ name: agent, partition }, there);
  if (unfit !== null) throw new ProcedureError(unfit.refused, unfit.detail);
}

function judgeSecret(credentials: unknown): void {
  const unfit = judgeSaidCredentials(credentials);
  if (unfit !== null) throw new ProcedureError(unfit.refused, unfit.detail);
}
