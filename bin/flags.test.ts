import { expect, test } from 'vitest';
import { readCheck, readEdit } from './check-flags.ts';
import { parseDuration, parseSince, showDuration } from './durations.ts';
import { defaultPlan, planNodes } from './launcher/plan.ts';
import { table } from './table.ts';

test('of an edit what is said is changed, and nothing else; nothing at all is no edit', () => {
  const flags = { interval: '30s', timeout: '1s', retries: '5', port: '2222', set: ['expect_status=204'] };
  expect(readEdit(flags)).toEqual({
    ...{ intervalMs: 30_000, timeoutMs: 1_000, retries: 5, port: 2222 },
    settings: { expect_status: '204' },
  });
  expect(readEdit({ name: 'a', target: 'b.example', set: [] })).toEqual({ name: 'a', target: 'b.example' });
  expect(() => readEdit({ set: [] })).toThrow('nothing is to be changed');
  expect(() => readEdit({ interval: 'often' })).toThrow('no duration');
  expect(() => readEdit({ name: '' })).toThrow('name');
});

test.each([
  ['500ms', 500],
  ['5s', 5_000],
  ['1.5s', 1_500],
  ['10m', 600_000],
  ['1h', 3_600_000],
  ['1d', 86_400_000],
])('the duration %s is %i ms', (text, ms) => {
  expect(parseDuration(text, '--interval')).toBe(ms);
});

test.each(['', '5', 's', '-1s', '5 s', '5w', '1e3s', '5sx'])('"%s" is no duration', (text) => {
  expect(() => parseDuration(text, '--interval')).toThrow('--interval');
});

test('an instant is RFC 3339 or a time back', () => {
  expect(parseSince('10m', 1_000_000)).toBe(400_000);
  expect(parseSince('1970-01-01T00:01:00Z', 0)).toBe(60_000);
  for (const text of ['yesterday', '12', '2026', '2026-13-01T00:00:00Z']) {
    expect(() => parseSince(text, 0)).toThrow('--since');
  }
});

test('durations are shown as they were written', () => {
  expect([1_000, 90_000, 60_000, 7_200_000, 86_400_000, 1_500].map(showDuration)).toEqual([
    '1s',
    '90s',
    '1m',
    '2h',
    '1d',
    '1500ms',
  ]);
});

test('flags and file rows make the same check', () => {
  const flags = { kind: 'tcp', target: 'a.example', port: '22', interval: '1s', set: [] };
  const row = { kind: 'tcp', target: 'a.example', port: 22, interval_ms: 1_000 };
  expect(readCheck(flags)).toEqual(readCheck(row));
  expect(readCheck(flags)).toMatchObject({
    name: 'a.example',
    intervalMs: 1_000,
    timeoutMs: 800,
    retries: 3,
  });
  expect(readCheck({ kind: 'dns', target: 'a.example', set: ['expect=a=b'] }).settings).toEqual({
    expect: 'a=b',
  });
  expect(readCheck({ kind: 'dns', target: 'a.example', settings: { expect: 1 } }).settings).toEqual({
    expect: '1',
  });
});

test.each([
  [{}, 'needs a kind'],
  [{ kind: 'snmp', target: 'a' }, 'one of tcp'],
  [{ kind: 'tcp', target: 'a' }, 'needs a port'],
  [{ kind: 'tcp', target: 'a', port: 'x' }, 'port'],
  [{ kind: 'icmp', target: 'a', retries: 1.5 }, 'retries'],
  [{ kind: 'icmp', target: 'a', set: ['novalue'] }, 'NAME=VALUE'],
  [{ kind: 'icmp', target: 'a', intervall: '5s' }, 'unknown field "intervall"'],
  [{ kind: 'icmp', target: 5 }, 'a text was expected'],
])('a check of %j is refused with what is wrong', (flags, text) => {
  expect(() => readCheck(flags)).toThrow(text);
});

test('counts of roles become named nodes, cores first', () => {
  expect(planNodes(defaultPlan).map(({ name }) => name)).toEqual([
    'core_1',
    'web_1',
    'poller_1',
    'poller_2',
    'agent_1',
  ]);
  for (const text of [
    '',
    'core',
    'core=0',
    'core=1,core=1',
    'web=1',
    'core=1,web=2',
    'core=1,king=1',
    'core=-1',
  ]) {
    expect(() => planNodes(text), text).toThrow('--nodes');
  }
});

test('a table aligns its columns and lets nothing move the cursor', () => {
  expect(
    table(
      ['A', 'NUMBER'],
      [
        ['x', 5],
        ['long\u001b[2J', 12],
      ],
    ),
  ).toBe('A         NUMBER\nx              5\nlong [2J      12');
});
