/**
 * What operators' commands ask of a core about agents that only listen and about imported authorities, and what gateways ask of it about
 * the latter. Thin: judged by the rooms that know, written by the store, told to whoever has the tenant's agents asked.
 */
import {
  type AgentSource,
  defaultPartition,
  type ImportedAuthority,
  judgeNewSource,
  type NewAgentSource,
  type PollReport,
  pollIntervalMsDefault,
  type SourceKeeperProtocol,
  type SourcePollerProtocol,
  type SourceSaid,
  sourceKeeperKey,
  sourcePollerKey,
  sourceTestMsMax,
  type Tenant,
} from '../actors/index.ts';
import { judgeImportedAuthority, judgeImportedClient, plainKeyPem } from '../certs/index.ts';
import { type ClusterNode, ownerOf, ProcedureError } from '../cluster/index.ts';
import { type AuthoritiesAnswer, type AuthoritiesQuestion, announceAuthorities } from '../edge/index.ts';
import type { Store } from '../store/index.ts';
import { text } from './named-tenant.ts';
import type { RoleContext } from './roles/role.ts';
import { importedView, pollView, sourceView } from './source-views.ts';
import { tenantDoors } from './tenant-doors.ts';

type SourceStore = Pick<Store, 'tenants' | 'agentSources' | 'importedAuthorities'>;

interface Named {
  tenant: string;
}
interface OfSource extends Named {
  id: string;
  why?: string | null;
}
export interface ImportAsked extends Named {
  certificates: string;
  trustDomain: string | null;
  clientCertificate: string | null;
  clientKey: string | null;
}

export function declareSources(context: RoleContext, store: SourceStore): void {
  const { node, flags } = context;
  const allowAll = ({ slug }: Tenant) => flags.ownMachineTenant === slug;
  const { read, write } = tenantDoors(node, store);
  const { agentSources } = store;
  const changed = (tenant: Tenant, source: AgentSource) => {
    tellKeeper(node, tenant.id);
    return sourceView(tenant, { source, state: null });
  };

  write('agent_source_add', async (tenant, { source }: Named & { source: SourceSaid }, by) => {
    const judged = judge({ partition: defaultPartition, ...source }, allowAll(tenant));
    const { address, partition, agentId = null, tlsName = null, services } = judged;
    if (address === undefined || partition === undefined || services === undefined)
      throw new ProcedureError('bad_source', 'an address and at least one service must be named');
    const { intervalMs = pollIntervalMsDefault } = judged;
    const wanted = { address, partition, agentId, tlsName, intervalMs, services };
    return changed(tenant, await agentSources.add(tenant.id, wanted, by));
  });
  write('agent_source_edit', async (tenant, { id, source }: OfSource & { source: SourceSaid }, by) =>
    changed(tenant, await agentSources.edit(tenant.id, text(id), judge(source, allowAll(tenant)), by)),
  );
  for (const [verb, archived] of [
    ['remove', true],
    ['restore', false],
  ] as const)
    write(`agent_source_${verb}`, async (tenant, { id, why = null }: OfSource, by) =>
      changed(tenant, await agentSources.archive(tenant.id, text(id), archived, by, why)),
    );
  read('agent_source_list', async (tenant, { archived }: Named & { archived: boolean }) =>
    (await agentSources.list(tenant.id, archived === true)).map((one) => sourceView(tenant, one)),
  );
  read('agent_source_show', async (tenant, { id }: OfSource) =>
    sourceView(tenant, await findSource(store, tenant, text(id))),
  );
  write('agent_source_test', async (tenant, { id }: OfSource) => {
    const { source } = await findSource(store, tenant, text(id));
    return {
      id: source.id,
      address: source.address,
      ...pollView(await test(node, store, tenant, source, allowAll(tenant))),
    };
  });
  declareImports(context, store);
}

