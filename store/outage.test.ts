/** The database goes away under an open store and comes back: errors with a code, no crash, no restart of ours. */
import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { clock, phaseOf, scratchDatabase, startIn } from '../test/contract/scratch-database.ts';
import { everything, holderOf, newCheck, newTenant, result } from '../test/contract/store-setup.ts';
import { openStore } from './open-store.ts';

async function refusalAtLast(ask: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    try {
      await ask();
    } catch (error) {
      return error;
    }
  }
}

test('a store goes on by itself after its server was killed and started again, and keeps its committed rows', async () => {
  const database = await scratchDatabase();
  const { store } = database;
  const setup = { ...store, expireSession: async () => {} };
  const tenantId = await newTenant(setup);
  const [check] = await store.checks.add(tenantId, [newCheck('a check')]);
  const holder = await holderOf(setup, tenantId);
  const rows = Array.from({ length: 500 }, (_, i) => result(check!.id, 1_800_000_000_000 + i * 1_000));
  await holder.write({ results: rows });
  process.kill(database.server.pid, 'SIGKILL');
  await database.server.exited;
  // Backends of a postmaster that was killed serve their clients until they notice.
  expect(await refusalAtLast(() => store.health())).toMatchObject({ code: 'store_unavailable' });
  const renewal = () => store.leases.renewSession(holder.node, 1);
  expect(await refusalAtLast(renewal)).toMatchObject({ code: 'store_unavailable' });
  expect(await refusalAtLast(() => holder.write({ results: rows }))).toMatchObject({
    code: 'store_unavailable',
  });
  const again = await startIn(database.dataDir);
  expect(again.url).toBe(database.server.url);
  expect(await store.results.results(tenantId, everything)).toHaveLength(500);
  // The session may have ended meanwhile: nobody took its leases, so it is revived with the same epochs.
  await renewal();
  expect(await holder.write({ late: rows })).toMatchObject({ fenced: [] });
  expect(await store.leases.acquire(tenantId, holder.node, 1)).toMatchObject({
    granted: true,
    epoch: holder.epoch,
  });
  await store.close();
  await again.stop();
  rmSync(database.dataDir, { recursive: true, force: true });
});

test('a store whose login is refused, or whose server is nowhere, says which', async () => {
  const database = await scratchDatabase();
  const open = (url: string) => openStore({ url, phaseOf, clock });
  const wrong = open(database.server.url.replace(/:[^:@]+@/, ':wrong-password@'));
  await expect(wrong.health()).rejects.toMatchObject({ code: 'access_denied' });
  const nowhere = open('postgresql://picket:x@127.0.0.1:1/picket');
  await expect(nowhere.health()).rejects.toMatchObject({ code: 'store_unavailable' });
  await Promise.all([wrong.close(), nowhere.close(), database.close()]);
});

test('a login role that is a superuser is refused before anything is made', async () => {
  const database = await scratchDatabase();
  const { readFileSync } = await import('node:fs');
  const password = readFileSync(`${database.dataDir}/secrets/postgres-superuser`, 'utf8').trim();
  const url = database.server.url.replace(/\/\/[^@]+@/, `//postgres:${password}@`);
  const strong = openStore({ url, phaseOf, clock });
  await expect(strong.migrate()).rejects.toMatchObject({ code: 'login_role_unfit' });
  await strong.close();
  await database.close();
});
