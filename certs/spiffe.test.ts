import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatSpiffeId, identityOf, nodeRoles, type PeerIdentity, parseSpiffeId } from './spiffe.ts';

const chars = (alphabet: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength });
const lower = 'abcdefghijklmnopqrstuvwxyz';
const segment = chars(`${lower}${lower.toUpperCase()}0123456789._-`, 63).filter(
  (s) => s !== '.' && s !== '..',
);
const trustDomain = chars(`${lower}0123456789._-`, 255);
const tenantId = fc
  .tuple(
    fc.constantFrom(...lower),
    fc.string({ unit: fc.constantFrom(...lower, ...'234567'), minLength: 11, maxLength: 11 }),
  )
  .map(([first, rest]) => first + rest);
const identity: fc.Arbitrary<PeerIdentity> = fc.oneof(
  fc.record({
    kind: fc.constant('node' as const),
    trustDomain,
    role: fc.constantFrom(...nodeRoles),
    name: chars(`${lower}0123456789_-`, 63),
  }),
  fc.record({ kind: fc.constant('tenant' as const), trustDomain, tenantId, role: segment, id: segment }),
  fc.record({ kind: fc.constant('operator' as const), trustDomain, name: segment, rights: fc.constant([]) }),
);

describe('a SPIFFE id', () => {
  test('comes back as the identity that it was made from', () => {
    fc.assert(
      fc.property(identity, (who) => {
        const parsed = parseSpiffeId(formatSpiffeId(who));
        expect(parsed.ok && identityOf(parsed.id)).toEqual({ ok: true, identity: who });
      }),
    );
  });

  test('that is taken is spelled in one way only', () => {
    const near = fc.tuple(identity.map(formatSpiffeId), fc.nat(), fc.nat(0xff)).map(([id, at, to]) => {
      const bytes = Buffer.from(id, 'latin1');
      bytes[at % bytes.length] = to;
      return new Uint8Array(bytes);
    });
    fc.assert(
      fc.property(near, (bytes) => {
        const parsed = parseSpiffeId(bytes);
        const meant = parsed.ok ? identityOf(parsed.id) : parsed;
        if (meant.ok) expect(formatSpiffeId(meant.identity)).toBe(Buffer.from(bytes).toString('latin1'));
      }),
      { numRuns: 2_000 },
    );
  });

  test('is read whatever the bytes are', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 3_000 }),
        (bytes) => typeof parseSpiffeId(bytes).ok === 'boolean',
      ),
    );
  });

  test('may have 2048 bytes and no more', () => {
    const of = (length: number) => `spiffe://a/${'b'.repeat(length - 'spiffe://a/'.length)}`;
    expect(parseSpiffeId(of(2_048)).ok).toBe(true);
    expect(parseSpiffeId(of(2_049)).ok).toBe(false);
  });

  test('of a trust domain has no path, and is nobody', () => {
    const parsed = parseSpiffeId('spiffe://picket.local');
    expect(parsed).toEqual({ ok: true, id: { trustDomain: 'picket.local', path: [] } });
    expect(parsed.ok && identityOf(parsed.id).ok).toBe(false);
  });
});
