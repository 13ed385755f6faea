/** Users and integrations on a real database: what is private lies there sealed, and quotas hold whoever adds at once. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clock, flavours, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { newCheck, newTenant } from '../test/contract/store-setup.ts';
import { tenantMigrations } from './migrations/all.ts';
import { openSchema } from './open-schema.ts';
import type { NewUser } from './user-fields.ts';

const by = 'spiffe://test/operator/ann';
const user = (email: string): NewUser => ({ role: 'viewer', name: 'Ann Lee', email });
const secret = {
  name: 'cmdb',
  kind: 'netbox',
  endpoint: 'https://cmdb.example/api',
  credentials: 'token-4711',
};

for (const flavour of flavours) {
  const title = flavour.missing === null ? flavour.name : `${flavour.name} (skipped: ${flavour.missing})`;
  describe.skipIf(flavour.missing !== null)(title, () => {
    let database: ScratchDatabase;
    let raw: pg.Client;
    const fresh = () => newTenant({ ...database.store, expireSession: async () => {} });

    beforeAll(async () => {
      database = await scratchDatabase(flavour);
      raw = new pg.Client({ connectionString: database.server.url });
      await raw.connect();
    });
    afterAll(async () => {
      await raw?.end();
      await database?.close();
    });
    const asTenant = async (id: string, text: string, values: unknown[] = []) => {
      await raw.query(`SET ROLE tenant_${id}; SET search_path = tenant_${id}`);
      try {
        return (await raw.query(text, values)).rows;
      } finally {
        await raw.query('RESET ROLE; RESET search_path');
      }
    };

    test('a user is added, found by the address however it is written, changed, listed and archived', async () => {
      const { users } = database.store;
      const id = await fresh();
      const contact = { phone: '+31 20 555 0101' };
      const added = await users.add(id, { ...user('Ann.Lee@Example.org'), contact }, by, null);
      expect(added).toMatchObject({
        email: 'Ann.Lee@Example.org',
        contact,
        unreadable: null,
        archivedAtMs: null,
      });
      expect(await users.find(id, ' ann.lee@EXAMPLE.org')).toEqual(added);
      expect(await users.find(id, 'bob@example.org')).toBeNull();
      const changed = await users.change(id, added.id, { role: 'admin', contact: { pager: '7' } }, by);
      expect(changed).toMatchObject({
        role: 'admin',
        name: 'Ann Lee',
        contact: { pager: '7' },
        email: added.email,
      });
      await expect(users.add(id, user('ann.lee@example.org'), by, null)).rejects.toMatchObject({
        code: 'email_taken',
      });
      const archived = await users.archive(id, added.id, by);
      expect(archived.archivedAtMs).not.toBeNull();
      expect(await users.find(id, 'ann.lee@example.org')).toBeNull();
      expect([await users.list(id, false), (await users.list(id, true)).map((one) => one.id)]).toEqual([
        [],
        [added.id],
      ]);
      await users.add(id, user('ann.lee@example.org'), by, 1);
      await expect(users.archive(id, added.id, by)).rejects.toMatchObject({ code: 'no_such_user' });
      await expect(users.change(id, 'usr_none\u0000', {}, by)).rejects.toMatchObject({
        code: 'no_such_user',
      });
      const changes = (await users.changes(id)).map(({ event, subject, who }) => [
        event,
        subject === added.id,
        who,
      ]);
      expect(changes).toEqual([
        ['user_add', true, by],
        ['user_change', true, by],
        ['user_archive', true, by],
        ['user_add', false, by],
      ]);
    });

    test('what was done to checks stands in the same history, with what was changed of them', async () => {
      const { users, checks } = database.store;
      const id = await fresh();
      const [check] = await checks.add(id, [newCheck('a check')]);
      await checks.edit(id, check!.id, { intervalMs: 5_000, retries: 2 }, { by, why: 'load' });
      await users.add(id, user('ann.lee@example.org'), by, null);
      await checks.remove(id, check!.id, { by });
      const changes = await users.changes(id);
      expect(changes.map(({ event, who, why }) => [event, who, why])).toEqual([
        ['check_edit', by, 'interval, retries: load'],
        ['user_add', by, null],
        ['check_archive', by, null],
      ]);
    });

    test('what a row may not say is refused before anything is sealed', async () => {
      const { users, integrations } = database.store;
      const id = await fresh();
      const refused = (given: object, code: string) =>
        expect(
          users.add(id, { ...user('a@b.c'), ...given } as NewUser, by, null),
          JSON.stringify(given),
        ).rejects.toMatchObject({ code });
      await refused({ email: 'ann' }, 'bad_email');
      await refused({ email: 7 }, 'bad_email');
      await refused({ role: 'root' }, 'bad_row');
      await refused({ name: ' \n' }, 'bad_row');
      await refused({ contact: ['x'] }, 'bad_row');
      await refused({ contact: { Phone: '1' } }, 'bad_row');
      await refused({ contact: { phone: 'x'.repeat(501) } }, 'bad_row');
      const none = { name: '', kind: 'Kind', endpoint: 'not a url' };
      for (const [key, value] of Object.entries(none))
        await expect(integrations.add(id, { ...secret, [key]: value }, by)).rejects.toMatchObject({
          code: 'bad_row',
        });
      await expect(
        integrations.add(id, { ...secret, endpoint: 'https://me:pw@cmdb.example/' }, by),
      ).rejects.toMatchObject({ code: 'bad_row' });
      await expect(
        integrations.add(id, { ...secret, credentials: 'x'.repeat(20_000) }, by),
      ).rejects.toMatchObject({ code: 'too_large' });
      expect(await users.changes(id)).toEqual([]);
    });

    test('credentials are kept for who connects, shown to nobody, and gone when they are removed', async () => {
      const { integrations } = database.store;
      const id = await fresh();
      const added = await integrations.add(id, secret, by);
      await integrations.add(id, { ...secret, name: 'open', credentials: null }, by);
      await expect(integrations.add(id, secret, by)).rejects.toMatchObject({ code: 'integration_exists' });
      const listed = await integrations.list(id);
      expect(listed.map(({ name, hasCredentials }) => [name, hasCredentials])).toEqual([
        ['cmdb', true],
        ['open', false],
      ]);
      expect(JSON.stringify([added, listed])).not.toContain('4711');
      expect(await integrations.credentials(id, 'cmdb')).toBe('token-4711');
      expect(await integrations.credentials(id, 'open')).toBeNull();
      expect(await integrations.remove(id, added.id, by)).toEqual(added);
      await expect(integrations.credentials(id, 'cmdb')).rejects.toMatchObject({
        code: 'no_such_integration',
      });
      await expect(integrations.remove(id, 'cmdb', by)).rejects.toMatchObject({
        code: 'no_such_integration',
      });
    });

    test('nothing private is in the tables, and the database takes nothing there that is not sealed', async () => {
      const { users, integrations } = database.store;
      const id = await fresh();
      await users.add(id, { ...user('ann.lee@example.org'), contact: { phone: '5550101' } }, by, null);
      await integrations.add(id, secret, by);
      for (const table of ['users', 'user_emails', 'integrations', 'audit']) {
        const rows = JSON.stringify(await asTenant(id, `SELECT * FROM ${table}`));
        expect(rows, table).not.toMatch(/example\.org|ann\.lee|5550101|4711/);
      }
      await expect(asTenant(id, "UPDATE users SET email_sealed = 'ann@example.org'")).rejects.toThrow(
        /check constraint/,
      );
      await expect(asTenant(id, "UPDATE integrations SET credentials_sealed = 'x'")).rejects.toThrow(
        /check constraint/,
      );
    });

    test('a value that was moved to another row is told by that row, and hides no other', async () => {
      const { users } = database.store;
      const [id, other] = [await fresh(), await fresh()];
      const [ann, bob] = [
        await users.add(id, user('ann@x.org'), by, null),
        await users.add(id, user('bob@x.org'), by, null),
      ];
      const eve = await users.add(other, user('eve@x.org'), by, null);
      await asTenant(
        id,
        `UPDATE users SET email_sealed = (SELECT email_sealed FROM users WHERE id = $1) WHERE id = $2`,
        [ann.id, bob.id],
      );
      const [sealed] = await asTenant(id, 'SELECT email_sealed FROM users WHERE id = $1', [ann.id]);
      await asTenant(other, 'UPDATE users SET email_sealed = $1', [sealed.email_sealed]);
      const told = (await users.list(id, false)).map(({ email, unreadable }) => [email, unreadable]);
      expect(told).toEqual([
        ['ann@x.org', null],
        [null, 'sealed_refused'],
      ]);
      expect(await users.list(other, false)).toEqual([
        { ...eve, email: null, contact: null, unreadable: 'sealed_refused' },
      ]);
    });

    test('of many that are added at once only as many as the plan allows get in, and one of each address', async () => {
      const { users } = database.store;
      const id = await fresh();
      const add = (at: number) => users.add(id, user(`user${at}@x.org`), by, 7);
      const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, at) => add(at)));
      expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(7);
      const codes = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
      expect(new Set(codes)).toEqual(new Set(['quota_users']));
      const [first] = await users.list(id, false);
      await users.archive(id, first!.id, by);
      const same = await Promise.allSettled(
        Array.from({ length: 6 }, () => users.add(id, user('same@x.org'), by, null)),
      );
      expect(same.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await asTenant(id, "SELECT amount::int FROM usage WHERE what = 'users'")).toEqual([
        { amount: 7 },
      ]);
    });

    test('a tenant whose schema has no users yet says so, and goes on with what it had', async () => {
      const { users } = database.store;
      const id = await fresh();
      const schema = openSchema(database.server.url, clock);
      await users.add(id, user('ann@x.org'), by, null);
      for (const { version } of tenantMigrations) if (version > 2) await schema.rollback({ tenant: id });
      await expect(users.add(id, user('ann@x.org'), by, null)).rejects.toMatchObject({
        code: 'schema_behind',
      });
      await expect(users.list(id, true)).rejects.toMatchObject({ code: 'schema_behind' });
      expect(await users.changes(id)).toEqual([]);
      await schema.migrate();
      expect(await users.list(id, true)).toEqual([]);
      await schema.close();
    });
  });
}
