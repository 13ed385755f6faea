import { expect, test } from 'vitest';
import { pageCheck } from '../testing/page-check.ts';
import type { PageCheck, PageCounts, PageTenant } from './live-message.ts';
import { newPage, type PageConnection, type PagePicture, type PageState } from './page-state.ts';
import {
  agoText,
  announcementOf,
  connectionText,
  durationText,
  figure,
  latencyText,
  nextText,
  noticesOf,
  reasonText,
  targetText,
  verdictOf,
} from './words.ts';

const live: PageConnection = { phase: 'live' };
const held: PageTenant = {
  slug: 'default',
  id: 'abcdefgh2345',
  holder: 'core_1',
  picture: 'current',
  told_at_ms: 0,
};
const unheld: PageTenant = { ...held, holder: null, picture: 'stale' };

const nowMs = Date.parse('2026-01-01T00:01:00.000Z');
const due = (second: number) =>
  new Date(Date.parse('2026-01-01T00:00:00.000Z') + second * 1_000).toISOString();

/** Up, and heard of two seconds ago. */
function check(changes: Partial<PageCheck> = {}): PageCheck {
  return pageCheck('a', {
    name: 'Shop',
    last_due_at: due(58),
    last_status: 'success',
    last_latency_ms: 1,
    ...changes,
  });
}

function picture(
  counts: Partial<PageCounts>,
  tenant: PageTenant = held,
  checks: PageCheck[] = [],
): PagePicture {
  const none = { up: 0, degraded: 0, down: 0, unknown: 0, disabled: 0 };
  const all = { ...none, ...counts };
  const total = Object.values(all).reduce((sum, count) => sum + count, 0);
  return {
    node: 'web_1',
    tenant,
    counts: { ...all, total },
    nodes: [
      { name: 'core_1', role: 'core', status: 'up', address: '', pid: 1, rtt_ms: 1 },
      { name: 'agent_1', role: 'agent', status: 'down', address: '', pid: null, rtt_ms: null },
      { name: 'agent_2', role: 'agent', status: 'left', address: '', pid: null, rtt_ms: null },
    ],
    checks: new Map(checks.map((one) => [one.id, one])),
    results: [],
  };
}

test('durations, instants and latencies are said as people say them', () => {
  expect([0, 999, 42_000, 99_999, 100_000, 6_000_000, 172_800_000].map(durationText)).toEqual([
    '0 s',
    '0 s',
    '42 s',
    '99 s',
    '1 min',
    '1 h',
    '2 d',
  ]);
  expect([agoText(due(60), nowMs), agoText(due(75), nowMs), agoText(due(50), nowMs)]).toEqual([
    'now',
    'now',
    '10 s ago',
  ]);
  expect([null, 0.0519, 4.21, 42.4, 999.4, 1_240].map(latencyText)).toEqual([
    '–',
    '0.05 ms',
    '4.2 ms',
    '42 ms',
    '999 ms',
    '1.24 s',
  ]);
  expect([0, 999, 1_000, 1_234_567].map(figure)).toEqual(['0', '999', '1\u202f000', '1\u202f234\u202f567']);
});

test('a target is shown as it is reached', () => {
  expect(targetText(check())).toBe('192.0.2.1:80');
  expect(targetText(check({ target: '2001:db8::1', port: 22 }))).toBe('[2001:db8::1]:22');
  expect(targetText(check({ kind: 'http', target: 'http://shop.example/', port: 80 }))).toBe(
    'http://shop.example/',
  );
  expect(targetText(check({ kind: 'icmp', port: null }))).toBe('192.0.2.1');
});

test('a reason that only repeats the status is left out', () => {
  expect([
    reasonText('timeout', 'timeout'),
    reasonText('timeout', 'no answer'),
    reasonText(null, null),
  ]).toEqual(['', 'no answer', '']);
});

test('the next result is due, being waited for, or late by name', () => {
  expect(nextText(check(), held, nowMs)).toBe('in 3 s');
  expect(nextText(check({ last_due_at: due(55) }), held, nowMs)).toBe('now');
  expect(nextText(check({ last_due_at: due(48) }), held, nowMs)).toBe('now');
  expect(nextText(check({ last_due_at: due(40) }), held, nowMs)).toBe('late 15 s');
  expect(nextText(check({ last_due_at: null }), held, nowMs)).toBe('soon');
});

