/**
 * Whom `picket certs issue` issues to, judged: a node, a node of a tenant, or an operator; and the issuing. Between the
 * command's flags and the authority in its folder.
 */
import {
  type Authority,
  type Credential,
  issueNode,
  issueOperator,
  issueTenantNode,
  isTenantId,
  type NodeRole,
  nodeRoles,
  openTenantAuthority,
  type TenantNodeRole,
  tenantNodeRoles,
} from '../certs/index.ts';
import { operatorRights, tenantRight } from '../cluster/index.ts';
import { systemClock } from '../runtime/index.ts';
import { withAuthorityLock } from './authority-lock.ts';
import { usage } from './failure.ts';

const knownRights: readonly string[] = ['read', 'write', 'eval'];

export interface BearerFlags {
  node?: string;
  role?: string;
  tenant?: string;
  operator?: string;
  rights?: string;
}

/** The name of the bearer; a usage failure unless exactly one is given with what belongs to it. */
export function judgeBearer(flags: BearerFlags): string {
  const { node, operator, role, tenant } = flags;
  if ((node === undefined) === (operator === undefined)) {
    throw usage('give either --node NAME with --role ROLE, or --operator NAME');
  }
  const known: readonly string[] = tenant === undefined ? nodeRoles : tenantNodeRoles;
  if (node !== undefined && !known.some((one) => one === role)) {
    throw usage(`--role must be one of ${known.join(', ')}`);
  }
  if (tenant !== undefined && !isTenantId(tenant))
    throw usage(
      `--tenant "${tenant}" is not a tenant's id, and no cluster runs here that knows the slug: see the ID in picket tenant list`,
    );
  if (operator !== undefined && role !== undefined) throw usage('--role goes with --node');
  if (operator !== undefined) rightsOf(flags);
  return (node ?? operator)!;
}

export async function issueFor(
  folder: string,
  authority: Authority,
  flags: BearerFlags,
  name: string,
  lifetimeMs: number,
): Promise<Credential> {
  const clock = systemClock();
  if (flags.tenant !== undefined && flags.node !== undefined) {
    const { tenant: tenantId, role } = flags;
    const issuer = await withAuthorityLock(folder, clock, () =>
      openTenantAuthority(folder, authority, tenantId, clock),
    );
    const { trustDomain, root } = authority;
    const node = { trustDomain, tenantId, role: role as TenantNodeRole, name, lifetimeMs };
    return issueTenantNode(root, issuer, node, clock);
  }
  if (flags.node !== undefined)
    return issueNode(authority, { role: flags.role as NodeRole, name, lifetimeMs }, clock);
  return issueOperator(authority, { name, rights: rightsOf(flags), lifetimeMs }, clock);
}

/** The words of an operator's certificate; a usage failure when no node would understand them. */
function rightsOf({ rights = '', tenant }: BearerFlags): string[] {
  const words = rights.split(',').map((right) => right.trim());
  const given = words.filter((right) => right !== '');
  for (const word of given) {
    if (!knownRights.includes(word))
      throw usage(`--rights: "${word}" is none; they are ${knownRights.join(', ')}`);
  }
  const all = tenant === undefined ? given : [...given, tenantRight(tenant)];
  if (operatorRights(all) === null) throw usage('--rights: no node would take these together');
  return all;
}