function declareImports(context: RoleContext, store: SourceStore): void {
  const { node } = context;
  const { read, write } = tenantDoors(node, store);
  const { importedAuthorities } = store;
  const told = (tenant: Tenant, row: ImportedAuthority) => {
    announceAuthorities(node.topics, node.system, tenant.id);
    tellKeeper(node, tenant.id);
    return importedView(tenant, row);
  };
  write('authority_import', async (tenant, asked: ImportAsked, by) =>
    told(tenant, await importedAuthorities.add(tenant.id, judgeImport(context, tenant, asked), by)),
  );
  read('authority_list', async (tenant) =>
    (await importedAuthorities.list(tenant.id)).map((row) => importedView(tenant, row)),
  );
  write('authority_revoke', async (tenant, { id, why = null }: OfSource, by) =>
    told(tenant, await importedAuthorities.revoke(tenant.id, text(id), by, why)),
  );
  node.declare('edge_authorities', {
    access: 'node',
    async run({ slug }: AuthoritiesQuestion): Promise<AuthoritiesAnswer> {
      const tenant = await store.tenants.find(text(slug));
      const lives = tenant?.slug === slug && (tenant.status === 'active' || tenant.status === 'suspended');
      if (!lives) return { tenantId: null, authorities: [] };
      return { tenantId: tenant.id, authorities: await livingOf(store, tenant) };
    },
  });
}

function judge(said: SourceSaid, allowAll: boolean): Partial<NewAgentSource> {
  const judged = judgeNewSource(said, { allowAll });
  if ('refused' in judged) throw new ProcedureError(judged.refused, judged.detail);
  return judged.source;
}

function judgeImport({ trust, clock }: RoleContext, tenant: Tenant, asked: ImportAsked) {
  const bad = (detail: string) => new ProcedureError('bad_authority', detail);
  const nowMs = clock.wallMs();
  const { id: tenantId, slug } = tenant;
  const certificatesPem = text(asked.certificates);
  const { trustDomain } = asked;
  const given = { tenantId, slug, trustDomain, certificatesPem };
  const read = judgeImportedAuthority(given, { roots: trust.roots(), nowMs });
  if (!read.ok) throw bad(read.detail);
  const { authority, fingerprint } = read;
  const kept = { slug, trustDomain: authority.trustDomain, certificatesPem, fingerprint };
  if (asked.clientCertificate === null && asked.clientKey === null) return { ...kept, client: null };
  const chainPem = text(asked.clientCertificate);
  const privateKeyPem = plainKeyPem(text(asked.clientKey));
  if (privateKeyPem === null) throw bad('the client key cannot be read: PEM, without a passphrase');
  const unfit = judgeImportedClient(chainPem, privateKeyPem, authority, nowMs);
  if (unfit !== null) throw bad(`the client certificate: ${unfit}`);
  return { ...kept, client: { chainPem, privateKeyPem } };
}

async function livingOf({ importedAuthorities }: SourceStore, { id, slug }: Tenant) {
  const rows = await importedAuthorities.list(id);
  // One that was imported under another slug speaks for nobody any more.
  return rows
    .filter((row) => row.revokedAtMs === null && row.slug === slug)
    .map(({ trustDomain, certificatesPem }) => ({ slug, trustDomain, certificatesPem }));
}

async function findSource({ agentSources }: SourceStore, tenant: Tenant, id: string) {
  const found = (await agentSources.list(tenant.id, false)).find(({ source }) => source.id === id);
  if (found !== undefined) return found;
  throw new ProcedureError(
    'no_such_source',
    `tenant ${tenant.slug} has no agent source "${id}": see picket agent-source list --tenant ${tenant.slug}`,
  );
}

/** Whoever has them asked reads them again at once; else within a minute. */
function tellKeeper(node: ClusterNode, tenantId: string): void {
  const keeper = node.names.lookup<SourceKeeperProtocol>(sourceKeeperKey(tenantId));
  if (keeper !== null) node.system.cast(keeper).changed();
}

/** By the poller that would have it. */
async function test(
  node: ClusterNode,
  store: SourceStore,
  tenant: Tenant,
  source: AgentSource,
  allowAll: boolean,
): Promise<PollReport> {
  const pollers = node.names.list({ kind: 'source_poller' }).filter(({ key, node: at }) => key.id === at);
  const names = pollers.map(({ key }) => key.id);
  const chosen = names.length === 0 ? null : ownerOf(source.id, names);
  const ref = chosen === null ? null : node.names.lookup<SourcePollerProtocol>(sourcePollerKey(chosen));
  if (ref === null) throw new ProcedureError('no_source_poller', 'no poller is there that could dial it');
  const authorities = await livingOf(store, tenant);
  const client = await store.importedAuthorities.client(tenant.id);
  const job = {
    tenantId: tenant.id,
    epoch: 0,
    number: 0,
    source,
    sequences: {},
    authorities,
    client,
    allowAll,
  };
  return await node.system.call(ref, sourceTestMsMax + 5_000).test({ ...job, dry: true });
}
