import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toPem } from './pem.ts';
import { parsePolicy, readPolicy } from './policy-file.ts';
import { readSvid } from './svid-files.ts';
import { createForeignWorld, olderDomain, spireDomain, spirePoller } from './testing/foreign-world.ts';
import type { Forged } from './testing/forge.ts';
import { goodForeign, hostileForeign, hostileOlder } from './testing/hostile-foreign.ts';
import { hostilePeers } from './testing/hostile-peers.ts';
import { createWorld, tenantA, trustDomain } from './testing/world.ts';
import { type PeerVerdict, verifyPeer } from './verify.ts';

const nowMs = Date.UTC(2026, 5, 1, 12);
const world = createWorld(nowMs);
const foreign = createForeignWorld(world);
const roots = [world.root.der];
const { policy } = foreign;
const codeOf = (verdict: PeerVerdict) => (verdict.ok ? 'ok' : verdict.error.code);
const judge = (chain: readonly Uint8Array[]) => verifyPeer({ chain, roots, trustDomain, nowMs, policy });
const pemOf = (...all: Forged[]) => all.map(({ der }) => toPem(der, 'CERTIFICATE')).join('');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picket-policy-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('under a policy that names other authorities', () => {
  test.each(goodForeign)('is taken: $title', ({ chain, identity }) => {
    expect(judge(chain(world, foreign))).toMatchObject({ ok: true, identity });
  });

  test.each([...hostileForeign, ...hostileOlder])('is refused with $code: $title', ({ chain, code }) => {
    expect(codeOf(judge(chain(world, foreign)))).toBe(code);
  });

  test('every hostile peer of ours gets the same verdict as without it', () => {
    const differing = hostilePeers.filter(({ chain, code }) => codeOf(judge(chain(world))) !== code);
    expect(differing.map(({ title }) => title)).toEqual([]);
  });

  test('none of them is known when there is no policy', () => {
    for (const { title, chain } of goodForeign.slice(0, -1)) {
      const verdict = verifyPeer({ chain: chain(world, foreign), roots, trustDomain, nowMs });
      expect(`${title}: ${codeOf(verdict)}`).toBe(`${title}: unknown_authority`);
    }
  });

  test('no foreign id is ever a tenant or an operator', () => {
    for (const { chain } of goodForeign.slice(0, 5)) {
      const verdict = judge(chain(world, foreign));
      expect(verdict.ok && verdict.identity.kind).toBe('node');
    }
  });
});

