import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  dropCheck,
  type FeedPicture,
  feedPicture,
  fullMessage,
  takeAllViews,
  takeMembers,
  takeTenant,
  takeUntold,
  takeViews,
} from './feed-picture.ts';
import { pageChecksMax, pageResultsMax, pageTextCharactersMax, pageTroubledMax } from './limits.ts';
import { member, view } from './testing/stage.ts';
import { newPage, stepPage } from './ui/page-state.ts';

const at = (second: number) => new Date(1_700_000_000_000 + second * 1_000).toISOString();

function pictureOf(...ids: string[]): FeedPicture {
  const picture = feedPicture('web_1', 'default');
  takeAllViews(
    picture,
    ids.map((id) => view(id)),
  );
  takeUntold(picture, 0);
  return picture;
}

test('nothing is told twice, and nothing is told when nothing changed', () => {
  const picture = pictureOf('a');
  takeMembers(picture, [member('core_1', 'core')]);
  expect(takeUntold(picture, 5)).toMatchObject({ type: 'change', nodes: [{ name: 'core_1', rtt_ms: 0.5 }] });
  takeMembers(picture, [member('core_1', 'core')]);
  takeTenant(picture, { holder: null });
  expect(takeUntold(picture, 6)).toBeNull();
});

test('only the checks that changed are told, with the counts of all', () => {
  const picture = pictureOf('a', 'b');
  takeViews(picture, [view('b', { state: 'down' })]);
  expect(takeUntold(picture, 0)).toMatchObject({
    type: 'change',
    checks: [{ id: 'b', state: 'down' }],
    counts: { up: 1, down: 1, total: 2 },
  });
});

test('a check that was told and removed before the page heard of it is only removed', () => {
  const picture = pictureOf('a');
  takeViews(picture, [view('a', { state: 'down' })]);
  dropCheck(picture, 'a');
  const message = takeUntold(picture, 0);
  expect(message).toMatchObject({ removed: ['a'], counts: { total: 0 } });
  expect(message).not.toHaveProperty('checks');
});

test('a later due instant is a result; the same one told again is not', () => {
  const picture = pictureOf('a');
  const first = view('a', { last_due_at: at(1), last_status: 'success', last_latency_ms: 3 });
  const second = view('a', { last_due_at: at(6), last_status: 'timeout', last_reason: 'timeout' });
  takeViews(picture, [first]);
  takeViews(picture, [second]);
  takeViews(picture, [second]);
  takeAllViews(picture, [second]);
  const { results } = fullMessage(picture, 0);
  expect(results.map(({ due_at, status }) => [due_at, status])).toEqual([
    [at(6), 'timeout'],
    [at(1), 'success'],
  ]);
});

test('only the last results are kept, newest first', () => {
  const picture = pictureOf('a');
  for (let second = 0; second < pageResultsMax + 7; second += 1)
    takeViews(picture, [view('a', { last_due_at: at(second), last_status: 'success' })]);
  const { results } = fullMessage(picture, 0);
  expect(results).toHaveLength(pageResultsMax);
  expect(results[0]!.due_at).toBe(at(pageResultsMax + 6));
});

test('a page is sent so many checks, and those in trouble have places of their own', () => {
  const picture = feedPicture('web_1', 'default');
  const views = Array.from({ length: pageChecksMax + 500 }, (_, index) => view(`c${index}`));
  takeAllViews(picture, [...views, view('late', { state: 'down' })]);
  const message = fullMessage(picture, 0);
  expect(message.checks).toHaveLength(pageChecksMax);
  expect(message.checks.some(({ id }) => id === 'late')).toBe(true);
  expect(message.counts).toMatchObject({ up: pageChecksMax + 500, down: 1, total: pageChecksMax + 501 });
  takeViews(
    picture,
    Array.from({ length: pageTroubledMax + 500 }, (_, index) => view(`d${index}`, { state: 'down' })),
  );
  expect(fullMessage(picture, 0).checks).toHaveLength(pageChecksMax + pageTroubledMax);
});

test('long texts are cut, and settings are not sent at all', () => {
  const picture = feedPicture('web_1', 'default');
  const long = 'x'.repeat(10_000);
  takeAllViews(picture, [
    view('a', { name: long, target: long, last_reason: long, settings: { token: 'secret' } }),
  ]);
  const text = JSON.stringify(fullMessage(picture, 0));
  expect(text).not.toContain('secret');
  expect(text.length).toBeLessThan(5 * pageTextCharactersMax);
});

const states = ['up', 'degraded', 'down', 'unknown'] as const;
const step = fc.oneof(
  fc.record({
    does: fc.constant('tell' as const),
    id: fc.nat(9),
    state: fc.constantFrom(...states),
    on: fc.boolean(),
  }),
  fc.record({ does: fc.constant('drop' as const), id: fc.nat(9) }),
  fc.record({ does: fc.constant('all' as const), ids: fc.uniqueArray(fc.nat(9)) }),
  fc.record({ does: fc.constant('send' as const) }),
);

test('of results of one instant the page keeps those that the feed keeps', () => {
  const ids = Array.from({ length: pageResultsMax + 5 }, (_, n) => `c${n}`);
  const picture = pictureOf(...ids);
  let page = stepPage(newPage(), { type: 'message', message: fullMessage(picture, 0), nowMs: 0 });
  for (const told of [ids.slice(10), ids.slice(0, 10)]) {
    takeViews(
      picture,
      told.map((id) => view(id, { last_due_at: at(1), last_status: 'success' })),
    );
    page = stepPage(page, { type: 'message', message: takeUntold(picture, 0)!, nowMs: 0 });
  }
  expect(page.picture!.results).toEqual(fullMessage(picture, 0).results);
});

test('a page that gets the changes shows what a page shows that comes at the end', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const picture = feedPicture('web_1', 'default');
      let page = stepPage(newPage(), { type: 'message', message: fullMessage(picture, 0), nowMs: 0 });
      const send = () => {
        const message = takeUntold(picture, 0);
        if (message === null) return;
        const sent = JSON.parse(JSON.stringify(message));
        page = stepPage(page, { type: 'message', message: sent, nowMs: 0 });
      };
      for (const [second, one] of steps.entries()) {
        const due = { last_due_at: at(second), last_status: 'success' as const };
        if (one.does === 'tell')
          takeViews(picture, [view(`c${one.id}`, { state: one.state, enabled: one.on, ...due })]);
        else if (one.does === 'drop') dropCheck(picture, `c${one.id}`);
        else if (one.does === 'all')
          takeAllViews(
            picture,
            one.ids.map((id) => view(`c${id}`, due)),
          );
        else send();
      }
      send();
      const full = fullMessage(picture, 0);
      expect(new Set(page.picture!.checks.values())).toEqual(new Set(full.checks));
      expect(page.picture!.counts).toEqual(full.counts);
      expect(new Set(page.picture!.results)).toEqual(new Set(full.results));
      const { up, degraded, down, unknown, disabled, total } = full.counts;
      expect(up + degraded + down + unknown + disabled).toBe(total);
      expect(total).toBe(picture.checks.size);
    }),
  );
});
