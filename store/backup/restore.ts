/**
 * An archive becomes a tenant, in one transaction: either all of it is there, with its row, or nothing is, whenever the
 * process was killed. A tenant that is replaced keeps all it had until that moment. And the trial of an archive, which
 * does the same with a scratch tenant and undoes it.
 */
import type { Tenant } from '../../actors/ports/tenant-store.ts';
import { StoreError } from '../errors.ts';
import { newTenantId, slugProblem } from '../ids.ts';
import type { Migration } from '../migrations/all.ts';
import { sqlStateOf } from '../pg-errors.ts';
import { removalScript } from '../provisioning.ts';
import { findTenant, tenantById } from '../tenant-rows.ts';
import type { Database } from '../unit-of-work.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { readKeyRing } from '../vault/ring-file.ts';
import { noteKey } from '../vault/vault.ts';
import { restoreLock } from '../vault/vault-records.ts';
import { type CopySession, inTransaction } from './copy-session.ts';
import type { OnProgress } from './dump.ts';
import { load } from './load.ts';
import type { Manifest, Totals } from './manifest.ts';
import type { RecordReader } from './records.ts';
import type { TenantHold } from './tenant-hold.ts';

export interface Opened {
  archive: string;
  reader: RecordReader;
  manifest: Manifest;
}

export interface RestoreWork {
  url: string;
  db: Database;
  migrations: readonly Migration[];
  /** Opens the archive; what is sealed in it is sealed with the ring as its file has it then. */
  keys: KeyRing;
  hold(tenantId: string): Promise<TenantHold>;
}

export interface RestoreOptions {
  /** A new tenant under this slug; null: the one that was archived. */
  as: string | null;
  /** Over what the tenant has now. */
  replace: boolean;
}

interface Target {
  id: string;
  slug: string;
  /** The row that is there. */
  existing: Tenant | null;
}

/** Throws `tenant_exists`, `slug_taken`, `bad_slug`, `no_such_plan` before anything is read. */
export async function targetOf(db: Database, { tenant }: Manifest, options: RestoreOptions): Promise<Target> {
  const { as, replace } = options;
  const slug = as ?? tenant.slug;
  const problem = slugProblem(slug);
  if (problem !== null) throw new StoreError('bad_slug', problem);
  return await db.asPlatform(async (unit) => {
    const namesake = await findTenant(unit, slug);
    const isOther = namesake !== null && (as !== null || namesake.id !== tenant.id);
    if (isOther && (namesake.status !== 'cancelled' || namesake.id === slug)) throw slugTaken(slug);
    const plans = await unit.query('SELECT FROM platform.plans WHERE name = $1', [tenant.plan]);
    if (plans.length === 0)
      throw new StoreError(
        'no_such_plan',
        `its plan "${tenant.plan}" is not here: make it with picket plan set`,
      );
    if (as !== null) return { id: newTenantId(), slug, existing: null };
    const found = await findTenant(unit, tenant.id);
    const existing = found?.id === tenant.id ? found : null;
    if (existing !== null && existing.purgedAtMs === null && !replace)
      throw tenantExists(existing.slug, existing.status);
    return { id: tenant.id, slug: existing?.slug ?? slug, existing };
  });
}

function slugTaken(slug: string, cause?: unknown): StoreError {
  const detail = `another tenant is called "${slug}": restore it with --as under another slug`;
  return new StoreError('slug_taken', detail, { cause });
}

function tenantExists(slug: string, state: string, cause?: unknown): StoreError {
  const detail = `tenant ${slug} is there (${state}): --replace puts the archive in its place, --as SLUG beside it`;
  return new StoreError('tenant_exists', detail, { cause });
}

