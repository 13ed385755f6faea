import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PeerIdentity } from '../certs/index.ts';
import { ClusterError } from './errors.ts';
import { mayCall, operatorRights, type ProcedureAccess, tenantRight } from './operator-rights.ts';
import { ProcedureError } from './procedure-error.ts';
import { failureFor } from './relay-bounds.ts';

const tenant = 'abcdefghijkl';
const other = 'bbcdefghijkl';
const accesses: readonly ProcedureAccess[] = ['read', 'write', 'node', 'tenant', 'shell'];
const operator = (...rights: string[]): PeerIdentity => ({
  kind: 'operator',
  trustDomain: 'test.local',
  name: 'ann',
  rights,
});
const allowed = (identity: PeerIdentity, inShell = false) =>
  accesses.filter((access) => mayCall(access, identity, inShell));

describe('the words of a certificate', () => {
  test('say what its bearer may do', () => {
    expect(operatorRights([])).toEqual({ read: false, write: false, eval: false, tenant: null });
    expect(operatorRights(['read'])).toEqual({ read: true, write: false, eval: false, tenant: null });
    expect(operatorRights(['write', 'eval'])).toEqual({ read: true, write: true, eval: true, tenant: null });
    expect(operatorRights(['read', tenantRight(tenant)])?.tenant).toBe(tenant);
  });

  test.each([
    [['read', 'write', tenantRight(tenant), tenantRight(other)]],
    [['read', 'write', 'tenant:']],
    [['read', 'write', 'tenant:ACME']],
    [['read', 'write', 'tenant:acme']],
    [['read', 'write', 'partition:default']],
    [['read', 'write', tenantRight(tenant), 'partition:default']],
    [['read', 'write', 'tenant:write.7']],
  ])('%j cannot be judged, so it allows nothing', (words) => {
    expect(operatorRights(words)).toBe(null);
    expect(allowed(operator(...words))).toEqual([]);
    expect(allowed(operator(...words), true)).toEqual([]);
  });

  test('a word that nobody knows allows nothing', () => {
    expect(allowed(operator('*', 'admin', 'eval'))).toEqual([]);
  });
});

describe('who may call what', () => {
  test('an operator of the platform: by its rights', () => {
    expect(allowed(operator('read'))).toEqual(['read', 'shell']);
    expect(allowed(operator('write'))).toEqual(['read', 'write', 'shell']);
  });

  test('an operator of one tenant: only what the shell offers', () => {
    expect(allowed(operator('read', 'write', 'eval', tenantRight(tenant)))).toEqual(['shell']);
    expect(allowed(operator(tenantRight(tenant)))).toEqual([]);
    expect(allowed(operator('eval', tenantRight(tenant)))).toEqual([]);
  });

  test('the shell asks for it within its rights, once it has judged what for', () => {
    expect(allowed(operator('read', tenantRight(tenant)), true)).toEqual(['read', 'shell']);
    expect(allowed(operator('write', tenantRight(tenant)), true)).toEqual(['read', 'write', 'shell']);
  });

  test("a node: everything; a tenant's node: only what is for those", () => {
    expect(allowed({ kind: 'node', trustDomain: 't', role: 'core', name: 'core_1' })).toEqual(accesses);
    const guest: PeerIdentity = {
      kind: 'tenant',
      trustDomain: 't',
      tenantId: tenant,
      role: 'poller',
      id: 'x',
    };
    expect(allowed(guest)).toEqual(['tenant']);
    expect(allowed(guest, true)).toEqual(['tenant']);
  });

  test('whatever the words are, a tenant in them leaves nothing but the shell', () => {
    const words = fc.array(
      fc.constantFrom('read', 'write', 'eval', '*', 'x:y', 'tenant:', tenantRight(other)),
    );
    fc.assert(
      fc.property(words, fc.nat(), (some, at) => {
        const all = [...some];
        all.splice(at % (some.length + 1), 0, tenantRight(tenant));
        expect(['', 'shell']).toContain(allowed(operator(...all)).join());
      }),
    );
  });
});

describe('why something failed', () => {
  const customer = operator('read', tenantRight(tenant));
  const told = (error: unknown, identity = customer) => {
    const { code, message } = failureFor(identity, error) as { code: string; message: string };
    return `${code}: ${message}`;
  };
  const of = (code: string, detail: string) => Object.assign(new Error(detail), { code });
  const id = ` (request id ${'0a'.repeat(16)})`;

  test.each([
    [
      new ClusterError('node_down', 'refused: spiffe://t/operator/ann at 10.0.0.2:7400'),
      /^node_down: the node /,
    ],
    [new ClusterError('link_busy', 'relayed: the link is full or closed'), /^link_busy: the node takes/],
    [of('ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.9:5432'), /^procedure_failed: it failed/],
    [new Error('password authentication failed for user "picket"'), /^procedure_failed: it failed/],
    [
      new ProcedureError('query_failed', `relation "x" of 10.0.0.9${id}`),
      /^query_failed: .*\(request id (0a){16}\)$/,
    ],
  ])('is told to an operator of one tenant without names and addresses: %s', (error, expected) => {
    expect(told(error)).toMatch(expected);
    expect(told(error)).not.toMatch(/ann|10\.0|relayed|picket|relation/);
    expect(failureFor(operator('read'), error)).toBe(error);
  });

  test('is told as it is where it is a refusal that was meant for whoever asked', () => {
    for (const error of [
      new ProcedureError('no_such_check', 'no check "x"'),
      of('read_only', 'open it with --write'),
    ])
      expect(failureFor(customer, error)).toBe(error);
  });
});
