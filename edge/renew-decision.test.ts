import { describe, expect, it } from 'vitest';
import { decideRenewal, type RenewQuestionFacts } from './renew-decision.ts';

const row: NonNullable<RenewQuestionFacts['package']> = {
  ...{
    id: 'pkg_1',
    state: 'activated',
    secretHash: '',
    tokenSigner: '',
    expiresAtMs: 0,
    kind: 'agent',
    name: 'edge_1',
  },
  delivered: { keyFingerprint: 'first', chainPem: 'first chain' },
};
const facts: RenewQuestionFacts = {
  ...{ package: row, living: [{ keyFingerprint: 'second', chainPem: 'second chain' }], livingMax: 2 },
  ...{ bearer: { role: 'agent', id: 'edge_1' }, presentKey: 'second', wantedKey: 'third' },
};
const codeOf = (change: Partial<RenewQuestionFacts>) => {
  const decision = decideRenewal({ ...facts, ...change });
  return decision.type === 'refuse' ? decision.refusal.code : decision.type;
};

describe('whether a bearer gets the next certificate', () => {
  it('is so for the bearer of a package in use and a key that is new', () => {
    expect(codeOf({})).toBe('renew');
    expect(codeOf({ presentKey: 'first', living: [] })).toBe('renew');
  });
  it('is answered with the same certificate for the same key', () => {
    const again = decideRenewal({ ...facts, presentKey: 'first', wantedKey: 'second' });
    expect(again).toEqual({ type: 'again', chainPem: 'second chain' });
  });
  it('is not so without a package, for another bearer, and when the package is over', () => {
    expect(codeOf({ package: null })).toBe('renewal_no_package');
    expect(codeOf({ bearer: { role: 'poller', id: 'edge_1' } })).toBe('renewal_not_its_own');
    expect(codeOf({ bearer: { role: 'agent', id: 'edge_2' } })).toBe('renewal_not_its_own');
    expect(codeOf({ package: { ...row, state: 'revoked' } })).toBe('package_revoked');
    for (const state of ['issued', 'delivered', 'expired', 'deleted'] as const)
      expect(codeOf({ package: { ...row, state } })).toBe('package_ended');
    // Also for a key that has a certificate: what is over is given to nobody again.
    expect(codeOf({ package: { ...row, state: 'revoked' }, wantedKey: 'second' })).toBe('package_revoked');
  });
  it('is not so for a key that is in use or was the first, nor past the number that may live', () => {
    expect(codeOf({ wantedKey: 'second' })).toBe('renewal_same_key');
    expect(codeOf({ wantedKey: 'first' })).toBe('renewal_same_key');
    expect(codeOf({ livingMax: 1 })).toBe('renewed_too_often');
  });
});
