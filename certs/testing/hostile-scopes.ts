/** Real authorities of ours that sign what is not theirs to sign. For tests only. */
import type { VerdictCode } from '../verdict.ts';
import { name } from './der-writer.ts';
import type { Forged } from './forge.ts';
import type { HostileRow } from './hostile-leaves.ts';
import {
  nodeId,
  operatorId,
  scopeName,
  tenantA,
  tenantB,
  tenantId,
  trustDomain,
  type World,
} from './world.ts';

/** A leaf for `id` under `issuer`, with the issuer beside it. */
export const under = (
  title: string,
  code: VerdictCode,
  id: string,
  issuer: (world: World) => Forged,
): HostileRow => ({
  title,
  code,
  chain: (world) => {
    const authority = issuer(world);
    return [world.leaf(authority, id).der, authority.der];
  },
});

export const hostileScopes: readonly HostileRow[] = [
  under(
    "tenant A's authority for tenant B",
    'issuer_not_tenant',
    tenantId.replace(tenantA, tenantB),
    (w) => w.tenant,
  ),
  under('the authority of nodes for a tenant', 'issuer_not_tenant', tenantId, (w) => w.nodes),
  under('the authority of operators for a tenant', 'issuer_not_tenant', tenantId, (w) => w.operators),
  under("a tenant's authority for a node", 'issuer_not_role', nodeId, (w) => w.tenant),
  under("a tenant's authority for an operator", 'issuer_not_role', operatorId, (w) => w.tenant),
  under('the authority of nodes for an operator', 'issuer_not_role', operatorId, (w) => w.nodes),
  under('the authority of operators for a node', 'issuer_not_role', nodeId, (w) => w.operators),
  under('an authority of a tenant whose name is cut short', 'issuer_not_tenant', tenantId, (w) =>
    w.intermediate(w.root, scopeName('tenant', tenantA.slice(0, 11))),
  ),
  under('an authority of a tenant whose name goes on', 'issuer_not_tenant', tenantId, (w) =>
    w.intermediate(w.root, scopeName('tenant', `${tenantA}a`)),
  ),
  under('an authority of a tenant with a NUL in its name', 'issuer_not_tenant', tenantId, (w) =>
    w.intermediate(w.root, scopeName('tenant', `${tenantA}\0`)),
  ),
  under('an authority of two tenants', 'issuer_not_tenant', tenantId, (w) =>
    w.intermediate(
      w.root,
      name([
        ['2.5.4.10', trustDomain],
        ['2.5.4.11', 'tenant'],
        ['2.5.4.3', tenantB],
        ['2.5.4.3', tenantA],
      ]),
    ),
  ),
  under('an authority in upper case', 'issuer_not_role', nodeId, (w) =>
    w.intermediate(w.root, scopeName('NODES')),
  ),
  under('an authority with a homoglyph', 'issuer_not_role', nodeId, (w) =>
    w.intermediate(w.root, scopeName('nоdes')),
  ),
  under('an authority of both', 'issuer_not_role', nodeId, (w) =>
    w.intermediate(
      w.root,
      name([
        ['2.5.4.10', trustDomain],
        ['2.5.4.11', 'operators'],
        ['2.5.4.11', 'nodes'],
      ]),
    ),
  ),
  under('an authority of another organization', 'issuer_not_role', nodeId, (w) =>
    w.intermediate(
      w.root,
      name([
        ['2.5.4.10', 'other.local'],
        ['2.5.4.11', 'nodes'],
      ]),
    ),
  ),
  under('an authority whose name is a BMPString', 'issuer_not_role', nodeId, (w) =>
    w.intermediate(
      w.root,
      name([
        ['2.5.4.10', trustDomain],
        ['2.5.4.11', '\0n\0o\0d\0e\0s', 0x1e],
      ]),
    ),
  ),
  under('an authority whose name is a T61String', 'issuer_not_role', nodeId, (w) =>
    w.intermediate(
      w.root,
      name([
        ['2.5.4.10', trustDomain],
        ['2.5.4.11', 'nodes', 0x14],
      ]),
    ),
  ),
];
