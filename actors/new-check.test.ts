import { expect, test } from 'vitest';
import { judgeNewCheck } from './new-check.ts';
import type { NewCheck } from './ports/check.ts';

const good: NewCheck = {
  name: 'ssh',
  kind: 'tcp',
  target: '192.0.2.10',
  port: 22,
  partition: 'default',
  intervalMs: 5_000,
  timeoutMs: 2_000,
  retries: 3,
  settings: {},
};

test('a good check is taken', () => {
  expect(judgeNewCheck(good, { allowAll: false })).toBe(null);
});

test.each<[string, Partial<NewCheck>, string]>([
  ['no name', { name: ' ' }, 'bad_check'],
  ['a control character in the name', { name: 'a\u0007b' }, 'bad_check'],
  ['a name too long', { name: 'x'.repeat(201) }, 'bad_check'],
  ['an interval under a second', { intervalMs: 999 }, 'bad_check'],
  ['an interval over a day', { intervalMs: 86_400_001 }, 'bad_check'],
  ['an interval that is no whole number', { intervalMs: 1_000.5 }, 'bad_check'],
  ['no timeout', { timeoutMs: 0 }, 'bad_check'],
  ['no retries', { retries: 0 }, 'bad_check'],
  ['a partition with a slash', { partition: 'a/b' }, 'bad_check'],
  ['an unknown kind', { kind: 'snmp' as NewCheck['kind'] }, 'bad_check'],
  ['a port out of range', { port: 70_000 }, 'bad_check'],
  ['an unknown setting', { settings: { nothing: '1' } }, 'bad_check'],
  ['loopback', { target: '127.0.0.1' }, 'target_not_allowed'],
  ['loopback in another spelling', { target: '0x7f.1' }, 'target_not_allowed'],
  ['a private address', { target: '10.0.0.1' }, 'target_not_allowed'],
])('a check with %s is refused', (_what, change, code) => {
  expect(judgeNewCheck({ ...good, ...change }, { allowAll: false })).toMatchObject({ code });
});

test.each<[string, Partial<NewCheck>]>([
  ['a private address', { target: '10.20.0.5' }],
  ['a private address of IPv6', { target: 'fd00::5' }],
  ['the agent’s own machine', { target: '127.0.0.1' }],
  ['a link-local address', { target: '169.254.10.1' }],
  ['a private URL', { kind: 'http', target: 'http://192.168.7.1/', port: null }],
  [
    'a name server inside',
    { kind: 'dns', target: 'a.example', port: null, settings: { server: '10.0.0.53:53' } },
  ],
])('%s is refused in the cluster’s own partition, and taken in a customer’s', (_what, change) => {
  const policy = { allowAll: false };
  expect(judgeNewCheck({ ...good, ...change }, policy)).toMatchObject({ code: 'target_not_allowed' });
  expect(judgeNewCheck({ ...good, ...change, partition: 'plant' }, policy)).toBe(null);
});

test('what is no target is none in a customer’s partition either', () => {
  const check = { ...good, target: 'a b', partition: 'plant' };
  expect(judgeNewCheck(check, { allowAll: false })).toMatchObject({ code: 'bad_check' });
});

test('the tenant that may watch its own machine may watch loopback', () => {
  expect(judgeNewCheck({ ...good, target: '127.0.0.1' }, { allowAll: true })).toBe(null);
});
