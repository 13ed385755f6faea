/**
 * The statements of roll-ups: forward over minutes that are over, and again for spans that a late result marked. Each
 * script begins by locking the row of `platform.rollup`, so two that roll come one after the other, and every statement
 * after it sees what was committed before; so none writes an older count over a newer one.
 */
import type { RollupUnit } from '../actors/ports/telemetry-store.ts';
import { assertTenantId } from './ids.ts';
import { limits } from './limits.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const statuses = ['success', 'warning', 'critical', 'unknown', 'timeout', 'skipped'] as const;

const measures = [...statuses, 'latency_count', 'latency_sum', 'latency_min', 'latency_max'].join(', ');
const ofResults = [
  ...statuses.map((status) => `count(*) FILTER (WHERE r.status = '${status}')`),
  'count(r.latency_ms)',
  'coalesce(sum(r.latency_ms), 0)',
  'min(r.latency_ms)',
  'max(r.latency_ms)',
].join(', ');
const ofRollups = [
  ...statuses.map((status) => `sum(r.${status})`),
  'sum(r.latency_count)',
  'sum(r.latency_sum)',
  'min(r.latency_min)',
  'max(r.latency_max)',
].join(', ');
const replace = `ON CONFLICT (tenant_id, check_id, at) DO UPDATE SET ${measures
  .split(', ')
  .map((name) => `${name} = excluded.${name}`)
  .join(', ')}`;

const iso = (ms: number) => `'${new Date(ms).toISOString()}'::timestamptz`;
const open = `SET LOCAL statement_timeout = '${limits.rollupTimeoutMs}ms';
SELECT FROM platform.rollup FOR UPDATE;`;

/** What each kind of span is made of. */
const sources: Readonly<Record<RollupUnit, { table: string; column: string; values: string }>> = {
  minute: { table: 'results', column: 'due_at', values: ofResults },
  hour: { table: 'rollup_minute', column: 'at', values: ofRollups },
  day: { table: 'rollup_hour', column: 'at', values: ofRollups },
};

function roll(unit: RollupUnit, fromMs: number, toMs: number, only = ''): string {
  const { table, column, values } = sources[unit];
  return `
INSERT INTO telemetry.rollup_${unit} (tenant_id, check_id, at, ${measures})
SELECT r.tenant_id, r.check_id, date_trunc('${unit}', r.${column}), ${values}
FROM telemetry.${table} r WHERE r.${column} >= ${iso(fromMs)} AND r.${column} < ${iso(toMs)}${only}
GROUP BY 1, 2, 3
${replace};`;
}

/** Hours and days only when all of them is over. Instants are whole minutes. */
function rollAll(fromMs: number, toMs: number, only = ''): string[] {
  const parts = [roll('minute', fromMs, toMs, only)];
  for (const [unit, spanMs] of [
    ['hour', hourMs],
    ['day', dayMs],
  ] as const) {
    const [from, to] = [fromMs - (fromMs % spanMs), toMs - (toMs % spanMs)];
    if (to > from) parts.push(roll(unit, from, to, only));
  }
  return parts;
}

export function forwardScript(fromMs: number, toMs: number): string {
  const parts = [open, ...rollAll(fromMs, toMs)];
  parts.push(`
UPDATE platform.rollup SET rolled_to = greatest(rolled_to, ${iso(toMs)});`);
  return parts.join('\n');
}

/**
 * All of one tenant up to `toMs`, which is as far as the roll-ups go: for rows that came with a past of their own. Whoever
 * runs it holds the row of `platform.rollup`.
 */
export function rollTenantScript(tenantId: string, fromMs: number, toMs: number): string {
  assertTenantId(tenantId);
  return rollAll(fromMs, toMs, ` AND r.tenant_id = '${tenantId}'`).join('\n');
}

/**
 * Takes marks and makes their spans anew; what a span is part of is marked in turn, if it was made already. A mark and
 * the rows that it speaks of are of one transaction, so a statement that sees the one sees the others.
 */
function correct(unit: RollupUnit, floor: string, larger: RollupUnit | null): string {
  const { table, column, values } = sources[unit];
  const passOn =
    larger === null
      ? ''
      : `,
passed AS (
  INSERT INTO platform.rollup_marks (unit, tenant_id, check_id, at)
  SELECT DISTINCT '${larger}', s.tenant_id, s.check_id, date_trunc('${larger}', s.at) FROM spans s, platform.rollup w
  WHERE date_trunc('${larger}', s.at) + interval '1 ${larger}' <= w.rolled_to
)`;
  return `
WITH taken AS (
  DELETE FROM platform.rollup_marks WHERE id IN (
    SELECT id FROM platform.rollup_marks WHERE unit = '${unit}' ORDER BY id LIMIT ${limits.rollupMarksMax}
  ) RETURNING tenant_id, check_id, at
),
spans AS MATERIALIZED (
  SELECT DISTINCT t.tenant_id, t.check_id, t.at FROM taken t, platform.rollup w WHERE t.at >= w.${floor}
)${passOn}
INSERT INTO telemetry.rollup_${unit} (tenant_id, check_id, at, ${measures})
SELECT s.tenant_id, s.check_id, s.at, ${values}
FROM spans s JOIN telemetry.${table} r ON r.tenant_id = s.tenant_id AND r.check_id = s.check_id
  AND r.${column} >= s.at AND r.${column} < s.at + interval '1 ${unit}'
GROUP BY 1, 2, 3
${replace};`;
}

export const correctScript = [
  open,
  correct('minute', 'results_from', 'hour'),
  correct('hour', 'minutes_from', 'day'),
  correct('day', 'hours_from', null),
].join('\n');

/**
 * Raises what writers promise. The lock waits for those in flight, which promised less, and lets go at once: whoever
 * begins after it takes its snapshot after it, and marks what it writes below.
 */
export function promiseScript(toMs: number): string {
  return `
SET LOCAL lock_timeout = '${limits.rollupLockMs}ms';
LOCK TABLE platform.rollup_marks IN SHARE MODE;
UPDATE platform.rollup_promise SET promised_to = greatest(promised_to, ${iso(toMs)});`;
}

export const rollupState = `
SELECT clock_timestamp() AS now, w.rolled_to, p.promised_to,
  EXISTS (SELECT FROM platform.rollup_marks) AS marked
FROM platform.rollup w, platform.rollup_promise p`;

/** $1 tenant, $2 check or null, $3 since or null, $4 limit, $5 and $6 the last row of the page before. */
export const newestRollups = (unit: RollupUnit) => `
SELECT check_id, at, ${measures} FROM telemetry.rollup_${unit}
WHERE tenant_id = $1 AND ($2::text IS NULL OR check_id = $2)
  AND ($3::float8 IS NULL OR at >= to_timestamp($3::float8 / 1000))
  AND ($5::float8 IS NULL OR at < to_timestamp($5::float8 / 1000)
    OR (at = to_timestamp($5::float8 / 1000) AND check_id > $6::text))
ORDER BY at DESC, check_id LIMIT $4::int`;