test('nothing is next of a check that is disabled, or that no core schedules', () => {
  expect(nextText(check({ enabled: false }), held, nowMs)).toBe('–');
  expect(nextText(check(), unheld, nowMs)).toBe('–');
});

test.each<[Partial<PageCounts>, string, string]>([
  [{ up: 4 }, 'up', 'All 4 checks are up'],
  [{ up: 1 }, 'up', 'The check is up'],
  [{ up: 3, down: 1, degraded: 1 }, 'down', '1 of 5 checks is down'],
  [{ down: 2 }, 'down', 'All 2 checks are down'],
  [{ down: 1 }, 'down', 'The check is down'],
  [{ up: 2, degraded: 2 }, 'degraded', '2 of 4 checks are degraded'],
  [{ up: 3, unknown: 1 }, 'unknown', '1 of 4 checks is unknown'],
  [{ up: 3, disabled: 2 }, 'up', 'All 3 checks are up'],
  [{ disabled: 2 }, 'unknown', 'All checks are disabled'],
  [{}, 'unknown', 'No checks yet'],
])('of %j the verdict is %s: %s', (counts, tone, title) => {
  expect(verdictOf(picture(counts), live)).toMatchObject({ tone, title });
});

test('what nobody watches, or nobody sees, is never called up', () => {
  expect(verdictOf(picture({ up: 4 }, unheld), live)).toMatchObject({
    tone: 'unknown',
    title: 'Nobody is watching',
    detail: 'No core holds tenant default. 1 of 2 nodes is up.',
  });
  expect(verdictOf(picture({ up: 4 }), { phase: 'waiting', retryAtMs: 0 })).toMatchObject({
    tone: 'unknown',
    title: 'Connection lost',
    detail: 'Last known: All 4 checks are up. Tenant default is held by core_1. 1 of 2 nodes is up.',
  });
  expect(verdictOf(picture({ up: 4 }, { ...held, picture: 'stale' }), live).title).toBe('Reading the checks');
  expect(verdictOf(null, { phase: 'connecting' }).title).toBe('Connecting');
});

test('notices say that the connection is lost and how old the picture is, and that no core holds the tenant', () => {
  expect(noticesOf(picture({ up: 1 }), live, 0, 1)).toEqual([]);
  expect(noticesOf(picture({ up: 1 }, unheld), { phase: 'waiting', retryAtMs: 9 }, 1_000, 13_000)).toEqual([
    'The connection to this node is lost. What you see is from 12 s ago.',
    'No core holds the tenant right now: nothing is checked until one takes it over. Until then the last known states are shown.',
  ]);
});

test('the connection says when it tries again', () => {
  expect(connectionText({ phase: 'waiting', retryAtMs: 5_000 }, 1_000)).toBe('Reconnecting in 4 s');
  expect(connectionText({ phase: 'waiting', retryAtMs: 1_500 }, 1_000)).toBe('Reconnecting');
  expect(connectionText(live, 0)).toBe('Live');
});

test('changes of state are read out, a few by name and the others as a number', () => {
  const page = (state: PageCheck['state'], connection: PageConnection = live): PageState => {
    const checks = ['a', 'b', 'c', 'd', 'e'].map((id) => check({ id, name: id, state }));
    return { ...newPage(), heardAtMs: 1, connection, picture: picture({ up: 5 }, held, checks) };
  };
  expect(announcementOf(page('up'), page('up'))).toBeNull();
  expect(announcementOf(page('up'), page('down'))).toBe('a is down. b is down. c is down. 2 more changed.');
  const lost = page('up', { phase: 'waiting', retryAtMs: 0 });
  expect(announcementOf(page('up'), lost)).toBe('The connection is lost.');
  expect(announcementOf(lost, page('up'))).toBe('The connection is back.');
  expect(announcementOf(newPage(), page('up'))).toBeNull();
});
