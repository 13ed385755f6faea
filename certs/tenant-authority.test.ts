import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  createAuthority,
  issueTenantNode,
  openTenantAuthority,
  readRevocationLists,
  readTextFile,
  revocationListPath,
  revoke,
  type TenantNodeRole,
  verifyPem,
  writeAuthority,
} from './index.ts';

const tenantId = 'k7mzq2wn5xjd';
const dayMs = 24 * 3_600_000;
const trustDomain = 'example.org';

async function scene() {
  let nowMs = Date.UTC(2026, 5, 1);
  const clock = { wallMs: () => nowMs };
  const folder = join(mkdtempSync(join(tmpdir(), 'picket-tenant-')), 'authority');
  const authority = await createAuthority(trustDomain, clock);
  await writeAuthority(folder, authority);
  const issue = async (id: string, role: TenantNodeRole = 'poller', name = 'edge_1') => {
    const issuer = await openTenantAuthority(folder, authority, id, clock);
    const node = { trustDomain, tenantId: id, role, name };
    return { issuer, credential: await issueTenantNode(authority.root, issuer, node, clock) };
  };
  const verdict = (pem: string, revocationListsPem?: string) =>
    verifyPem({
      pem,
      rootsPem: authority.root.certificatePem,
      nowMs,
      ...(revocationListsPem && { revocationListsPem }),
    });
  const later = (ms: number) => {
    nowMs += ms;
  };
  return { folder, clock, issue, verdict, later };
}

test('a tenant’s node is issued by the tenant’s own intermediate, and proves that tenant', async () => {
  const { issue, verdict } = await scene();
  const { credential } = await issue(tenantId);
  expect(verdict(credential.chainPem)).toMatchObject({
    ok: true,
    identity: { kind: 'tenant', tenantId, role: 'poller', id: 'edge_1' },
  });
});

test('the intermediate of one tenant does not sign for another', async () => {
  const { issue, verdict, clock } = await scene();
  const { issuer, credential } = await issue(tenantId);
  const node = { trustDomain, tenantId: 'a7mzq2wn5xjd', role: 'poller', name: 'edge_1' } as const;
  const root = { certificatePem: credential.rootsPem };
  const forged = await issueTenantNode(root, issuer, node, clock);
  expect(verdict(forged.chainPem)).toMatchObject({ ok: false, error: { code: 'issuer_not_tenant' } });
});

test('the intermediate is made once, and near its end another key takes its place', async () => {
  const { issue, later, verdict } = await scene();
  const first = await issue(tenantId);
  expect((await issue(tenantId)).issuer).toEqual(first.issuer);
  later(246 * dayMs);
  const another = await issue(tenantId);
  expect(another.issuer.privateKeyPem).not.toBe(first.issuer.privateKeyPem);
  expect(another.issuer.certificatePem).not.toBe(first.issuer.certificatePem);
  expect(verdict(another.credential.chainPem).ok).toBe(true);
});

test('a tenant’s node has a role and a name that a cluster would take', async () => {
  const { issue } = await scene();
  for (const [id, role, name] of [
    ['nope', 'poller', 'edge_1'],
    [tenantId, 'core', 'edge_1'],
    [tenantId, 'poller', 'Edge'],
    [tenantId, 'poller', 'x'.repeat(51)],
  ] as const) {
    await expect(issue(id, role as TenantNodeRole, name)).rejects.toMatchObject({ code: 'bad_name' });
  }
});

test('a certificate of a tenant’s node is revoked like any other', async () => {
  const { folder, clock, issue, verdict } = await scene();
  const { credential } = await issue(tenantId);
  const done = await revoke(folder, { pem: credential.chainPem }, clock);
  expect(done).toMatchObject({ issuers: [`tenants/${tenantId}`], already: false });
  const lists = await readTextFile(revocationListPath(folder));
  expect(readRevocationLists(lists).ok).toBe(true);
  expect(verdict(credential.chainPem, lists)).toMatchObject({ ok: false, error: { code: 'revoked' } });
});
