/**
 * Renewed certificates of packages, in their tenant's schema. One statement adds one, under the lock of its package's row: a
 * revocation comes before it, and nothing is added, or after it, and finds it.
 */
import {
  livingCertificatesMax,
  type RenewalStore,
  type RenewedCertificate,
} from '../actors/ports/renewal-store.ts';
import { moment } from './moment.ts';
import { atNewest, hasNothing } from './schema-versions.ts';
import type { Database } from './unit-of-work.ts';

interface Columns extends Record<string, unknown> {
  serial: string;
  key_fingerprint: string;
  chain: string;
  ends_at: number;
}

const living = `
SELECT serial, key_fingerprint, chain, ends_at FROM certificates
WHERE package_id = $1 AND ends_at > clock_timestamp() ORDER BY issued_at DESC, serial`;

const add = `
WITH ${moment},
p AS MATERIALIZED (SELECT id FROM packages WHERE id = $1 AND state = 'activated' FOR UPDATE),
gone AS (DELETE FROM certificates c USING p, moment WHERE c.package_id = p.id AND c.ends_at <= at),
added AS (
  INSERT INTO certificates (serial, package_id, key_fingerprint, chain, issued_at, ends_at)
  SELECT $3, p.id, $4, $5, at, to_timestamp($6::float8 / 1000)::timestamptz(3) FROM p, moment
  WHERE (SELECT count(*) FROM certificates c WHERE c.package_id = $1 AND c.ends_at > at) < ${livingCertificatesMax}
  ON CONFLICT DO NOTHING RETURNING serial, package_id, issued_at
),
noted AS (
  INSERT INTO audit (at, who, event, subject, why)
  SELECT issued_at, $2, 'package_renew', package_id, 'serial ' || serial FROM added
)
SELECT serial FROM added`;

export function createRenewalStore(db: Database): RenewalStore {
  return {
    async living(tenantId, packageId) {
      try {
        const rows = await db.asTenant(tenantId, (unit) => unit.query<Columns>(living, [packageId]));
        return rows.map(toRenewed);
      } catch (error) {
        if (hasNothing(error)) return [];
        throw error;
      }
    },
    async add(tenantId, packageId, { serial, keyFingerprint, chainPem, endsAtMs }, by) {
      const values = [packageId, by, serial, keyFingerprint, chainPem, endsAtMs];
      const rows = await atNewest('renewed certificates', () =>
        db.asTenant(tenantId, (unit) => unit.query(add, values)),
      );
      return rows.length > 0;
    },
  };
}

function toRenewed({ serial, key_fingerprint, chain, ends_at }: Columns): RenewedCertificate {
  return { serial, keyFingerprint: key_fingerprint, chainPem: chain, endsAtMs: ends_at };
}
