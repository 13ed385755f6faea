/** Another key for a tenant's intermediate: what stays good, what ends, and what a crash leaves. */
import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  createAuthority,
  issueTenantNode,
  type KeyedCertificate,
  openTenantAuthority,
  readTextFile,
  retireTenantAuthority,
  revocationListPath,
  revoke,
  rotateTenantAuthority,
  verifyPem,
  writeAuthority,
} from './index.ts';

const tenantId = 'k7mzq2wn5xjd';
const dayMs = 24 * 3_600_000;
const trustDomain = 'example.org';

async function scene() {
  let nowMs = Date.UTC(2026, 5, 1);
  const clock = { wallMs: () => nowMs };
  const folder = join(mkdtempSync(join(tmpdir(), 'picket-rotate-')), 'authority');
  const authority = await createAuthority(trustDomain, clock);
  await writeAuthority(folder, authority);
  const open = () => openTenantAuthority(folder, authority, tenantId, clock);
  const rotate = (signing: KeyedCertificate | null) =>
    rotateTenantAuthority(folder, authority, tenantId, clock, signing?.certificatePem ?? null);
  const leaf = async (issuer: KeyedCertificate) => {
    const node = { trustDomain, tenantId, role: 'agent', name: 'edge_1' } as const;
    return (await issueTenantNode(authority.root, issuer, node, clock)).chainPem;
  };
  const verdict = async (pem: string) => {
    const lists = await readTextFile(revocationListPath(folder)).catch(() => null);
    const read = verifyPem({
      ...{ pem, nowMs, rootsPem: authority.root.certificatePem },
      ...(lists !== null && { revocationListsPem: lists }),
    });
    return read.ok ? 'good' : read.error.code;
  };
  const later = (ms: number) => {
    nowMs += ms;
  };
  return { folder, clock, open, rotate, leaf, verdict, later };
}

test('after another key signs, what the one before signed is good until that is retired, and never again', async () => {
  const { folder, clock, open, rotate, leaf, verdict } = await scene();
  const old = await open();
  const before = await leaf(old);
  const made = await rotate(old);
  expect(made.privateKeyPem).not.toBe(old.privateKeyPem);
  expect(await open()).toEqual(made);
  const after = await leaf(made);
  expect([await verdict(before), await verdict(after)]).toEqual(['good', 'good']);
  await retireTenantAuthority(folder, tenantId, old.certificatePem, clock);
  expect([await verdict(before), await verdict(after)]).toEqual(['revoked', 'good']);
  expect(await verdict(await leaf(old))).toBe('revoked');
  expect(readdirSync(join(folder, 'tenants/retired'))).toEqual([]);
  await retireTenantAuthority(folder, tenantId, old.certificatePem, clock);
});

test('while both count, leaves of both can be revoked, each by the list of its own', async () => {
  const { folder, clock, open, rotate, leaf, verdict } = await scene();
  const old = await open();
  const [one, other] = [await leaf(old), await leaf(old)];
  const made = await rotate(old);
  const [third, fourth] = [await leaf(made), await leaf(made)];
  expect((await revoke(folder, { pem: one }, clock)).issuers[0]).toMatch(`tenants/retired/${tenantId}-`);
  expect((await revoke(folder, { pem: third }, clock)).issuers).toEqual([`tenants/${tenantId}`]);
  const all = [one, other, third, fourth];
  expect(await Promise.all(all.map(verdict))).toEqual(['revoked', 'good', 'revoked', 'good']);
});

test('keys that nobody retired go when no leaf of theirs can be left', async () => {
  const { folder, open, rotate, later } = await scene();
  await rotate(await open());
  expect(readdirSync(join(folder, 'tenants/retired'))).toHaveLength(2);
  later(31 * dayMs);
  const [last] = [await rotate(await open())];
  expect(readdirSync(join(folder, 'tenants/retired'))).toHaveLength(2);
  expect(await open()).toEqual(last);
});

/** What lies in the folder after each step of a rotation, by what a whole one leaves. */
const crashes: Readonly<Record<string, (tenants: string, old: string) => void>> = {
  'the old pair was kept'(tenants, old) {
    undo(tenants, old);
  },
  'a new key was written'(tenants, old) {
    renameSync(join(tenants, `${tenantId}-key.pem`), join(tenants, `${tenantId}-next-key.pem`));
    rmSync(join(tenants, `${tenantId}.pem`));
    undo(tenants, old);
  },
  'the new pair was written'(tenants, old) {
    for (const end of ['-key.pem', '.pem'])
      renameSync(join(tenants, `${tenantId}${end}`), join(tenants, `${tenantId}-next${end}`));
    undo(tenants, old);
  },
  'the new key took its place'(tenants, old) {
    renameSync(join(tenants, `${tenantId}.pem`), join(tenants, `${tenantId}-next.pem`));
    cpSync(join(old, `${tenantId}.pem`), join(tenants, `${tenantId}.pem`));
  },
  'all was done and the cluster was not told'() {},
};

function undo(tenants: string, old: string): void {
  for (const end of ['-key.pem', '.pem'])
    cpSync(join(old, `${tenantId}${end}`), join(tenants, `${tenantId}${end}`));
}

test.each(Object.keys(crashes))(
  'a crash when %s leaves one that signs, and the rotation goes on',
  async (crash) => {
    const { folder, clock, open, rotate, leaf, verdict } = await scene();
    const signing = await open();
    const before = await leaf(signing);
    const tenants = join(folder, 'tenants');
    const old = mkdtempSync(join(tmpdir(), 'picket-old-'));
    cpSync(tenants, old, { recursive: true });
    const made = await rotate(signing);
    crashes[crash]!(tenants, old);
    // The cluster signs with what it had, and everything can still be revoked.
    expect(await verdict(await leaf(signing))).toBe('good');
    await revoke(folder, { pem: await leaf(signing) }, clock);
    const found = await open();
    expect(await verdict(await leaf(found))).toBe('good');
    const again = await rotate(signing);
    expect(again.certificatePem).not.toBe(signing.certificatePem);
    expect(await open()).toEqual(again);
    const isFinished = [
      'the new pair was written',
      'the new key took its place',
      'all was done and the cluster was not told',
    ];
    expect(again.certificatePem === made.certificatePem).toBe(isFinished.includes(crash));
    await retireTenantAuthority(folder, tenantId, signing.certificatePem, clock);
    expect([await verdict(before), await verdict(await leaf(again))]).toEqual(['revoked', 'good']);
  },
);
