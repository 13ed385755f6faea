/** What every PackageStore promises: one key of any number, only the drawn ways, each noted, and an end in time. */
import { expect, test } from 'vitest';
import type { Delivered, NewPackage, PackageStore } from '../../actors/ports/package-store.ts';
import { newPackageId } from '../../store/ids.ts';
import { newTenant, type StoreSetup } from './store-setup.ts';

type PackageSetup = StoreSetup & {
  packages: PackageStore;
  users: { changes(tenantId: string): Promise<{ event: string; who: string; why: string | null }[]> };
};

const by = 'spiffe://test/operator/ann';
const hash = (letter: string) => letter.repeat(64);
let made = 0;

const newPackage = (given: Partial<NewPackage> = {}): NewPackage => {
  made += 1;
  return {
    id: newPackageId(),
    kind: 'agent',
    name: `edge_${made}`,
    partition: 'default',
    secretHash: hash('a'),
    tokenSigner: 'c2lnbmVy',
    expiresAtMs: Date.now() + 3_600_000,
    ...given,
  };
};
const delivered = (letter: string): Delivered => ({
  keyFingerprint: hash(letter),
  serial: `4${letter}`,
  chainPem: `chain of ${letter}`,
});

export function packageStoreContract(setupOf: () => PackageSetup): void {
  test('a package is made, found by id and serial, listed the newest first, and noted', async () => {
    const { packages, users } = setupOf();
    const id = await newTenant(setupOf());
    const [one, other] = [newPackage(), newPackage({ kind: 'poller', partition: 'north' })];
    const row = await packages.create(id, one, by);
    expect(row).toMatchObject({ ...one, state: 'issued', delivered: null, deliveredAtMs: null });
    await packages.create(id, other, by);
    expect((await packages.list(id)).map((each) => each.id)).toEqual([other.id, one.id]);
    expect(await packages.find(id, { id: one.id })).toEqual(row);
    expect(await packages.find(id, { id: 'pkg_none' })).toBeNull();
    await packages.deliver(id, one.id, delivered('b'));
    expect(await packages.find(id, { serial: '4b' })).toMatchObject({
      id: one.id,
      delivered: delivered('b'),
    });
    const notes = (await users.changes(id)).filter(({ event }) => event.startsWith('package_'));
    expect(notes.map(({ event, who, why }) => [event, who, why])).toEqual([
      ['package_create', by, null],
      ['package_create', by, null],
      ['package_deliver', 'enrolment', 'issued -> delivered'],
    ]);
    expect(JSON.stringify(notes)).not.toContain(one.secretHash);
  });

  test('of a hundred keys that come at once one is delivered to', async () => {
    const { packages } = setupOf();
    const id = await newTenant(setupOf());
    const one = newPackage();
    await packages.create(id, one, by);
    const keys = Array.from({ length: 100 }, (_, at) => at.toString(16).padStart(2, '0'));
    const answers = await Promise.all(
      keys.map((key) =>
        packages.deliver(id, one.id, {
          keyFingerprint: key.repeat(32),
          serial: `41${key}`,
          chainPem: `chain ${key}`,
        }),
      ),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
    const winner = keys[answers.indexOf(true)]!;
    expect((await packages.find(id, { id: one.id }))?.delivered?.chainPem).toBe(`chain ${winner}`);
  });

  test('only the drawn ways are gone; what is refused names those that may be', async () => {
    const { packages } = setupOf();
    const id = await newTenant(setupOf());
    const one = newPackage();
    await packages.create(id, one, by);
    expect(await packages.change(id, one.id, 'activate', by, null)).toEqual({
      refused: 'bad_transition',
      detail: expect.stringMatching(
        /is issued: .*"activate"; allowed now: deliver, revoke, expire, soft_delete$/,
      ),
    });
    await packages.deliver(id, one.id, delivered('c'));
    expect(await packages.change(id, one.id, 'activate', by, null)).toMatchObject({
      package: { state: 'activated', activatedAtMs: expect.any(Number) },
    });
    expect(await packages.deliver(id, one.id, delivered('d'))).toBe(false);
    expect(await packages.change(id, one.id, 'revoke', by, 'stolen')).toMatchObject({
      package: { state: 'revoked' },
    });
    expect(await packages.change(id, one.id, 'revoke', by, null)).toMatchObject({
      refused: 'bad_transition',
    });
    await packages.change(id, one.id, 'soft_delete', by, null);
    expect(await packages.list(id)).toEqual([]);
    await expect(packages.change(id, one.id, 'revoke', by, null)).rejects.toMatchObject({
      code: 'no_such_package',
    });
  });

  test('two living packages of a tenant have not one kind and name; after the first was revoked there may be another', async () => {
    const { packages } = setupOf();
    const [id, other] = [await newTenant(setupOf()), await newTenant(setupOf())];
    const [first, second] = [newPackage({ name: 'twin' }), newPackage({ name: 'twin' })];
    await packages.create(id, first, by);
    await expect(packages.create(id, second, by)).rejects.toMatchObject({ code: 'package_exists' });
    await packages.create(other, second, by);
    await packages.create(id, newPackage({ name: 'twin', kind: 'poller' }), by);
    await packages.change(id, first.id, 'revoke', by, null);
    await packages.create(id, newPackage({ name: 'twin' }), by);
  });

  test('what runs out is delivered to nobody, and ends in the next turn with what was delivered and never activated', async () => {
    const { packages } = setupOf();
    const id = await newTenant(setupOf());
    const soon = Date.now() + 1_500;
    const rows = ['issued', 'delivered', 'activated', 'later'].map((name) =>
      newPackage({ name, expiresAtMs: name === 'later' ? soon + 3_600_000 : soon }),
    );
    for (const row of rows) await packages.create(id, row, by);
    const [issued, given, activated, later] = rows;
    await packages.deliver(id, given!.id, delivered('e'));
    await packages.deliver(id, activated!.id, delivered('f'));
    await packages.change(id, activated!.id, 'activate', by, null);
    const ended: string[] = [];
    await expect
      .poll(
        async () => {
          for (const one of await packages.expireDue()) if (one.tenantId === id) ended.push(one.package.id);
          return ended.sort();
        },
        { timeout: 10_000 },
      )
      .toEqual([issued!.id, given!.id].sort());
    expect(await packages.deliver(id, issued!.id, delivered('0'))).toBe(false);
    const states = new Map((await packages.list(id)).map((row) => [row.id, row.state]));
    expect(rows.map((row) => states.get(row.id))).toEqual(['expired', 'expired', 'activated', 'issued']);
    expect(await packages.expireDue()).toEqual([]);
    expect(await packages.find(id, { id: later!.id })).toMatchObject({ state: 'issued' });
  });

  test('another tenant’s package is nobody’s', async () => {
    const { packages } = setupOf();
    const [id, other] = [await newTenant(setupOf()), await newTenant(setupOf())];
    const one = newPackage();
    await packages.create(id, one, by);
    expect(await packages.find(other, { id: one.id })).toBeNull();
    expect(await packages.deliver(other, one.id, delivered('7'))).toBe(false);
    await expect(packages.change(other, one.id, 'revoke', by, null)).rejects.toMatchObject({
      code: 'no_such_package',
    });
  });
}
