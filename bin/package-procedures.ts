/**
 * What operators' commands ask of a core about packages, and what gateways ask of it: enrolment, and who a bearer is. A
 * token is in the one answer to whoever made the package and nowhere else.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  defaultPartition,
  type Package,
  type PackageKind,
  packageKinds,
  type Tenant,
} from '../actors/index.ts';
import {
  certsLimits,
  chainFromPem,
  formatSpiffeId,
  hashOfSecret,
  isEndpoint,
  isNodeName,
  makeToken,
  pinOf,
  revoke,
  toPem,
  verifyPeer,
} from '../certs/index.ts';
import { type Caller, ProcedureError } from '../cluster/index.ts';
import {
  announcePackage,
  type BearerQuestion,
  type EnrolQuestion,
  type RenewQuestion,
} from '../edge/index.ts';
import { messageOf } from '../runtime/index.ts';
import { newPackageId, type Store } from '../store/index.ts';
import { withAuthorityLock } from './authority-lock.ts';
import { dataFolder } from './data-folder.ts';
import { bearer, enrol } from './enrolment.ts';
import { packageLifeMsMax, packageLifeMsMin, partitionCharsMax } from './limits.ts';
import { findTenant, judgeWrite, text } from './named-tenant.ts';
import { packageView } from './package-views.ts';
import { renew } from './renewal.ts';
import type { RoleContext } from './roles/role.ts';
import { issuerOf } from './tenant-issuer.ts';

export interface PackageAsked {
  tenant: string;
  kind: string;
  name: string;
  partition: string | null;
  lifeMs: number;
  /** Null: the gateways that the cluster knows. */
  endpoints: string[] | null;
}

/** What a bundle carries beside the token. */
export interface PackageTrust {
  trust_domain: string;
  /** PEM of the root that tokens pin. */
  root: string;
  /** PEM of what signs for the tenant now. */
  chain: string;
}

type Needs = ReturnType<typeof needsOf>;

export function declarePackages(context: RoleContext, store: Store): void {
  const { node } = context;
  const needs = needsOf(context, store);
  const write = <Asked extends { tenant: string }>(
    name: string,
    run: (tenant: Tenant, asked: Asked, by: string) => Promise<unknown>,
  ) =>
    node.declare(name, {
      access: 'write',
      run: async (asked: Asked, { identity }: Caller) =>
        await run(await findTenant(store, asked.tenant), asked, formatSpiffeId(identity)),
    });

  write('package_create', (tenant, asked: PackageAsked, by) => create(needs, tenant, asked, by));
  node.declare('package_list', {
    access: 'read',
    async run({ tenant }: { tenant: string }) {
      const row = await findTenant(store, tenant);
      return (await store.packages.list(row.id)).map((one) => packageView(row, one));
    },
  });
  write('package_revoke', (tenant, asked: { tenant: string; id: string; why: string | null }, by) =>
    end(needs, tenant, { ...asked, event: 'revoke' }, by),
  );
  write('package_delete', (tenant, asked: { tenant: string; id: string; why: string | null }, by) =>
    end(needs, tenant, { ...asked, event: 'soft_delete' }, by),
  );
  node.declare('package_trust', {
    access: 'read',
    async run({ tenant }: { tenant: string }): Promise<PackageTrust> {
      const { id } = await findTenant(store, tenant);
      const signing = await store.authorities.read(id);
      const { trustDomain } = needs.trust;
      return {
        trust_domain: trustDomain,
        root: toPem(ownRoot(needs), 'CERTIFICATE'),
        chain: signing?.certificatePem ?? '',
      };
    },
  });
  node.declare('enrol', { access: 'node', run: (asked: EnrolQuestion) => enrol(needs, asked) });
  node.declare('edge_bearer', {
    access: 'node',
    run: ({ tenant, serial }: BearerQuestion) => bearer(needs, tenant, serial),
  });
  node.declare('edge_renew', { access: 'node', run: (asked: RenewQuestion) => renew(needs, asked) });
}

function needsOf({ node, flags, trust, clock }: RoleContext, store: Store) {
  const folder = dataFolder(flags.data).authority;
  return { node, store, authorities: store.authorities, trust, clock, folder };
}

async function create(needs: Needs, tenant: Tenant, asked: PackageAsked, by: string) {
  const { store, clock } = needs;
  judgeWrite(tenant);
  const { kind, name, partition, lifeMs } = judge(asked);
  const endpoints = endpointsOf(needs, asked.endpoints);
  // Before there is a token: an operator can mend what whoever uses it could not.
  await issuerOf(needs, tenant.id);
  const id = newPackageId();
  const expiresAtMs = Math.floor(clock.wallMs()) + lifeMs;
  const contents = { tenantId: tenant.id, packageId: id, endpoints, expiresAtMs, pin: ownPin(needs) };
  const made = makeToken(contents);
  const { secret, signer: tokenSigner } = made.token;
  const row = { id, kind, name, partition, secretHash: hashOfSecret(secret), tokenSigner, expiresAtMs };
  const view = packageView(tenant, await store.packages.create(tenant.id, row, by));
  return { ...view, endpoints, token: made.text };
}

