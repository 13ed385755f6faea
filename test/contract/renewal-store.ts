/** What every RenewalStore promises: only for a package in use, found by its serial, bounded, noted, and none of one key twice. */
import { expect, test } from 'vitest';
import type { PackageStore } from '../../actors/ports/package-store.ts';
import {
  livingCertificatesMax,
  type RenewalStore,
  type RenewedCertificate,
} from '../../actors/ports/renewal-store.ts';
import { newPackageId } from '../../store/ids.ts';
import { newTenant, type StoreSetup } from './store-setup.ts';

type RenewalSetup = StoreSetup & {
  packages: PackageStore;
  renewals: RenewalStore;
  users: { changes(tenantId: string): Promise<{ event: string; who: string; why: string | null }[]> };
};

const by = 'spiffe://test/tenant/t/agent/edge_1';
const hourMs = 3_600_000;

/** Two digits of hexadecimal for each. */
const hex = (n: number) => n.toString(16).padStart(2, '0');
const renewed = (n: number, lifeMs = hourMs): RenewedCertificate => ({
  ...{
    serial: `5e${hex(n)}`,
    keyFingerprint: hex(n).repeat(32),
    chainPem: `chain ${n}`,
    endsAtMs: Date.now() + lifeMs,
  },
});

export function renewalStoreContract(setupOf: () => RenewalSetup): void {
  /** Of a new tenant, in use unless told. */
  async function inUse(state: 'issued' | 'delivered' | 'activated' = 'activated') {
    const { packages } = setupOf();
    const tenantId = await newTenant(setupOf());
    const id = newPackageId();
    const made = { kind: 'agent', name: 'edge_1', partition: 'default', secretHash: 'a'.repeat(64) } as const;
    await packages.create(
      tenantId,
      { ...made, id, tokenSigner: 'c2ln', expiresAtMs: Date.now() + hourMs },
      by,
    );
    const first = { keyFingerprint: 'f'.repeat(64), serial: '4f', chainPem: 'first' };
    if (state !== 'issued') await packages.deliver(tenantId, id, first);
    if (state === 'activated') await packages.change(tenantId, id, 'activate', by, null);
    return { tenantId, id };
  }

  test('a renewed certificate is of its package, and noted with who', async () => {
    const { packages, renewals, users } = setupOf();
    const { tenantId, id } = await inUse();
    expect(await renewals.living(tenantId, id)).toEqual([]);
    const one = { ...renewed(1), endsAtMs: Math.floor(renewed(1).endsAtMs) };
    expect(await renewals.add(tenantId, id, one, by)).toBe(true);
    expect(await renewals.living(tenantId, id)).toEqual([one]);
    for (const serial of ['4f', one.serial])
      expect(await packages.find(tenantId, { serial })).toMatchObject({ id, state: 'activated' });
    expect(await packages.find(tenantId, { serial: '5eff' })).toBeNull();
    expect((await users.changes(tenantId)).at(-1)).toMatchObject({
      ...{ event: 'package_renew', who: by, why: expect.stringContaining(`serial ${one.serial}`) },
    });
  });

  test('a package that is not in use, or is not there, gets none', async () => {
    const { packages, renewals } = setupOf();
    for (const state of ['issued', 'delivered'] as const) {
      const { tenantId, id } = await inUse(state);
      expect(await renewals.add(tenantId, id, renewed(2), by)).toBe(false);
      expect(await renewals.add(tenantId, 'pkg_none', renewed(2), by)).toBe(false);
    }
    const { tenantId, id } = await inUse();
    expect(await renewals.add(tenantId, id, renewed(3), by)).toBe(true);
    await packages.change(tenantId, id, 'revoke', by, null);
    expect(await renewals.add(tenantId, id, renewed(4), by)).toBe(false);
    expect(await packages.find(tenantId, { serial: renewed(3).serial })).toMatchObject({ state: 'revoked' });
    expect(await renewals.living(tenantId, id)).toHaveLength(1);
  });

  test('of many that come at once with one key one is written, and none after a revocation', async () => {
    const { packages, renewals } = setupOf();
    const { tenantId, id } = await inUse();
    const same = Array.from({ length: 8 }, (_, n) => ({
      ...renewed(20 + n),
      keyFingerprint: 'e'.repeat(64),
    }));
    const added = await Promise.all(same.map((one) => renewals.add(tenantId, id, one, by)));
    expect(added.filter(Boolean)).toHaveLength(1);
    const [, ...late] = await Promise.all([
      packages.change(tenantId, id, 'revoke', by, null),
      ...[30, 31, 32, 33].map((n) => renewals.add(tenantId, id, renewed(n), by)),
    ]);
    const living = await renewals.living(tenantId, id);
    expect(living).toHaveLength(1 + late.filter(Boolean).length);
  });

  test('it has so many that have not ended, and those that have make room', async () => {
    const { renewals } = setupOf();
    const { tenantId, id } = await inUse();
    for (let n = 0; n < livingCertificatesMax; n += 1)
      expect(await renewals.add(tenantId, id, renewed(40 + n, n === 0 ? 1_500 : hourMs), by)).toBe(true);
    const full = await renewals.living(tenantId, id);
    expect(full.length).toBeGreaterThanOrEqual(livingCertificatesMax - 1);
    const endMs = Date.now() + 10_000;
    let added = false;
    while (!added && Date.now() < endMs) added = await renewals.add(tenantId, id, renewed(60), by);
    expect(added).toBe(true);
    expect(await renewals.add(tenantId, id, renewed(61), by)).toBe(false);
  });
}
