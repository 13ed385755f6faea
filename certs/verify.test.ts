import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRevocationList } from './revocation.ts';
import { formatSpiffeId } from './spiffe.ts';
import { time } from './testing/der-writer.ts';
import { dayMs } from './testing/forge.ts';
import { forgeRevocationList } from './testing/forge-revocation.ts';
import { goodLeaves } from './testing/good-leaves.ts';
import { weakRoots } from './testing/hostile-links.ts';
import { hostilePeers } from './testing/hostile-peers.ts';
import { createWorld, nodeId, trustDomain } from './testing/world.ts';
import { verdictCodes } from './verdict.ts';
import { type PeerVerdict, verifyPeer } from './verify.ts';

const nowMs = Date.UTC(2026, 5, 1, 12);
const world = createWorld(nowMs);
const roots = [world.root.der];
const judge = (chain: readonly Uint8Array[]): PeerVerdict => verifyPeer({ chain, roots, trustDomain, nowMs });
const codeOf = (verdict: PeerVerdict) => (verdict.ok ? 'ok' : verdict.error.code);

describe('a good peer', () => {
  test.each(goodLeaves)('is taken: $title', ({ chain, id }) => {
    const verdict = judge(chain(world));
    expect(verdict).toMatchObject({ ok: true });
    expect(verdict.ok && formatSpiffeId(verdict.identity)).toBe(id);
  });

  test('is told the earliest end of its chain', () => {
    const nodes = world.intermediate(world.root, world.nodes.subject, { notAfter: time(nowMs + 5_000) });
    expect(judge([world.leaf(nodes, nodeId).der, nodes.der])).toMatchObject({
      ok: true,
      notAfterMs: nowMs + 5_000,
    });
  });

  test('is taken in its last second and not in the next', () => {
    const chain = [world.leaf(world.nodes, nodeId, { notAfter: time(nowMs) }).der, world.nodes.der];
    expect(judge(chain).ok).toBe(true);
    expect(codeOf(verifyPeer({ chain, roots, trustDomain, nowMs: nowMs + 1 }))).toBe('expired');
  });

  test('is taken under either of two roots that bear one name', () => {
    const chain = [world.leaf(world.nodes, nodeId).der, world.nodes.der];
    const both = [world.strangerRoot.der, world.root.der];
    expect(verifyPeer({ chain, roots: both, trustDomain, nowMs }).ok).toBe(true);
  });
});

describe('a hostile peer', () => {
  test.each(hostilePeers)('is refused with $code: $title', ({ chain, code }) => {
    expect(codeOf(judge(chain(world)))).toBe(code);
  });

  test('meets every verdict at least once in these tests', () => {
    const met = new Set<string>([...hostilePeers.map(({ code }) => code), 'revoked']);
    expect(verdictCodes.filter((code) => !met.has(code))).toEqual([]);
  });

  test('of another trust domain is told so when all else is good', () => {
    const chain = [world.leaf(world.nodes, nodeId).der, world.nodes.der];
    expect(codeOf(verifyPeer({ chain, roots, trustDomain: 'other.local', nowMs }))).toBe(
      'wrong_trust_domain',
    );
  });

  test('is refused when there is no root', () => {
    const chain = [world.leaf(world.nodes, nodeId).der, world.nodes.der];
    expect(codeOf(verifyPeer({ chain, roots: [], trustDomain, nowMs }))).toBe('unknown_authority');
  });

  test.each([
    ['expired', { notAfter: time(nowMs - 1_000) }],
    ['weak_signature', { form: 'ecdsa-sha1' }],
    ['malformed', { serial: Buffer.of(2, 1, 0) }],
  ] as const)('is refused with %s when the root itself is', (code, changes) => {
    const root = world.rootOf(changes);
    const nodes = world.intermediate(root, world.nodes.subject);
    const chain = [world.leaf(nodes, nodeId).der, nodes.der];
    expect(codeOf(verifyPeer({ chain, roots: [root.der], trustDomain, nowMs }))).toBe(code);
  });
});

describe('a root of ours', () => {
  test.each(weakRoots)('is refused with weak_key: $title', ({ key, rsa }) => {
    const form = rsa ? 'rsa-sha256' : 'ecdsa-sha256';
    const root = world.rootOf({ privateKey: key(), form });
    const nodes = world.intermediate(root, world.nodes.subject, { form });
    const chain = [world.leaf(nodes, nodeId).der, nodes.der];
    expect(codeOf(verifyPeer({ chain, roots: [root.der], trustDomain, nowMs }))).toBe('weak_key');
  });
});

describe('a revocation list', () => {
  const leaf = world.leaf(world.nodes, nodeId, { serial: Buffer.of(2, 2, 0x11, 0x22) });
  const chain = [leaf.der, world.nodes.der];
  const judgeWith = (list: Uint8Array) => {
    const read = readRevocationList(list);
    if (!read.ok) throw new Error(read.error.detail);
    return codeOf(verifyPeer({ chain, roots, trustDomain, nowMs, revocationLists: [read.list] }));
  };

  test('refuses the serials in it, of the issuer that signed it', () => {
    expect(judgeWith(forgeRevocationList(world.nodes, ['1122'], nowMs))).toBe('revoked');
    expect(judgeWith(forgeRevocationList(world.nodes, ['1123'], nowMs))).toBe('ok');
    expect(judgeWith(forgeRevocationList(world.nodes, [], nowMs))).toBe('ok');
    expect(judgeWith(forgeRevocationList(world.operators, ['1122'], nowMs))).toBe('ok');
  });

  test('goes on counting when it is out of date', () => {
    expect(judgeWith(forgeRevocationList(world.nodes, ['1122'], nowMs - 90 * dayMs))).toBe('revoked');
  });

  test("in the issuer's name with another's signature makes the chain invalid", () => {
    const forged = forgeRevocationList({ ...world.nodes, privateKey: world.operators.privateKey }, [], nowMs);
    expect(judgeWith(forged)).toBe('chain_invalid');
  });
});

describe('bytes of any kind', () => {
  const good = [world.leaf(world.nodes, nodeId).der, world.nodes.der];
  const isVerdict = (chain: readonly Uint8Array[]) => {
    const verdict = judge(chain);
    return verdict.ok || verdictCodes.includes(verdict.error.code);
  };

  test('get a verdict when they are noise', () => {
    const noise = fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 4 });
    fc.assert(fc.property(noise, isVerdict), { numRuns: 3_000 });
  });

  test('get a verdict, and never a good one, when a certificate has one octet changed', () => {
    const change = fc.record({ which: fc.nat(1), at: fc.nat(), to: fc.integer({ min: 1, max: 255 }) });
    const mutated = ({ which, at, to }: { which: number; at: number; to: number }) => {
      const chain = good.map((der) => new Uint8Array(der));
      const der = chain[which]!;
      der[at % der.length]! ^= to;
      return chain;
    };
    fc.assert(
      fc.property(change, (c) => !judge(mutated(c)).ok),
      { numRuns: 2_000 },
    );
  });

  test('get a verdict when parts are cut out, doubled or replaced', () => {
    const edit = fc.record({ at: fc.nat(), remove: fc.nat(40), insert: fc.uint8Array({ maxLength: 40 }) });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.nat(1), (edits, which) => {
        const chain: Uint8Array[] = [...good];
        for (const { at, remove, insert } of edits) {
          const der = Buffer.from(chain[which]!);
          const from = at % (der.length + 1);
          chain[which] = Buffer.concat([der.subarray(0, from), insert, der.subarray(from + remove)]);
        }
        return isVerdict(chain);
      }),
      { numRuns: 2_000 },
    );
  });
});