function judge(asked: PackageAsked) {
  const kind = packageKinds.find((one) => one === asked.kind) as PackageKind | undefined;
  if (kind === undefined) throw bad(`a package is of kind ${packageKinds.join(', ')}`);
  const name = text(asked.name);
  if (!isNodeName(name) || name.length > certsLimits.tenantNodeNameCharsMax)
    throw bad(`a name is a-z, 0-9, "_" and "-", at most ${certsLimits.tenantNodeNameCharsMax}`);
  const partition = asked.partition === null ? defaultPartition : text(asked.partition);
  if (!new RegExp(`^[A-Za-z0-9_.-]{1,${partitionCharsMax}}$`).test(partition))
    throw bad(`a partition is letters, digits, "_", "." and "-", at most ${partitionCharsMax}`);
  const { lifeMs } = asked;
  if (!(Number.isSafeInteger(lifeMs) && lifeMs >= packageLifeMsMin && lifeMs <= packageLifeMsMax))
    throw bad('a token is good for 1s to 30d');
  return { kind, name, partition, lifeMs };
}

function endpointsOf({ node }: Needs, asked: string[] | null): string[] {
  const found =
    asked ??
    node.names.list({ kind: 'gateway' }).flatMap(({ metadata }) => {
      const { address } = metadata;
      return typeof address === 'string' ? [address] : [];
    });
  const endpoints = found.slice(0, certsLimits.tokenEndpointsMax);
  if (asked !== null && asked.length > certsLimits.tokenEndpointsMax)
    throw bad(`a token names at most ${certsLimits.tokenEndpointsMax} gateways`);
  const strange = endpoints.find((one) => typeof one !== 'string' || !isEndpoint(one));
  if (strange !== undefined) throw bad(`"${strange}" is no HOST:PORT of a gateway`);
  if (endpoints.length > 0) return endpoints;
  throw new ProcedureError(
    'no_gateway',
    'no gateway is known here: start a poller with --gateway, or name the address with --endpoint',
  );
}

function ownPin(needs: Needs): string {
  const pin = pinOf(ownRoot(needs));
  if (pin !== null) return pin;
  throw new ProcedureError('no_tenant_authority', 'the root of this core cannot be pinned');
}

/** DER of the root that this node's own certificate leads to: gateways are of the same authority. */
function ownRoot({ trust, clock }: Needs): Uint8Array {
  const chain = chainFromPem(trust.credential().chainPem);
  const { trustDomain } = trust;
  const root = trust.roots().find((one) => {
    const roots = [one];
    return chain.ok && verifyPeer({ chain: chain.chain, roots, trustDomain, nowMs: clock.wallMs() }).ok;
  });
  if (root !== undefined) return root;
  throw new ProcedureError('no_tenant_authority', 'the certificate of this core leads to no root of ours');
}

interface Ending {
  id: string;
  event: 'revoke' | 'soft_delete';
  why: string | null;
}

/** Also of one that is revoked already: its certificate may have been left over. */
async function end(needs: Needs, tenant: Tenant, { id, event, why }: Ending, by: string) {
  const { store } = needs;
  const before = await store.packages.find(tenant.id, { id: text(id) });
  let row = before;
  if (!(before?.state === 'revoked' && event === 'revoke')) {
    const moved = await store.packages.change(
      tenant.id,
      text(id),
      event,
      by,
      why === null ? null : text(why),
    );
    if ('refused' in moved) throw new ProcedureError(moved.refused, moved.detail);
    row = moved.package;
  }
  // After the change: a renewal that came before it is among them, and none comes after it.
  const renewed = await store.renewals.living(tenant.id, row!.id);
  for (const delivered of [row!.delivered, ...renewed])
    announcePackage(needs.node.topics, needs.node.system, tenant.id, { ...row!, delivered });
  for (const delivered of [row!.delivered, ...renewed])
    if (delivered !== null) await revokeCertificate(needs, row!, delivered);
  return packageView(tenant, row!);
}

async function revokeCertificate(
  { folder, clock }: Needs,
  { id }: Package,
  { serial, chainPem }: { serial: string; chainPem: string },
): Promise<void> {
  try {
    if (!existsSync(join(folder, 'root-key.pem'))) throw new Error('this core has no authority');
    await withAuthorityLock(folder, clock, () => revoke(folder, { pem: chainPem }, clock));
  } catch (error) {
    throw new ProcedureError(
      'certificate_not_revoked',
      `package ${id} is over and its bearer was put out; its certificate is in no revocation list yet: where the authority lies, run picket certs revoke ${serial} (${messageOf(error)})`,
    );
  }
}

function bad(detail: string): ProcedureError {
  return new ProcedureError('bad_argument', detail);
}
