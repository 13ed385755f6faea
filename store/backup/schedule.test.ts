/** The daily backup on a real database: begun once a day, by one coordinator, and again by the next one if it was not ended. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { clock, type ScratchDatabase, scratchDatabase } from '../../test/contract/scratch-database.ts';
import { StoreError } from '../errors.ts';
import { openKeyRing } from '../vault/ring-file.ts';
import type { OnProgress } from './dump.ts';
import { folderPlace } from './folder-place.ts';
import { listArchives } from './kept-archives.ts';
import { openBackups } from './open-backups.ts';
import { backupRunner } from './run-due.ts';
import type { BackupSchedule } from './schedule.ts';

const folder = mkdtempSync(join(tmpdir(), 'picket-schedule-'));
const terms = { place: folder, keep: 1, days: null };
let database: ScratchDatabase;
let schedule: BackupSchedule;
let raw: pg.Client;
beforeAll(async () => {
  database = await scratchDatabase();
  schedule = database.store.backupSchedule;
  raw = new pg.Client({ connectionString: database.server.url });
  await raw.connect();
});
afterAll(async () => {
  await raw?.end();
  await database?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => schedule.off());

const minuteNow = async () => {
  const { rows } = await raw.query(
    "SELECT extract(epoch FROM now() AT TIME ZONE 'UTC')::bigint / 60 % 1440 AS minute",
  );
  return Number((rows[0] as { minute: string }).minute);
};
/** As if it had been set, and done what it did, so many hours earlier. */
const earlier = (hours: number) =>
  raw.query(
    "UPDATE platform.backup_schedule SET set_at = set_at - $1 * interval '1 hour', started_at = started_at - $1 * interval '1 hour'",
    [hours],
  );

test('what is set is read again, and what is not set is not due', async () => {
  expect(await schedule.read()).toBeNull();
  expect(await schedule.claim(1)).toBeNull();
  await schedule.set({ ...terms, atMinute: 180, days: 30 });
  expect(await schedule.read()).toEqual({ terms: { ...terms, atMinute: 180, days: 30 }, last: null });
});

test('a day has one run, from its moment on, whoever asks first', async () => {
  const minute = await minuteNow();
  await schedule.set({ ...terms, atMinute: (minute + 1440 - 1) % 1440 });
  // Its moment of today was before it was set.
  expect(await schedule.claim(5)).toBeNull();
  await earlier(23);
  const claims = await Promise.all([schedule.claim(5), schedule.claim(5), schedule.claim(5)]);
  expect(claims.filter((one) => one !== null)).toHaveLength(1);
  await schedule.end(5, { copied: 3, failed: 0, error: null });
  expect((await schedule.read())!.last).toMatchObject({ copied: 3, failed: 0, error: null });
  expect(await schedule.claim(6)).toBeNull();
  await earlier(24);
  expect(await schedule.claim(4)).toBeNull();
  expect(await schedule.claim(6)).not.toBeNull();
});

test('a run that its coordinator did not end is begun again by the next, and the late end of the first counts no more', async () => {
  await schedule.set({ ...terms, atMinute: ((await minuteNow()) + 1440 - 1) % 1440 });
  await earlier(23);
  expect(await schedule.claim(5)).not.toBeNull();
  expect(await schedule.claim(5)).toBeNull();
  expect(await schedule.claim(6)).not.toBeNull();
  await schedule.end(5, { copied: 1, failed: 0, error: null });
  expect((await schedule.read())!.last).toMatchObject({ endedAtMs: null, copied: null });
});

test('every tenant is copied, what fails is told and keeps nobody, and only then old ones go', async () => {
  for (const slug of ['acme', 'beta']) await database.store.tenants.create(slug, slug);
  const place = folderPlace(folder, clock);
  let failing: string | null = null;
  const open = () => {
    const keys = openKeyRing(join(folder, 'keys'), clock.wallMs());
    const backups = openBackups({ url: database.server.url, place, keys, clock, picket: '9.9.9' });
    return {
      place,
      backups: {
        ...backups,
        create: async (tenant: string, told: OnProgress) => {
          if (tenant === failing) throw new StoreError('place_unusable', 'planted');
          return await backups.create(tenant, told);
        },
      },
    };
  };
  const runner = backupRunner({ schedule, clock, open });
  const onceMore = async (epoch: number) => {
    await schedule.set({ ...terms, atMinute: ((await minuteNow()) + 1440 - 1) % 1440 });
    await earlier(24);
    return await runner.runDue(epoch, () => true);
  };
  expect(await onceMore(1)).toEqual({ copied: 2, failed: 0, removed: 0, error: null });
  failing = 'acme';
  expect(await onceMore(2)).toEqual({ copied: 1, failed: 1, removed: 0, error: 'acme: planted' });
  expect(await listArchives(place)).toHaveLength(3);
  failing = null;
  expect(await onceMore(3)).toEqual({ copied: 2, failed: 0, removed: 3, error: null });
  expect((await listArchives(place)).map(({ slug }) => slug).sort()).toEqual(['acme', 'beta']);
  expect(await runner.runDue(3, () => true)).toBeNull();
  await schedule.set({ ...terms, atMinute: ((await minuteNow()) + 1440 - 1) % 1440 });
  await earlier(24);
  expect(await runner.runDue(4, () => false)).toMatchObject({
    copied: 0,
    error: expect.stringContaining('another core'),
  });
});
