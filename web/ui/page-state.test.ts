import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reconnectFirstMs, reconnectLastMs } from '../limits.ts';
import { pageCheck } from '../testing/page-check.ts';
import type { FullMessage, LiveMessage, PageCheck, PageNode } from './live-message.ts';
import {
  newPage,
  orderedChecks,
  orderedNodes,
  type PageState,
  reconnectDelayMs,
  stepPage,
} from './page-state.ts';

function full(checks: PageCheck[], nodes: PageNode[] = []): FullMessage {
  return {
    type: 'full',
    now_ms: 1_000,
    node: 'web_1',
    tenant: { slug: 'default', id: 'abcdefgh2345', holder: 'core_1', picture: 'current', told_at_ms: 1_000 },
    counts: { up: checks.length, degraded: 0, down: 0, unknown: 0, disabled: 0, total: checks.length },
    nodes,
    checks,
    results: [],
  };
}

function after(state: PageState, ...messages: LiveMessage[]): PageState {
  return messages.reduce((page, message) => stepPage(page, { type: 'message', message, nowMs: 900 }), state);
}

test('a full message makes the page live, and tells how far ahead the cluster clock is', () => {
  const page = after(newPage(), full([pageCheck('a')]));
  expect(page).toMatchObject({ connection: { phase: 'live' }, clockAheadMs: 100, heardAtMs: 900 });
  expect([...page.picture!.checks.keys()]).toEqual(['a']);
});

test('a change before the first full message is not drawn', () => {
  const page = after(newPage(), { type: 'change', now_ms: 1, checks: [pageCheck('a')] });
  expect(page.picture).toBeNull();
  expect(page.connection.phase).toBe('connecting');
});

test('what a change does not name stays as it was, to the very object', () => {
  const before = after(newPage(), full([pageCheck('a'), pageCheck('b')]));
  const page = after(before, {
    type: 'change',
    now_ms: 2,
    checks: [pageCheck('a', { state: 'down' })],
    removed: ['b'],
  });
  expect([...page.picture!.checks.values()]).toEqual([pageCheck('a', { state: 'down' })]);
  expect(page.picture!.nodes).toBe(before.picture!.nodes);
  expect(before.picture!.checks.size).toBe(2);
});

test('a beat only says that the feed is there', () => {
  const before = after(newPage(), full([pageCheck('a')]));
  expect(after(before, { type: 'beat', now_ms: 5 }).picture).toBe(before.picture);
});

test('a lost connection keeps the picture and waits longer each time; a message starts the count anew', () => {
  let page = after(newPage(), full([pageCheck('a')]));
  const waits: number[] = [];
  for (let tries = 0; tries < 8; tries += 1) {
    page = stepPage(page, { type: 'lost', nowMs: 0, spread: 0 });
    if (page.connection.phase === 'waiting') waits.push(page.connection.retryAtMs);
    page = stepPage(page, { type: 'connecting' });
  }
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  expect(page.picture!.checks.size).toBe(1);
  page = stepPage(after(page, full([])), { type: 'lost', nowMs: 0, spread: 0 });
  expect(page.connection).toEqual({ phase: 'waiting', retryAtMs: reconnectFirstMs });
});

test('a delay is within its bounds for every number of tries', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempts, spread) => {
        const delayMs = reconnectDelayMs(attempts, spread);
        expect(delayMs).toBeGreaterThanOrEqual(reconnectFirstMs / 2);
        expect(delayMs).toBeLessThanOrEqual(reconnectLastMs);
      },
    ),
  );
});

test('checks in trouble stand first, disabled ones last, names with numbers in their order', () => {
  const page = after(
    newPage(),
    full([
      pageCheck('off', { enabled: false, state: 'down' }),
      pageCheck('up 10'),
      pageCheck('up 2'),
      pageCheck('new', { state: 'unknown' }),
      pageCheck('slow', { state: 'degraded' }),
      pageCheck('dead', { state: 'down' }),
    ]),
  );
  expect(orderedChecks(page.picture!).map(({ id }) => id)).toEqual([
    'dead',
    'slow',
    'new',
    'up 2',
    'up 10',
    'off',
  ]);
});

test('nodes stand in the order of the work, unknown roles last', () => {
  const node = (name: string, role: string): PageNode => {
    return { name, role, status: 'up', address: '', pid: null, rtt_ms: null };
  };
  const nodes = [
    node('x', 'other'),
    node('agent_1', 'agent'),
    node('core_10', 'core'),
    node('core_2', 'core'),
  ];
  const page = after(newPage(), full([], nodes));
  expect(orderedNodes(page.picture!).map(({ name }) => name)).toEqual(['core_2', 'core_10', 'agent_1', 'x']);
});
