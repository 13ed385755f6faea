import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Authority, createAuthority } from './authority.ts';
import { readAuthority, writeAuthority } from './authority-files.ts';
import { inspectPem, verifyPem } from './inspect.ts';
import { type Credential, issueNode, issueOperator } from './issue.ts';
import { retiredSerials, revocationListPath, revoke, rotateAuthority } from './rotation.ts';

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 0, 1);
const at = (ms: number) => ({ wallMs: () => startMs + ms });
const clock = at(0);
let top: string;
let folder: string;
let authority: Authority;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'picket-rotation-'));
  folder = join(top, 'authority');
  authority = await createAuthority('picket.local', clock);
  await writeAuthority(folder, authority);
});
afterEach(() => rm(top, { recursive: true, force: true }));

const node = (from: Authority, name = 'core_1') => issueNode(from, { role: 'core', name }, clock);
const codeOf = async (credential: Credential) => {
  const revocationListsPem = await readFile(revocationListPath(folder), 'utf8').catch(() => '');
  const { chainPem: pem, rootsPem } = credential;
  const verdict = verifyPem({ pem, rootsPem, nowMs: startMs, revocationListsPem });
  return verdict.ok ? 'ok' : verdict.error.code;
};
const serialOf = (pem: string) => {
  const read = inspectPem(pem);
  const [first] = read.ok ? read.certificates : [];
  return first !== undefined && 'serial' in first ? first.serial : '';
};

describe('revoking', () => {
  test('by the file of a credential or by its serial refuses that one certificate and no other', async () => {
    const [one, two, three] = [await node(authority), await node(authority), await node(authority)];
    const first = await revoke(folder, { pem: one.privateKeyPem + one.chainPem }, clock);
    expect(first).toEqual({ serial: serialOf(one.chainPem), issuers: ['nodes'], already: false });
    const spelled = serialOf(two.chainPem).toUpperCase().match(/../g)!.join(':');
    expect(await revoke(folder, { serial: spelled }, clock)).toMatchObject({ already: false });
    expect(await Promise.all([one, two, three].map(codeOf))).toEqual(['revoked', 'revoked', 'ok']);
    const ann = await issueOperator(authority, { name: 'ann', rights: [] }, clock);
    await revoke(folder, { pem: ann.chainPem }, clock);
    expect(await Promise.all([one, ann, three].map(codeOf))).toEqual(['revoked', 'revoked', 'ok']);
    expect(await revoke(folder, { pem: one.chainPem }, clock)).toMatchObject({ already: true });
  });

  test('an intermediate refuses all that it signed', async () => {
    const one = await node(authority);
    expect(await revoke(folder, { pem: authority.nodes.certificatePem }, clock)).toMatchObject({
      issuers: ['root'],
    });
    expect(await codeOf(one)).toBe('revoked');
    expect(await codeOf(await issueOperator(authority, { name: 'ann', rights: [] }, clock))).toBe('ok');
  });

  test('what is not ours, the root, or no serial is refused with a code', async () => {
    const stranger = await node(await createAuthority('picket.local', clock));
    const refused = (what: Parameters<typeof revoke>[1]) => expect(revoke(folder, what, clock)).rejects;
    await refused({ pem: stranger.chainPem }).toMatchObject({ code: 'not_ours' });
    await refused({ pem: 'text' }).toMatchObject({ code: 'not_ours' });
    await refused({ pem: authority.root.certificatePem }).toMatchObject({ code: 'not_ours' });
    await refused({ serial: serialOf(authority.root.certificatePem) }).toMatchObject({ code: 'not_ours' });
    for (const serial of ['', '0', '00', 'xyz', 'a'.repeat(42)])
      await refused({ serial }).toMatchObject({ code: 'bad_serial' });
  });

  test('never writes over a list that cannot be read', async () => {
    const damaged = '-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n';
    await writeFile(revocationListPath(folder), damaged);
    await expect(revoke(folder, { serial: 'ab' }, clock)).rejects.toMatchObject({ code: 'corrupt_file' });
    expect(await readFile(revocationListPath(folder), 'utf8')).toBe(damaged);
  });
});

describe('a rotation', () => {
  test('leaves the root and what was issued before, and signs with new keys', async () => {
    const before = await node(authority);
    const { authority: rotated, retired } = await rotateAuthority(folder, clock);
    expect(rotated.root).toEqual(authority.root);
    expect(rotated.nodes.privateKeyPem).not.toBe(authority.nodes.privateKeyPem);
    expect(await readAuthority(folder)).toEqual(rotated);
    expect(retired.map(({ name, serial }) => [name, serial])).toEqual([
      ['nodes', serialOf(authority.nodes.certificatePem)],
      ['operators', serialOf(authority.operators.certificatePem)],
    ]);
    expect([await codeOf(before), await codeOf(await node(rotated))]).toEqual(['ok', 'ok']);
  });

  test('lets certificates of both keys be revoked one by one', async () => {
    const before = await node(authority);
    const alsoBefore = await node(authority);
    const { authority: rotated } = await rotateAuthority(folder, clock);
    const after = await node(rotated);
    const alsoAfter = await node(rotated);
    await revoke(folder, { pem: before.chainPem }, clock);
    await revoke(folder, { serial: serialOf(after.chainPem) }, clock);
    const codes = await Promise.all([before, alsoBefore, after, alsoAfter].map(codeOf));
    expect(codes).toEqual(['revoked', 'ok', 'revoked', 'ok']);
  });

  test('can end the trust in all that was before it', async () => {
    const before = await node(authority);
    const { authority: rotated } = await rotateAuthority(folder, clock);
    for (const serial of await retiredSerials(folder)) await revoke(folder, { serial }, clock);
    expect([await codeOf(before), await codeOf(await node(rotated))]).toEqual(['revoked', 'ok']);
  });

  test('forgets old keys when nothing below them can be in date', async () => {
    await rotateAuthority(folder, clock);
    await rotateAuthority(folder, at(20 * dayMs));
    expect(await retiredSerials(folder)).toHaveLength(4);
    await rotateAuthority(folder, at(31 * dayMs));
    expect(await retiredSerials(folder)).toHaveLength(4);
  });

  test('is refused when more were replaced in a month than lists are kept for', async () => {
    const place = join(folder, 'retired');
    await mkdir(place);
    const names = Array.from({ length: 240 }, (_, one) => `nodes-${startMs - one}.pem`);
    await Promise.all(names.map((name) => writeFile(join(place, name), '')));
    await expect(rotateAuthority(folder, clock)).rejects.toMatchObject({ code: 'too_many_retired' });
    await rotateAuthority(folder, at(31 * dayMs));
    expect(await retiredSerials(folder)).toHaveLength(2);
  });
});
