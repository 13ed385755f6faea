/** Roll-ups against a plain aggregate, over random histories with late and replaced rows, on a real PostgreSQL. */
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ResultStatus, resultStatuses } from '../actors/ports/check.ts';
import type { RollupUnit } from '../actors/ports/telemetry-store.ts';
import { clock, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { holderOf, newTenant, result, type StoreSetup } from '../test/contract/store-setup.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const spanMs = { minute: minuteMs, hour: hourMs, day: 24 * hourMs } as const;
const units: readonly RollupUnit[] = ['minute', 'hour', 'day'];

let database: ScratchDatabase;
let setup: StoreSetup;
let direct: pg.Client;

beforeAll(async () => {
  database = await scratchDatabase();
  setup = { ...database.store, expireSession: async () => {} };
  direct = new pg.Client({ connectionString: database.server.url, options: '-c TimeZone=UTC' });
  await direct.connect();
});
afterAll(async () => {
  await direct?.end();
  await database?.close();
});

/** As if nothing later than three hours ago had been rolled up: what is before is corrected, what is after rolled. */
beforeEach(startOver);
async function startOver() {
  const at = clock.wallMs() - 3 * hourMs;
  const from = new Date(at - (at % minuteMs)).toISOString();
  await direct.query('UPDATE platform.rollup SET rolled_to = $1', [from]);
  await direct.query('UPDATE platform.rollup_promise SET promised_to = $1', [from]);
}

async function rollAll(): Promise<number> {
  for (;;) {
    const { more, rolledToMs } = await database.store.telemetry.roll();
    if (!more) return rolledToMs;
  }
}

/** The same numbers by one plain question to the rows themselves. */
async function plain(tenantId: string, unit: RollupUnit, rolledToMs: number): Promise<unknown[]> {
  const rows = await database.store.results.results(tenantId, {
    checkId: null,
    sinceMs: null,
    limit: 100_000,
  });
  const spans = new Map<string, Record<string, number | string | null>>();
  for (const { checkId, dueAtMs, status, latencyMs } of rows) {
    const atMs = dueAtMs - (dueAtMs % spanMs[unit]);
    if (atMs + spanMs[unit] > rolledToMs) continue;
    const key = `${atMs} ${checkId}`;
    const none = Object.fromEntries(resultStatuses.map((one) => [one, 0]));
    const latencies = { latencyCount: 0, latencySumMs: 0, latencyMinMs: null, latencyMaxMs: null };
    const span = spans.get(key) ?? { checkId, atMs, ...none, ...latencies };
    span[status] = (span[status] as number) + 1;
    if (latencyMs !== null) {
      span.latencyCount = (span.latencyCount as number) + 1;
      span.latencySumMs = (span.latencySumMs as number) + latencyMs;
      span.latencyMinMs = Math.min((span.latencyMinMs as number | null) ?? latencyMs, latencyMs);
      span.latencyMaxMs = Math.max((span.latencyMaxMs as number | null) ?? latencyMs, latencyMs);
    }
    spans.set(key, span);
  }
  const text = (span: Record<string, unknown>) => `${span.atMs} ${span.checkId}`;
  return [...spans.values()].sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

async function rolled(tenantId: string, unit: RollupUnit): Promise<unknown[]> {
  const query = { by: unit, checkId: null, sinceMs: null, limit: 10_000 };
  const rows = await database.store.telemetry.rollups(tenantId, query);
  const text = ({ atMs, checkId }: { atMs: number; checkId: string }) => `${atMs} ${checkId}`;
  return rows.sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

async function compare(tenantId: string): Promise<void> {
  const rolledToMs = await rollAll();
  for (const unit of units)
    expect(await rolled(tenantId, unit), unit).toEqual(await plain(tenantId, unit, rolledToMs));
}

/** Quarters of a millisecond, so that sums are exact in whatever order. */
const row = fc.record({
  check: fc.constantFrom('chk_a', 'chk_b'),
  backS: fc.oneof(fc.integer({ min: 0, max: 4 * 3600 }), fc.integer({ min: 0, max: 3 * 86_400 })),
  status: fc.constantFrom<ResultStatus>(...resultStatuses),
  quarters: fc.integer({ min: 0, max: 4_000 }),
});
type Row = typeof row extends fc.Arbitrary<infer T> ? T : never;
const doing = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      write: fc.constantFrom('results', 'late'),
      rows: fc.array(row, { maxLength: 40 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant('roll' as const) },
  { weight: 1, arbitrary: fc.constant('roll beside the next write' as const) },
);

test('a roll-up is what a plain aggregate says, whatever came late or was replaced, and beside running writers', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(doing, { minLength: 4, maxLength: 14 }), async (history) => {
      await startOver();
      const tenantId = await newTenant(setup);
      const { write } = await holderOf(setup, tenantId);
      const nowMs = clock.wallMs();
      const toRow = ({ check, backS, status, quarters }: Row) => {
        const made = result(check, nowMs - backS * 1_000, status);
        return status === 'skipped' ? made : { ...made, latencyMs: quarters / 4 };
      };
      let beside: Promise<unknown> = Promise.resolve();
      for (const event of history) {
        if (event === 'roll') await database.store.telemetry.roll();
        else if (event === 'roll beside the next write') beside = rollAll();
        else await write({ [event.write]: event.rows.map(toRow) });
      }
      await beside;
      await compare(tenantId);
      // Once more changes nothing, neither from where it is nor from the beginning.
      await compare(tenantId);
      await startOver();
      await compare(tenantId);
    }),
    { numRuns: 12 },
  );
});

