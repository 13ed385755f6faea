import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type Authority,
  createAuthority,
  createIntermediate,
  createRevocationList,
  renewAuthority,
} from './authority.ts';
import { readAuthority, writeAuthority, writeIntermediates } from './authority-files.ts';
import { credentialPath, readCredential, writeCredential } from './credential-files.ts';
import { inspectPem, verifyPem } from './inspect.ts';
import { type Credential, issueLeaf, issueNode, issueOperator } from './issue.ts';

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 0, 1);
const clock = { wallMs: () => startMs };
let authority: Authority;
let folder: string;

beforeAll(async () => {
  authority = await createAuthority('picket.local', clock);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picket-certs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const verdict = (credential: Credential, nowMs = startMs, revocationListsPem = '') =>
  verifyPem({ pem: credential.chainPem, rootsPem: credential.rootsPem, nowMs, revocationListsPem });

describe('what the authority issues', () => {
  test('to a node is taken for a day, from five minutes before', async () => {
    const node = await issueNode(authority, { role: 'web', name: 'web_1' }, clock);
    const identity = { kind: 'node', trustDomain: 'picket.local', role: 'web', name: 'web_1' };
    expect(verdict(node)).toMatchObject({ ok: true, identity, notAfterMs: startMs + dayMs });
    expect(verdict(node, startMs - 300_000).ok).toBe(true);
    expect(verdict(node, startMs - 300_001)).toMatchObject({ error: { code: 'not_yet_valid' } });
    expect(verdict(node, startMs + dayMs + 1)).toMatchObject({ error: { code: 'expired' } });
  });

  test('to an operator carries the rights', async () => {
    const rights = ['*', ...Array.from({ length: 60 }, (_, i) => `tenant:write.${i}`)];
    for (const some of [[], ['*'], rights.slice(0, 9), rights]) {
      const operator = await issueOperator(authority, { name: 'Admin', rights: some }, clock);
      const identity = { kind: 'operator', trustDomain: 'picket.local', name: 'Admin', rights: some };
      expect(verdict(operator)).toMatchObject({ ok: true, identity });
    }
  });

  test('to a tenant comes from an intermediate of that tenant', async () => {
    const scope = { kind: 'tenant', tenantId: 'abcdefghijkl' } as const;
    const tenant = await createIntermediate(authority.root, 'picket.local', scope, clock);
    const identity = {
      kind: 'tenant',
      trustDomain: 'picket.local',
      tenantId: scope.tenantId,
      role: 'agent',
      id: 'a',
    } as const;
    expect(verdict(await issueLeaf(authority.root, tenant, { identity }, clock))).toMatchObject({
      ok: true,
      identity,
    });
    const another = { ...identity, tenantId: 'abcdefghijk2' };
    const refused = verdict(await issueLeaf(authority.root, tenant, { identity: another }, clock));
    expect(refused).toMatchObject({ ok: false, error: { code: 'issuer_not_tenant' } });
  });

  test('lives 30 days at most, and is taken when it does', async () => {
    const node = await issueNode(authority, { role: 'core', name: 'a', lifetimeMs: 30 * dayMs }, clock);
    expect(verdict(node)).toMatchObject({ ok: true, notAfterMs: startMs + 30 * dayMs });
    const longer = issueNode(authority, { role: 'core', name: 'a', lifetimeMs: 30 * dayMs + 1 }, clock);
    await expect(longer).rejects.toMatchObject({ code: 'bad_lifetime' });
  });

  test.each(['Core_1', 'a/b', '', 'a'.repeat(64), 'core.1', 'сore_1'])(
    'has no node by the name %j',
    async (name) => {
      await expect(issueNode(authority, { role: 'core', name }, clock)).rejects.toMatchObject({
        code: 'bad_name',
      });
    },
  );

  test('can be revoked', async () => {
    const node = await issueNode(authority, { role: 'core', name: 'core_1' }, clock);
    const taken = verdict(node);
    const list = await createRevocationList(authority.nodes, [taken.ok ? taken.serial : ''], clock);
    expect(verdict(node, startMs, list)).toMatchObject({ ok: false, error: { code: 'revoked' } });
    const other = await issueNode(authority, { role: 'core', name: 'core_1' }, clock);
    expect(verdict(other, startMs, list)).toMatchObject({ ok: true });
    const empty = await createRevocationList(authority.nodes, [], clock);
    expect(verdict(node, startMs, empty)).toMatchObject({ ok: true });
  });

  test('is shown without its key', async () => {
    const node = await issueNode(authority, { role: 'core', name: 'core_1' }, clock);
    const shown = inspectPem(node.privateKeyPem + node.chainPem);
    expect(shown).toMatchObject({
      ok: true,
      certificates: [
        { key: 'P-256', ca: false },
        { ca: true, path_length: 0 },
      ],
    });
    expect(inspectPem('nothing')).toMatchObject({ ok: false, error: { code: 'no_certificate' } });
    expect(inspectPem(node.chainPem.replace('MII', '*II'))).toMatchObject({
      ok: false,
      error: { code: 'malformed' },
    });
  });
});

describe('an authority that grows old', () => {
  test('gets new intermediates that old and new leaves are both taken under', async () => {
    const later = { wallMs: () => startMs + 246 * dayMs };
    expect((await renewAuthority(authority, clock)).changed).toEqual([]);
    const old = await issueNode(authority, { role: 'core', name: 'core_1' }, later);
    const { authority: renewed, changed } = await renewAuthority(authority, later);
    expect(changed).toEqual(['nodes', 'operators']);
    const year = { wallMs: () => startMs + 400 * dayMs };
    const fresh = await issueNode(renewed, { role: 'core', name: 'core_1' }, year);
    expect(verdict(fresh, year.wallMs()).ok).toBe(true);
    const oldLeafNewIssuer = {
      ...old,
      chainPem: old.chainPem.split(/(?<=END CERTIFICATE-----\n)/)[0]! + renewed.nodes.certificatePem,
    };
    expect(verdict(oldLeafNewIssuer, later.wallMs()).ok).toBe(true);
    await writeAuthority(join(folder, 'authority'), authority);
    await writeIntermediates(join(folder, 'authority'), renewed, changed);
    expect(await readAuthority(join(folder, 'authority'))).toEqual(renewed);
  });
});

describe('an authority in a folder', () => {
  const place = () => join(folder, 'authority');

  test('comes back as it was, with keys that only the owner may read', async () => {
    await writeAuthority(place(), authority);
    expect(await readAuthority(place())).toEqual(authority);
    expect((await stat(place())).mode & 0o777).toBe(0o700);
    for (const name of ['root-key.pem', 'nodes-key.pem', 'operators-key.pem']) {
      expect((await stat(join(place(), name))).mode & 0o777).toBe(0o600);
    }
    expect((await readdir(folder)).filter((name) => name.includes('tmp'))).toEqual([]);
  });

  test('is never written over', async () => {
    await writeAuthority(place(), authority);
    await expect(writeAuthority(place(), authority)).rejects.toMatchObject({
      code: 'already_exists',
      path: place(),
    });
    expect(await readdir(folder)).toEqual(['authority']);
    await mkdir(join(folder, 'empty'));
    await writeAuthority(join(folder, 'empty'), authority);
  });

  test.each([
    ['missing_file', 'nodes.pem', (path: string) => rm(path)],
    ['missing_file', 'root-key.pem', (path: string) => rm(path)],
    ['corrupt_file', 'operators.pem', (path: string) => writeFile(path, 'not a certificate')],
    ['corrupt_file', 'root.pem', (path: string) => writeFile(path, '-----BEGIN CERTIFICATE-----\nMIIB\n')],
    ['corrupt_file', 'nodes-key.pem', (path: string) => writeFile(path, authority.root.privateKeyPem)],
    ['corrupt_file', 'nodes-key.pem', (path: string) => writeFile(path, '')],
    ['unsafe_permissions', 'root-key.pem', (path: string) => chmod(path, 0o644)],
  ])('that is damaged says %s and names %s', async (code, name, damage) => {
    await writeAuthority(place(), authority);
    await damage(join(place(), name));
    const loading = readAuthority(place());
    await expect(loading).rejects.toMatchObject({ code, path: join(place(), name) });
    await expect(loading).rejects.toThrow(join(place(), name));
  });
});

describe('a credential in a folder', () => {
  test('comes back as it was, and a renewal replaces it', async () => {
    for (const lifetimeMs of [dayMs, 2 * dayMs]) {
      const node = await issueNode(authority, { role: 'core', name: 'core_1', lifetimeMs }, clock);
      const path = await writeCredential(join(folder, 'nodes'), 'core_1', node);
      expect(path).toBe(credentialPath(join(folder, 'nodes'), 'core_1'));
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(await readCredential(join(folder, 'nodes'), 'core_1')).toEqual(node);
    }
    expect((await readdir(join(folder, 'nodes'))).sort()).toEqual(['core_1.pem', 'roots.pem']);
  });

  test('leaves roots that are trusted beside its own', async () => {
    const node = await issueNode(authority, { role: 'core', name: 'core_1' }, clock);
    const other = await createAuthority(authority.trustDomain, clock);
    const place = join(folder, 'overlap');
    await writeCredential(place, 'core_1', node);
    const both = node.rootsPem + other.root.certificatePem;
    await writeFile(join(place, 'roots.pem'), both);
    await writeCredential(place, 'core_1', node);
    expect((await readCredential(place, 'core_1')).rootsPem).toBe(both);
    const next = await issueNode(other, { role: 'core', name: 'core_1' }, clock);
    await writeCredential(place, 'core_1', next);
    expect(await readCredential(place, 'core_1')).toEqual({ ...next, rootsPem: both });
    for (const stale of [node.rootsPem, 'damaged', '-----BEGIN CERTIFICATE-----!']) {
      await writeFile(join(place, 'roots.pem'), stale);
      await writeCredential(place, 'core_1', next);
      expect(await readCredential(place, 'core_1')).toEqual(next);
    }
  });

  test('is not written where no folder can be made, and that is said', async () => {
    const node = await issueNode(authority, { role: 'core', name: 'core_1' }, clock);
    await expect(writeCredential('/proc/x/y', 'core_1', node)).rejects.toMatchObject({
      code: 'io_failed',
      path: '/proc/x/y',
    });
  });

  test('that is missing or damaged names its file', async () => {
    const node = await issueNode(authority, { role: 'core', name: 'core_1' }, clock);
    await expect(readCredential(folder, 'core_1')).rejects.toMatchObject({ code: 'missing_file' });
    const path = await writeCredential(folder, 'core_1', node);
    await writeFile(path, node.chainPem);
    await expect(readCredential(folder, 'core_1')).rejects.toMatchObject({ code: 'corrupt_file', path });
    await writeFile(path, node.privateKeyPem);
    await expect(readCredential(folder, 'core_1')).rejects.toMatchObject({ code: 'corrupt_file', path });
    await writeCredential(folder, 'core_1', { ...node, privateKeyPem: authority.root.privateKeyPem });
    await expect(readCredential(folder, 'core_1')).rejects.toMatchObject({ code: 'corrupt_file', path });
    await expect(readCredential(folder, '../x')).rejects.toMatchObject({ code: 'bad_name' });
  });
});