describe('a policy file', () => {
  const write = (policyJson: unknown) => writeFile(join(folder, 'policy.json'), JSON.stringify(policyJson));
  const good = {
    foreign_authorities: [
      {
        trust_domain: spireDomain,
        roots: 'bundle.0.pem',
        nodes: [
          { prefix: `spiffe://${spireDomain}/picket/poller/`, role: 'poller' },
          { id: `spiffe://${spireDomain}/ns/prod/sa/core`, role: 'core', name: 'core_7' },
        ],
      },
    ],
    older_tenant_authorities: [
      { tenant_id: tenantA, slug: 'acme', trust_domain: olderDomain, certificates: 'acme.pem' },
    ],
  };

  test('is read with the certificates that it names, and says which files it was read from', async () => {
    await write(good);
    await writeFile(join(folder, 'bundle.0.pem'), pemOf(foreign.root));
    await writeFile(join(folder, 'acme.pem'), pemOf(foreign.olderAuthority));
    const read = await readPolicy(join(folder, 'policy.json'), trustDomain);
    expect(read.files.map((file) => file.slice(folder.length + 1))).toEqual([
      'policy.json',
      'bundle.0.pem',
      'acme.pem',
    ]);
    for (const { chain, identity } of goodForeign.slice(0, 2)) {
      const question = { chain: chain(world, foreign), roots, trustDomain, nowMs, policy: read.policy };
      expect(verifyPeer(question)).toMatchObject({ ok: true, identity });
    }
    const older = goodForeign.find(({ title }) => title.startsWith('an older'))!;
    const chain = older.chain(world, foreign);
    expect(verifyPeer({ chain, roots, trustDomain, nowMs, policy: read.policy }).ok).toBe(true);
  });

  test.each([
    ['missing_file', null],
    ['bad_policy', ''],
    ['bad_policy', '-----BEGIN CERTIFICATE-----\nMIIB\n'],
    ['bad_policy', pemOf(foreign.svid(foreign.root, spirePoller))],
  ])('whose roots are no roots is refused with %s and the name of that file', async (code, pem) => {
    await write({ foreign_authorities: good.foreign_authorities });
    const path = join(folder, 'bundle.0.pem');
    if (pem !== null) await writeFile(path, pem);
    await expect(readPolicy(join(folder, 'policy.json'), trustDomain)).rejects.toMatchObject({ code, path });
  });

  const authority = good.foreign_authorities[0]!;
  const withNode = (node: unknown) => ({ foreign_authorities: [{ ...authority, nodes: [node] }] });
  const id = `spiffe://${spireDomain}/a`;
  test.each([
    [[], 'an object was expected'],
    [{ foreign: [] }, 'unknown field "foreign"'],
    [{ foreign_authorities: {} }, 'foreign_authorities: a list was expected'],
    [{ foreign_authorities: [7] }, 'foreign_authorities[0]: an object was expected'],
    [{ foreign_authorities: [{ ...authority, trust_domain: 'A.b' }] }, '"A.b" is not a trust domain'],
    [{ foreign_authorities: [{ ...authority, trust_domain: trustDomain }] }, 'is our own trust domain'],
    [{ foreign_authorities: [{ ...authority, roots: 7 }] }, 'foreign_authorities[0].roots'],
    [{ foreign_authorities: [authority, authority] }, `the trust domain ${spireDomain} is there twice`],
    [withNode({ id, role: 'tenant', name: 'a' }), 'nodes[0].role: "tenant" is not one of core'],
    [withNode({ id, role: 'operator', name: 'a' }), 'nodes[0].role'],
    [withNode({ id, role: 'core' }), "nodes[0].name: a node's name"],
    [withNode({ id, role: 'core', name: 'A' }), '"A" is not a node\'s name'],
    [withNode({ id: 'spiffe://other/a', role: 'core', name: 'a' }), 'nodes[0].id'],
    [withNode({ id: `spiffe://${spireDomain}`, role: 'core', name: 'a' }), 'with a path'],
    [withNode({ prefix: id, role: 'core' }), 'and a "/" at its end'],
    [withNode({ prefix: `spiffe://${spireDomain}/`, role: 'core' }), 'nodes[0].prefix'],
    [withNode({ prefix: `${id}/`, role: 'core', name: 'a' }), 'a prefix has no name'],
    [withNode({ id, prefix: `${id}/`, role: 'core', name: 'a' }), 'either an id'],
    [withNode({ role: 'core', name: 'a' }), 'either an id'],
    [withNode({ id, role: 'core', name: 'a', tenant: tenantA }), 'unknown field "tenant"'],
    [{ older_tenant_authorities: [{ tenant_id: 'short' }] }, 'older_tenant_authorities[0].tenant_id'],
    [{ older_tenant_authorities: [{ ...good.older_tenant_authorities[0], slug: 'a/b' }] }, '[0].slug'],
    [{ older_tenant_authorities: Array(2).fill(good.older_tenant_authorities[0]) }, 'is there twice'],
  ])('of %j is refused with its place', (json, text) => {
    expect(() => parsePolicy(JSON.stringify(json), 'p.json', trustDomain)).toThrow(text);
    expect(() => parsePolicy(JSON.stringify(json), 'p.json', trustDomain)).toThrow(/^p\.json: /);
  });

  test('that is no JSON says so, and an empty one names nobody', () => {
    expect(() => parsePolicy('{', 'p.json', trustDomain)).toThrow('p.json: no JSON');
    expect(parsePolicy('{}', 'p.json', trustDomain)).toEqual({ foreign: [], older: [], files: [] });
  });
});

describe("the files of SPIRE's agent", () => {
  const write = async (leaf: Forged, key: Forged = leaf) => {
    await writeFile(join(folder, 'svid.0.pem'), pemOf(leaf, foreign.spire, foreign.middle));
    const pem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await writeFile(join(folder, 'svid.0.key'), pem, { mode: 0o600 });
    await writeFile(join(folder, 'bundle.0.pem'), pemOf(foreign.upstream));
  };

  test('are a credential that is judged as the node that the policy names', async () => {
    await write(foreign.svid(foreign.spire, spirePoller));
    const credential = await readSvid(folder);
    const chain = credential.chainPem.split(/(?<=END CERTIFICATE-----\n)/).filter((pem) => pem !== '');
    expect(chain).toHaveLength(3);
    const ders = chain.map((pem) => Buffer.from(pem.replace(/-----.*-----|\s/g, ''), 'base64'));
    expect(judge(ders)).toMatchObject({ ok: true, identity: { role: 'poller', name: 'poller_9' } });
  });

  test('that do not belong together or can be read by others are refused', async () => {
    const leaf = foreign.svid(foreign.spire, spirePoller);
    await write(leaf, foreign.svid(foreign.spire, spirePoller));
    await expect(readSvid(folder)).rejects.toMatchObject({ code: 'corrupt_file' });
    await write(leaf);
    await chmod(join(folder, 'svid.0.key'), 0o644);
    await expect(readSvid(folder)).rejects.toMatchObject({ code: 'unsafe_permissions' });
    await rm(join(folder, 'bundle.0.pem'));
    await expect(readSvid(folder)).rejects.toMatchObject({ code: 'missing_file' });
  });
});
