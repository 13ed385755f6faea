import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wantedSource } from '../test/contract/listed-source-store.ts';
import { firstListingMsMax, listingsOfTenantMax } from './limits.ts';
import { type Blame, type ListingEffect, newListingPlan, stepListing } from './listing-plan.ts';
import type { ListedSource, ListedSourceState, ListingRecord } from './ports/listed-source.ts';

const startMs = 1_700_000_000_000;
const hourMs = 3_600_000;

const source = (id: string, more: Partial<ListedSource> = {}): ListedSource => ({
  ...{
    ...wantedSource(id),
    id,
    hasCredentials: true,
    version: 1,
    createdAtMs: 0,
    updatedAtMs: 0,
  },
  ...more,
});
const rows = (...sources: ListedSource[]) => sources.map((one) => ({ source: one, state: null }));

const record = (
  runId: string,
  startedAtMs: number,
  outcome: 'complete' | 'aborted' = 'complete',
): ListingRecord => ({
  ...{
    runId,
    startedAtMs,
    endedAtMs: startedAtMs,
    by: 'schedule',
    node: 'core_1',
    outcome,
    code: '',
    detail: '',
    page: 0,
  },
  ...{ documentId: null, counts: {} as ListingRecord['counts'] },
});

const of = <T extends ListingEffect['type']>(effects: readonly ListingEffect[], type: T) =>
  effects.filter((effect): effect is ListingEffect & { type: T } => effect.type === type);

/** A plan, and its own clock. */
function stage() {
  const plan = newListingPlan();
  let nowMs = startMs;
  const step = (event: Parameters<typeof stepListing>[1]) => stepListing(plan, event);
  return {
    plan,
    step,
    now: () => nowMs,
    tick(afterMs: number) {
      nowMs += afterMs;
      return step({ type: 'tick', nowMs });
    },
    end(id: string, blames: Blame = 'none') {
      const { runId, startedAtMs } = plan.sources.get(id)!.underWay!;
      const outcome = blames === 'none' ? 'complete' : 'aborted';
      return step({ type: 'ended', id, record: record(runId, startedAtMs, outcome), blames, nowMs });
    },
  };
}

describe('when a source is listed', () => {
  test('a new one within moments, then from start to start by its interval', () => {
    const { step, tick, end, now } = stage();
    expect(of(step({ type: 'rows', rows: rows(source('a')), nowMs: startMs }), 'start')).toEqual([]);
    expect(of(tick(firstListingMsMax), 'start')).toMatchObject([{ source: { id: 'a' }, by: 'schedule' }]);
    const startedAtMs = now();
    tick(10_000);
    const [wake] = of(end('a'), 'wake');
    expect(wake!.atMs).toBe(startedAtMs + hourMs);
    expect(of(tick(hourMs - 10_001), 'start')).toEqual([]);
    expect(of(tick(1), 'start')).toHaveLength(1);
  });

  test('never by itself when it is disabled or has no interval, and by hand all the same', () => {
    const { step, tick } = stage();
    const all = [source('off', { enabled: false }), source('hand', { intervalMs: null })];
    step({ type: 'rows', rows: rows(...all), nowMs: startMs });
    expect(of(tick(100 * hourMs), 'start')).toEqual([]);
    const begun = all.flatMap(({ id }) =>
      step({ type: 'asked', id, by: 'ann', acceptEmpty: true, nowMs: startMs }),
    );
    expect(of(begun, 'start').map(({ source: { id }, by, acceptEmpty }) => [id, by, acceptEmpty])).toEqual([
      ['off', 'ann', true],
      ['hand', 'ann', true],
    ]);
  });

  test('one that ran before its core took over goes on by when it ran', () => {
    const { step, tick } = stage();
    const state = {
      breaker: { state: 'closed', failures: 0 },
      last: record('x', startMs - 30 * 60_000),
      lastComplete: null,
    };
    step({
      type: 'rows',
      rows: [{ source: source('a'), state: state as ListedSourceState }],
      nowMs: startMs,
    });
    expect(of(tick(29 * 60_000), 'start')).toEqual([]);
    expect(of(tick(60_000), 'start')).toHaveLength(1);
  });

  test('a clock that was ahead holds it for no longer than its interval', () => {
    const { step, tick } = stage();
    const state = {
      breaker: { state: 'closed', failures: 0 },
      last: record('x', startMs + 1e9),
      lastComplete: null,
    };
    step({
      type: 'rows',
      rows: [{ source: source('a'), state: state as ListedSourceState }],
      nowMs: startMs,
    });
    expect(of(tick(hourMs), 'start')).toHaveLength(1);
  });

  test('one that fails is left alone by its breaker, which a person may pass', () => {
    const { step, tick, end, plan, now } = stage();
    step({ type: 'rows', rows: rows(source('a', { intervalMs: 60_000 })), nowMs: startMs });
    for (let failure = 0; failure < 6; failure += 1) {
      tick(Math.max(60_000, (plan.sources.get('a')!.dueAtMs ?? 0) - now()));
      end('a', 'theirs');
    }
    const { breaker } = plan.sources.get('a')!.state;
    expect(breaker).toMatchObject({ state: 'open', openings: 2 });
    const untilMs = breaker.state === 'open' ? breaker.untilMs : 0;
    expect(untilMs - now()).toBe(120_000);
    expect(of(tick(61_000), 'start')).toEqual([]);
    expect(
      of(step({ type: 'asked', id: 'a', by: 'ann', acceptEmpty: false, nowMs: now() }), 'start'),
    ).toHaveLength(1);
    end('a');
    expect(plan.sources.get('a')!.state.breaker).toEqual({ state: 'closed', failures: 0 });
  });
});

