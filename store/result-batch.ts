/**
 * From the writes of many tenants to the columns of one statement. Pure. A row carries the number of its write, not its
 * tenant's id; duplicates that one statement could not apply twice are merged here (gaps: the longest, watermarks: the
 * highest, states: the last, late rows: a real one before a synthetic one).
 */
import type { CheckStateRow, GapRow, ResultRow, WatermarkRow } from '../actors/ports/check.ts';
import type { TenantWrite } from '../actors/ports/result-store.ts';
import { assertInstant, assertWhole, numberColumn, shortText, textColumn } from './columns.ts';
import { StoreError } from './errors.ts';
import { assertTenantId } from './ids.ts';
import { limits } from './limits.ts';

/** A row and the number (from 1) of the write that it came with. */
export interface Numbered<Row> {
  n: number;
  row: Row;
}

export interface Batch {
  writes: readonly TenantWrite[];
  results: Numbered<ResultRow>[];
  gaps: Numbered<GapRow>[];
  late: Numbered<ResultRow>[];
  watermarks: Numbered<WatermarkRow>[];
  states: Numbered<CheckStateRow>[];
}

/** Throws `invalid_input` for a row that no table could hold, before anything is sent. */
export function toBatch(writes: readonly TenantWrite[]): Batch {
  const results: Numbered<ResultRow>[] = [];
  const gaps = new Map<string, Numbered<GapRow>>();
  const late = new Map<string, Numbered<ResultRow>>();
  const watermarks = new Map<string, Numbered<WatermarkRow>>();
  const states = new Map<string, Numbered<CheckStateRow>>();
  writes.forEach((write, i) => {
    const n = i + 1;
    assertTenantId(write.tenantId);
    assertWhole(write.epoch, 'epoch', 1, Number.MAX_SAFE_INTEGER);
    // With the epoch in the key, a row under an older epoch (fenced anyway) never hides one under the present.
    const key = (checkId: string, ms = 0) => `${write.tenantId} ${write.epoch} ${ms} ${checkId}`;
    for (const row of write.results) results.push({ n, row: assertResult(row) });
    for (const row of write.gaps) {
      assertGap(row);
      keep(gaps, key(row.checkId, row.fromMs), { n, row }, (held) => row.toMs > held.toMs);
    }
    for (const row of write.late) {
      assertResult(row);
      keep(late, key(row.checkId, row.dueAtMs), { n, row }, (held) => held.status === 'skipped');
    }
    for (const row of write.watermarks) {
      assertInstant(row.dueAtMs, 'watermark');
      keep(watermarks, key(row.checkId), { n, row }, (held) => row.dueAtMs > held.dueAtMs);
    }
    for (const row of write.states) {
      assertInstant(row.sinceMs, 'since');
      keep(states, key(row.checkId), { n, row }, () => true);
    }
  });
  const batch = {
    writes,
    results,
    gaps: [...gaps.values()],
    late: [...late.values()],
    watermarks: [...watermarks.values()],
    states: [...states.values()],
  };
  for (const rows of [results, batch.gaps, batch.late, batch.watermarks, batch.states]) {
    if (rows.length > limits.rowsPerWriteMax) {
      throw new StoreError(
        'invalid_input',
        `more than ${limits.rowsPerWriteMax} rows in one write: ${rows.length}`,
      );
    }
  }
  return batch;
}

function keep<Row>(
  map: Map<string, Numbered<Row>>,
  key: string,
  next: Numbered<Row>,
  wins: (held: Row) => boolean,
): void {
  const held = map.get(key);
  if (!held || wins(held.row)) map.set(key, next);
}

export const tenantColumns = (writes: readonly TenantWrite[]): string[] => [
  textColumn(writes.map((write) => write.tenantId)),
  numberColumn(writes.map((write) => write.epoch)),
];

export const resultColumns = (rows: readonly Numbered<ResultRow>[]): string[] => [
  numberColumn(rows.map(({ n }) => n)),
  textColumn(rows.map(({ row }) => row.checkId)),
  numberColumn(rows.map(({ row }) => row.dueAtMs)),
  numberColumn(rows.map(({ row }) => row.startedAtMs)),
  numberColumn(rows.map(({ row }) => row.latencyMs)),
  textColumn(rows.map(({ row }) => row.status)),
  textColumn(rows.map(({ row }) => shortText(row.reason))),
  textColumn(rows.map(({ row }) => shortText(row.agent))),
  textColumn(rows.map(({ row }) => shortText(row.poller))),
];

export const gapColumns = (rows: readonly Numbered<GapRow>[]): string[] => [
  numberColumn(rows.map(({ n }) => n)),
  textColumn(rows.map(({ row }) => row.checkId)),
  numberColumn(rows.map(({ row }) => row.fromMs)),
  numberColumn(rows.map(({ row }) => row.toMs)),
  numberColumn(rows.map(({ row }) => row.intervalMs)),
  textColumn(rows.map(({ row }) => shortText(row.reason))),
];

export const watermarkColumns = (rows: readonly Numbered<WatermarkRow>[]): string[] => [
  numberColumn(rows.map(({ n }) => n)),
  textColumn(rows.map(({ row }) => row.checkId)),
  numberColumn(rows.map(({ row }) => row.dueAtMs)),
];

export const stateColumns = (rows: readonly Numbered<CheckStateRow>[]): string[] => [
  numberColumn(rows.map(({ n }) => n)),
  textColumn(rows.map(({ row }) => row.checkId)),
  textColumn(rows.map(({ row }) => row.state)),
  textColumn(rows.map(({ row }) => String(row.flapping))),
  numberColumn(rows.map(({ row }) => row.sinceMs)),
  textColumn(rows.map(({ row }) => shortText(row.because))),
];

function assertResult(row: ResultRow): ResultRow {
  assertInstant(row.dueAtMs, 'due instant');
  if (row.startedAtMs !== null) assertInstant(row.startedAtMs, 'started instant');
  if (row.latencyMs !== null && !Number.isFinite(row.latencyMs)) {
    throw new StoreError('invalid_input', `latency is not a number: ${row.latencyMs}`);
  }
  return row;
}

function assertGap(row: GapRow): void {
  assertInstant(row.fromMs, 'start of a gap');
  assertInstant(row.toMs, 'end of a gap');
  assertWhole(row.intervalMs, 'interval of a gap', 1, limits.instantMsMax);
  const steps = (row.toMs - row.fromMs) / row.intervalMs;
  if (!Number.isInteger(steps) || steps < 0 || row.count !== steps + 1) {
    throw new StoreError(
      'invalid_input',
      `a gap of ${row.count} instants each ${row.intervalMs} ms does not reach from ${row.fromMs} to ${row.toMs}`,
    );
  }
}