export async function restore(
  work: RestoreWork,
  opened: Opened,
  options: RestoreOptions,
  onProgress: OnProgress,
): Promise<{ tenant: Tenant; totals: Totals }> {
  const target = await targetOf(work.db, opened.manifest, options);
  const hold = target.existing === null ? null : await work.hold(target.id);
  try {
    const totals = await inTransaction(work.url, { mode: '', commit: true }, async (session) => {
      const keys = await ringOf(session, work);
      if (target.existing !== null) await removeAll(session, target.id);
      const { id: tenantId } = target;
      const { db, migrations } = work;
      const note = () => noteKey(db, keys.keys, keys.current(), keys.file);
      const how = { migrations, keys, note, into: 'shared', onProgress } as const;
      const done = await load({ session, ...opened, tenantId, ...how });
      await appear(session, opened, target);
      await hold?.giveBack(session);
      return done;
    });
    return { tenant: await work.db.asPlatform((unit) => tenantById(unit, target.id)), totals };
  } catch (error) {
    const cause = error instanceof StoreError ? error.cause : error;
    const taken = sqlStateOf(cause) === '23505' ? (cause as { table?: string }).table : undefined;
    // Somebody made a tenant of this slug meanwhile, or restored this one.
    if (taken === 'tenants') throw slugTaken(target.slug, error);
    if (taken === 'tenant_migrations') throw tenantExists(target.slug, 'restored by another', error);
    throw error;
  } finally {
    await hold?.end();
  }
}

/**
 * As it is on the disk from here to the end: a key that was retired meanwhile would have been found to seal nothing, and
 * then seal what is restored.
 */
async function ringOf(session: CopySession, { keys }: RestoreWork): Promise<KeyRing> {
  await session.run(restoreLock);
  return readKeyRing(keys.file);
}

/** Nothing is left of it, and nobody sees any of it. */
export async function tryOut(work: RestoreWork, opened: Opened, onProgress: OnProgress): Promise<Totals> {
  const { migrations, keys } = work;
  const how = { migrations, keys, note: async () => {}, into: 'scratch', onProgress } as const;
  return await inTransaction(work.url, { mode: '', commit: false }, (session) =>
    load({ session, ...opened, tenantId: newTenantId(), ...how }),
  );
}

async function removeAll(session: CopySession, tenantId: string): Promise<void> {
  await session.run(removalScript(tenantId));
  const shared = await session.rows<{ name: string }>(
    `SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'telemetry' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND EXISTS (
       SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)`,
  );
  await session.run('SET LOCAL ROLE picket_writer');
  for (const { name } of shared)
    await session.rows(`DELETE FROM telemetry."${name}" WHERE tenant_id = $1`, [tenantId]);
  await session.run('SET LOCAL ROLE NONE');
}

const insert = `
INSERT INTO platform.tenants (id, slug, name, plan, status) VALUES ($1, $2, $3, $4, $5)`;
/** $3 is the status that was judged in the beginning: what it was changed to since stands. */
const revive = `
UPDATE platform.tenants t SET purged_at = NULL, status = CASE WHEN t.status = $3 THEN $2 ELSE t.status END,
  status_at = CASE WHEN t.status = $3 AND $2 <> $3 THEN date_trunc('milliseconds', clock_timestamp()) ELSE t.status_at END
FROM (SELECT status FROM platform.tenants WHERE id = $1 FOR UPDATE) was
WHERE t.id = $1 RETURNING was.status AS was, t.status`;
const note = `
INSERT INTO platform.tenant_audit (tenant_id, who, event, from_status, to_status, why) VALUES ($1, 'backup', 'restore', $2, $3, $4)`;

/** What was cancelled comes back suspended: it is for a person to say that it runs again. */
async function appear(session: CopySession, { manifest, archive }: Opened, target: Target): Promise<void> {
  const { id, slug, existing } = target;
  const { name, plan } = manifest.tenant;
  const archived = manifest.tenant.status === 'active' ? 'active' : 'suspended';
  const isLive = existing?.status === 'active' || existing?.status === 'suspended';
  const status = isLive ? existing.status : archived;
  if (existing === null) {
    await session.rows(insert, [id, slug, name, plan, status]);
    await session.rows(note, [id, null, status, `from ${archive}`]);
    return;
  }
  const [row] = await session.rows<{ was: string; status: string }>(revive, [id, status, existing.status]);
  await session.rows(note, [id, row!.was, row!.status, `from ${archive}`]);
}