test('a late result corrects its minute, its hour and its day, and no mark is left', async () => {
  const tenantId = await newTenant(setup);
  const { write } = await holderOf(setup, tenantId);
  const dayMs = spanMs.day;
  const due = Math.floor(clock.wallMs() / dayMs) * dayMs - dayMs + 7 * minuteMs;
  await write({ results: [result('chk_x', due, 'skipped'), result('chk_x', due + 1_000)] });
  await rollAll();
  await write({
    late: [{ ...result('chk_x', due, 'critical'), latencyMs: 8 }, result('chk_x', due + 2_000)],
  });
  const { rolledToMs, more } = await database.store.telemetry.roll();
  expect(more).toBe(false);
  for (const by of units) {
    const [span] = await database.store.telemetry.rollups(tenantId, {
      by,
      checkId: 'chk_x',
      sinceMs: null,
      limit: 1,
    });
    expect(span).toMatchObject({ success: 2, critical: 1, skipped: 0, latencyCount: 3, latencySumMs: 10.5 });
  }
  expect(rolledToMs).toBeGreaterThan(due);
  expect((await direct.query('SELECT FROM platform.rollup_marks')).rowCount).toBe(0);
});

test('two that roll at once come to the same', async () => {
  const tenantId = await newTenant(setup);
  const { write } = await holderOf(setup, tenantId);
  const dueAt = (k: number) => clock.wallMs() - k * 97_000;
  await write({ results: Array.from({ length: 100 }, (_, k) => result('chk_x', dueAt(k))) });
  await Promise.all([rollAll(), rollAll(), write({ late: [result('chk_x', dueAt(3) - 500)] }), rollAll()]);
  await compare(tenantId);
});

test('what is still going on is not rolled up: the minute just over waits for its late results', async () => {
  const tenantId = await newTenant(setup);
  const { write } = await holderOf(setup, tenantId);
  await write({ results: [result('chk_x', clock.wallMs())] });
  const rolledToMs = await rollAll();
  expect(rolledToMs % minuteMs).toBe(0);
  expect(rolledToMs).toBeLessThanOrEqual(clock.wallMs() - minuteMs);
  expect(await rolled(tenantId, 'minute')).toEqual([]);
});
