/** Packages as the command line prints them: of a token nothing, but once, when it is made. */
import type { Package, Tenant } from '../actors/index.ts';
import { instant } from './views.ts';

export interface PackageView {
  id: string;
  tenant: string;
  tenant_id: string;
  kind: string;
  name: string;
  partition: string;
  status: string;
  created_at: string;
  expires_at: string;
  delivered_at: string | null;
  activated_at: string | null;
  /** Of the certificate. */
  serial: string | null;
  /** SHA-256 of the public key that it was delivered to. */
  key_fingerprint: string | null;
}

export function packageView({ id: tenantId, slug }: Tenant, row: Package): PackageView {
  const at = (ms: number | null) => (ms === null ? null : instant(ms));
  return {
    id: row.id,
    tenant: slug,
    tenant_id: tenantId,
    kind: row.kind,
    name: row.name,
    partition: row.partition,
    status: row.state,
    created_at: instant(row.createdAtMs),
    expires_at: instant(row.expiresAtMs),
    delivered_at: at(row.deliveredAtMs),
    activated_at: at(row.activatedAtMs),
    serial: row.delivered?.serial ?? null,
    key_fingerprint: row.delivered?.keyFingerprint ?? null,
  };
}
