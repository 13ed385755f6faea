/**
 * Which partitions of the streams are to be made, filled from the default one, and dropped: decided from their names, the
 * clock and how long each stream is kept. Pure; spans are days, months or years of UTC, numbered. `partitions.ts` and
 * `retention.ts` do it.
 */
import { limits } from './limits.ts';

export type SpanUnit = 'day' | 'month' | 'year';
export type SeriesName = 'results' | 'rollup_minute' | 'rollup_hour' | 'rollup_day';

export interface Series {
  /** Table of schema `telemetry`; also the key of its row in `platform.retention`. */
  readonly table: SeriesName;
  readonly column: 'due_at' | 'at';
  readonly unit: SpanUnit;
  /** Spans made beyond the present one. */
  readonly ahead: number;
}

export const allSeries: readonly Series[] = [
  { table: 'results', column: 'due_at', unit: 'day', ahead: limits.partitionsAheadDays },
  { table: 'rollup_minute', column: 'at', unit: 'day', ahead: limits.partitionsAheadDays },
  { table: 'rollup_hour', column: 'at', unit: 'month', ahead: 1 },
  { table: 'rollup_day', column: 'at', unit: 'year', ahead: 1 },
];

const dayMs = 86_400_000;
const nameDigits = { day: 8, month: 6, year: 4 } as const;

export function spanAt(unit: SpanUnit, ms: number): number {
  if (unit === 'day') return Math.floor(ms / dayMs);
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  return unit === 'year' ? year : year * 12 + date.getUTCMonth();
}

/** Unix milliseconds; the end of a span is the start of the next. */
export function spanStart(unit: SpanUnit, span: number): number {
  if (unit === 'day') return span * dayMs;
  return unit === 'year' ? Date.UTC(span, 0) : Date.UTC(Math.floor(span / 12), span % 12);
}

export function partitionName({ table, unit }: Series, span: number): string {
  const digits = new Date(spanStart(unit, span)).toISOString().slice(0, 10).replaceAll('-', '');
  return `${table}_${digits.slice(0, nameDigits[unit])}`;
}

/** Null for what is no partition of this series by its name: the default one, another's, a stranger's. */
export function spanNamed(series: Series, name: string): number | null {
  const prefix = `${series.table}_`;
  const digits = name.slice(prefix.length);
  if (!name.startsWith(prefix) || !/^\d+$/.test(digits) || digits.length !== nameDigits[series.unit])
    return null;
  const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6) || '01', digits.slice(6, 8) || '01'];
  const ms = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  if (Number.isNaN(ms)) return null;
  const span = spanAt(series.unit, ms);
  return partitionName(series, span) === name ? span : null;
}

/** What is there of one series. */
export interface Held {
  readonly attached: readonly string[];
  /** Tables with the name of a partition that are none: a drop that was interrupted after its first half. */
  readonly detached: readonly string[];
  /** Spans that rows in the default partition belong to. */
  readonly strayed: readonly number[];
}

export interface Terms {
  readonly nowMs: number;
  readonly keptDays: number;
  /** What is not rolled up yet is not dropped. */
  readonly rolledToMs: number;
}

export interface PartitionPlan {
  readonly make: readonly number[];
  /** Spans of the past and of the near future whose rows lie in the default partition, oldest first. */
  readonly move: readonly number[];
  readonly drop: readonly { readonly name: string; readonly endMs: number; readonly attached: boolean }[];
}

export function planPartitions(series: Series, held: Held, terms: Terms): PartitionPlan {
  const { unit } = series;
  const there = new Set([...held.attached, ...held.detached]);
  const strayed = new Set(held.strayed);
  const present = spanAt(unit, terms.nowMs);
  const last = present + series.ahead;
  const untilMs = Math.min(terms.nowMs - Math.max(1, terms.keptDays) * dayMs, terms.rolledToMs);
  const make: number[] = [];
  // From yesterday: results of the last minutes are still under way when a day ends. Not what would be dropped at once.
  for (let span = unit === 'day' ? present - 1 : present; span <= last; span += 1) {
    if (there.has(partitionName(series, span)) || strayed.has(span)) continue;
    if (spanStart(unit, span + 1) > untilMs) make.push(span);
  }
  // What is due years ahead is left where it is until its time comes: anybody's wrong clock would make a table a day.
  const move = [...strayed]
    .filter((span) => span <= last && !there.has(partitionName(series, span)))
    .sort((a, b) => a - b)
    .slice(0, limits.partitionMovesMax);
  const past = (names: readonly string[], attached: boolean) =>
    names.flatMap((name) => {
      const span = spanNamed(series, name);
      if (span === null) return [];
      const endMs = spanStart(unit, span + 1);
      return endMs <= untilMs ? [{ name, endMs, attached }] : [];
    });
  const drop = [...past(held.attached, true), ...past(held.detached, false)];
  return { make, move, drop: drop.sort((a, b) => a.endMs - b.endMs) };
}
