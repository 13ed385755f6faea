/**
 * What operators' commands ask of a core about the authorities of tenants: which there are, another key, and one that was
 * signed elsewhere. A key comes in by the last and goes out by none.
 */
import type { Tenant } from '../actors/index.ts';
import { formatSpiffeId } from '../certs/index.ts';
import { type Caller, ProcedureError } from '../cluster/index.ts';
import type { Store } from '../store/index.ts';
import { dataFolder } from './data-folder.ts';
import { authorityOverlapMs, authorityOverlapMsMax } from './limits.ts';
import { findTenant, judgeWrite, text } from './named-tenant.ts';
import type { RoleContext } from './roles/role.ts';
import { certificateOf, type IssuerNeeds, rotateIssuer, takeAuthority } from './tenant-issuer.ts';
import { instant } from './views.ts';

export interface AuthorityView {
  tenant: string;
  tenant_id: string;
  /** Null: none was made yet. */
  signing: { serial: string; not_after: string; certificate: string } | null;
  /** The latest first. */
  former: { serial: string; replaced_at: string; retire_at: string; retired_at: string | null }[];
}

export interface RotationAsked {
  tenant: string;
  /** Null: as long as what it signed may live. */
  overlapMs: number | null;
}

export type AuthorityBrought = RotationAsked & { certificate: string; key: string };

export function declareAuthorities({ node, flags, trust, clock }: RoleContext, store: Store): void {
  const { authorities } = store;
  const folder = dataFolder(flags.data).authority;
  const needs = { authorities, trust, clock, folder };
  node.declare('package_authority_show', {
    access: 'read',
    run: async ({ tenant }: { tenant: string }) => view(needs, await findTenant(store, tenant)),
  });
  const write = <Asked extends RotationAsked>(
    name: string,
    run: (tenant: Tenant, asked: Asked, replacement: { by: string; overlapMs: number }) => Promise<void>,
  ) =>
    node.declare(name, {
      access: 'write',
      async run(asked: Asked, { identity }: Caller) {
        const tenant = await findTenant(store, asked.tenant);
        judgeWrite(tenant);
        const overlapMs = overlapOf(asked.overlapMs ?? null);
        await run(tenant, asked, { by: formatSpiffeId(identity), overlapMs });
        return await view(needs, tenant);
      },
    });
  write('package_authority_rotate', ({ id }, _asked, how) => rotateIssuer(needs, id, how));
  write('package_authority', ({ id }, { certificate, key }: AuthorityBrought, how) =>
    takeAuthority(needs, id, { certificatePem: text(certificate), privateKeyPem: text(key) }, how),
  );
}

async function view({ authorities }: IssuerNeeds, { id, slug }: Tenant): Promise<AuthorityView> {
  const [signing, former] = [await authorities.read(id), await authorities.former(id)];
  const read = signing === null ? null : certificateOf(signing.certificatePem);
  return {
    tenant: slug,
    tenant_id: id,
    signing:
      signing === null || read === null
        ? null
        : { serial: read.serial, not_after: instant(read.notAfterMs), certificate: signing.certificatePem },
    former: former.map(({ serial, replacedAtMs, retireAtMs, retiredAtMs }) => ({
      serial,
      replaced_at: instant(replacedAtMs),
      retire_at: instant(retireAtMs),
      retired_at: retiredAtMs === null ? null : instant(retiredAtMs),
    })),
  };
}

function overlapOf(asked: number | null): number {
  if (asked === null) return authorityOverlapMs;
  if (Number.isSafeInteger(asked) && asked >= 0 && asked <= authorityOverlapMsMax) return asked;
  throw new ProcedureError('bad_argument', 'what was replaced overlaps with what replaces it for 0s to 31d');
}