describe('what is not wanted any more', () => {
  test('a removed source has its run called off, and its end is written nowhere', () => {
    const { step, tick, plan } = stage();
    step({ type: 'rows', rows: rows(source('a')), nowMs: startMs });
    tick(firstListingMsMax);
    const { runId } = plan.sources.get('a')!.underWay!;
    expect(step({ type: 'rows', rows: [], nowMs: startMs })).toEqual([{ type: 'cancel', id: 'a' }]);
    expect(
      step({ type: 'ended', id: 'a', record: record(runId, 0), blames: 'none', nowMs: startMs }),
    ).toEqual([]);
  });

  test('a source that is taken from its agent has its run there called off; another change lets it go on', () => {
    const { step, now } = stage();
    const own = source('cmdb', { intervalMs: null, agent: 'plant-1' });
    step({ type: 'rows', rows: rows(own), nowMs: now() });
    step({ type: 'asked', id: 'cmdb', by: 'ann', acceptEmpty: false, nowMs: now() });
    const slower = { ...own, version: 2, pageItems: 10 };
    expect(of(step({ type: 'rows', rows: rows(slower), nowMs: now() }), 'cancel')).toEqual([]);
    const moved = { ...slower, version: 3, agent: null };
    const effects = step({ type: 'rows', rows: rows(moved), nowMs: now() });
    expect(of(effects, 'cancel')).toEqual([{ type: 'cancel', id: 'cmdb' }]);
  });

  test('of a suspended tenant nothing runs, and what ran is called off', () => {
    const { step, tick, end, now } = stage();
    step({ type: 'rows', rows: rows(source('a'), source('b')), nowMs: startMs });
    tick(firstListingMsMax);
    const stopped = step({ type: 'suspended', suspended: true, nowMs: now() });
    expect(of(stopped, 'cancel').map(({ id }) => id)).toEqual(['a', 'b']);
    end('a', 'ours');
    end('b', 'ours');
    expect(tick(10 * hourMs)).toEqual([]);
    expect(of(step({ type: 'suspended', suspended: false, nowMs: now() }), 'start')).toHaveLength(2);
  });
});

test('whatever happens, a source has one run at a time, a tenant few, and what is due is begun or woken for', () => {
  const ids = ['a', 'b', 'c', 'd'];
  const event = fc.oneof(
    fc.record({ do: fc.constant('tick' as const), afterMs: fc.integer({ min: 0, max: 2 * hourMs }) }),
    fc.record({ do: fc.constant('ask' as const), id: fc.constantFrom(...ids) }),
    fc.record({
      do: fc.constant('end' as const),
      id: fc.constantFrom(...ids),
      blames: fc.constantFrom('none' as const, 'theirs' as const, 'ours' as const),
    }),
    fc.record({ do: fc.constant('rows' as const), there: fc.subarray(ids), version: fc.nat(3) }),
    fc.record({ do: fc.constant('suspend' as const), suspended: fc.boolean() }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const { plan, step, tick, end, now } = stage();
      const running = new Set<string>();
      const see = (effects: readonly ListingEffect[]) => {
        for (const { source: one } of of(effects, 'start')) {
          expect(running.has(one.id)).toBe(false);
          running.add(one.id);
        }
        const underWay = [...plan.sources.values()].filter((one) => one.underWay !== null);
        expect(underWay.length).toBeLessThanOrEqual(listingsOfTenantMax);
        const waiting = [...plan.sources.values()].filter(
          (one) => one.underWay === null && one.dueAtMs !== null,
        );
        const wakes = of(effects, 'wake');
        if (!plan.suspended && waiting.length > 0 && underWay.length < listingsOfTenantMax) {
          expect(wakes).toHaveLength(1);
          expect(wakes[0]!.atMs).toBeGreaterThan(now());
        }
      };
      for (const one of events) {
        if (one.do === 'tick') see(tick(one.afterMs));
        else if (one.do === 'ask')
          see(step({ type: 'asked', id: one.id, by: 'ann', acceptEmpty: false, nowMs: now() }));
        else if (one.do === 'suspend')
          see(step({ type: 'suspended', suspended: one.suspended, nowMs: now() }));
        else if (one.do === 'end') {
          if (!plan.sources.get(one.id)?.underWay) continue;
          running.delete(one.id);
          see(end(one.id, one.blames));
        } else {
          for (const id of ids) if (!one.there.includes(id)) running.delete(id);
          see(
            step({
              type: 'rows',
              rows: rows(...one.there.map((id) => source(id, { version: one.version }))),
              nowMs: now(),
            }),
          );
        }
      }
    }),
  );
});
