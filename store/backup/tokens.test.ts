/** Packages and authorities through an archive: nothing comes back that could be used a second time, or by another tenant. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  clock,
  ringOf,
  type ScratchDatabase,
  scratchDatabase,
} from '../../test/contract/scratch-database.ts';
import { newTenant, unique } from '../../test/contract/store-setup.ts';
import { newPackageId } from '../ids.ts';
import { openKeyRing } from '../vault/ring-file.ts';
import { folderPlace } from './folder-place.ts';
import { openBackups } from './open-backups.ts';

const by = 'tester';
const quiet = () => {};
const folder = mkdtempSync(join(tmpdir(), 'picket-tokens-'));
const authority = { certificatePem: 'certificate', privateKeyPem: 'key' };
let database: ScratchDatabase;

beforeAll(async () => {
  database = await scratchDatabase();
});
afterAll(async () => {
  await database?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function filled() {
  const { packages, authorities, tenants } = database.store;
  const id = await newTenant({ ...database.store, expireSession: async () => {} });
  const first = await authorities.replace(id, { certificatePem: 'former', privateKeyPem: 'key' }, null, {
    by,
    overlapMs: 0,
    serial: null,
  });
  await authorities.replace(id, authority, first, { by, overlapMs: 0, serial: 'aa01' });
  const make = async (name: string) => {
    const made = { id: newPackageId(), kind: 'agent', name, partition: 'default' } as const;
    const kept = { secretHash: 'a'.repeat(64), tokenSigner: 'x', expiresAtMs: clock.wallMs() + 3_600_000 };
    await packages.create(id, { ...made, ...kept }, by);
    return made.id;
  };
  const [issued, delivered, activated] = [
    await make('issued'),
    await make('delivered'),
    await make('activated'),
  ];
  for (const one of [delivered, activated])
    await packages.deliver(id, one, { keyFingerprint: 'b'.repeat(64), serial: one, chainPem: 'chain' });
  await packages.change(id, activated, 'activate', by, null);
  return { id, slug: (await tenants.find(id))!.slug, issued };
}

const statesOf = async (tenantId: string) =>
  Object.fromEntries((await database.store.packages.list(tenantId)).map(({ name, state }) => [name, state]));

test('a token that may have been used since is over in a restored archive; what was in use stays so', async () => {
  const { id, slug, issued } = await filled();
  const keys = openKeyRing(ringOf(database.dataDir), clock.wallMs());
  const place = folderPlace(join(folder, 'archives'), clock);
  const backups = openBackups({ url: database.server.url, keys, place, clock, picket: '9.9.9' });
  const { name } = await backups.create(slug, quiet);
  await backups.verify(name, quiet);
  const { packages, authorities } = database.store;
  expect(
    await packages.deliver(id, issued, { keyFingerprint: 'c'.repeat(64), serial: 'since', chainPem: 'c' }),
  ).toBe(true);
  await backups.restore(name, { as: null, replace: true }, quiet);
  expect(await statesOf(id)).toEqual({ issued: 'expired', delivered: 'expired', activated: 'activated' });
  expect(await authorities.read(id)).toEqual(authority);
  expect((await authorities.former(id))[0]).toMatchObject({
    serial: 'aa01',
    retiredAtMs: expect.any(Number),
  });
  const { tenant } = await backups.restore(name, { as: unique('copy'), replace: false }, quiet);
  expect(await statesOf(tenant.id)).toEqual({
    issued: 'expired',
    delivered: 'expired',
    activated: 'revoked',
  });
  expect(await authorities.read(tenant.id)).toBeNull();
  await backups.close();
});
