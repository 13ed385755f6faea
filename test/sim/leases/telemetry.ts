/**
 * The rows that account for due instants, as `store/result-sql.ts` keeps them: results and gaps apart, so that an instant
 * may be covered twice here if it is there. Gaps are kept as the instants that they cover. Synchronous; whether a write may
 * be made at all is the lease tables' matter.
 */
import type { CheckStateRow, GapRow, ResultRow } from '../../../actors/ports/check.ts';
import type { AccountedCheck, ResultQuery } from '../../../actors/ports/result-store.ts';
import type { Batch } from '../../../store/result-batch.ts';
import type { Flaw } from './flaws.ts';

interface GapInstant {
  readonly reason: string;
  readonly intervalMs: number;
}

export class CheckRows {
  readonly results = new Map<number, ResultRow>();
  readonly gaps = new Map<number, GapInstant>();
  watermarkMs: number | null = null;
  state: CheckStateRow | null = null;

  /** As many rows as are needed, oldest first. */
  gapRows(checkId: string): GapRow[] {
    const rows: GapRow[] = [];
    for (const [atMs, { reason, intervalMs }] of [...this.gaps].sort((a, b) => a[0] - b[0])) {
      const last = rows.at(-1);
      if (last?.reason === reason && last.intervalMs === intervalMs && last.toMs + intervalMs === atMs) {
        last.toMs = atMs;
        last.count += 1;
      } else rows.push({ checkId, fromMs: atMs, toMs: atMs, intervalMs, count: 1, reason });
    }
    return rows;
  }
}

export class Telemetry {
  private readonly tenants = new Map<string, Map<string, CheckRows>>();
  private readonly flaw: Flaw | null;

  constructor(flaw: Flaw | null = null) {
    this.flaw = flaw;
  }

  of(tenantId: string, checkId: string): CheckRows {
    let checks = this.tenants.get(tenantId);
    if (checks === undefined) {
      checks = new Map();
      this.tenants.set(tenantId, checks);
    }
    let rows = checks.get(checkId);
    if (rows === undefined) {
      rows = new CheckRows();
      checks.set(checkId, rows);
    }
    return rows;
  }

  /** `tenantOf`: of the number of a write; null: it is not held, and nothing of it is written. */
  write(batch: Pick<Batch, 'results' | 'gaps'>, tenantOf: (n: number) => string | null): void {
    for (const { n, row } of batch.results) {
      const tenantId = tenantOf(n);
      if (tenantId === null) continue;
      const { results } = this.of(tenantId, row.checkId);
      if (!results.has(row.dueAtMs)) results.set(row.dueAtMs, stored(row));
    }
    for (const { n, row } of batch.gaps) {
      const tenantId = tenantOf(n);
      if (tenantId === null) continue;
      const { reason, intervalMs } = row;
      const { results, gaps } = this.of(tenantId, row.checkId);
      for (let atMs = row.fromMs; atMs <= row.toMs; atMs += intervalMs)
        if ((!results.has(atMs) || this.flaw === 'stored_twice') && !gaps.has(atMs))
          gaps.set(atMs, { reason, intervalMs });
    }
  }

  writeLate(late: Batch['late'], tenantOf: (n: number) => string | null): void {
    for (const { n, row } of late) {
      const tenantId = tenantOf(n);
      if (tenantId === null) continue;
      const { results, gaps } = this.of(tenantId, row.checkId);
      const isReal = row.status !== 'skipped';
      if (gaps.has(row.dueAtMs)) {
        if (!isReal) continue;
        gaps.delete(row.dueAtMs);
      }
      const there = results.get(row.dueAtMs);
      if (there === undefined || (isReal && there.status === 'skipped'))
        results.set(row.dueAtMs, stored(row));
    }
  }

  progress(batch: Pick<Batch, 'watermarks' | 'states'>, tenantOf: (n: number) => string | null): void {
    for (const { n, row } of batch.watermarks) {
      const tenantId = tenantOf(n);
      if (tenantId === null) continue;
      const rows = this.of(tenantId, row.checkId);
      rows.watermarkMs = Math.max(rows.watermarkMs ?? row.dueAtMs, row.dueAtMs);
    }
    for (const { n, row } of batch.states) {
      const tenantId = tenantOf(n);
      if (tenantId !== null) this.of(tenantId, row.checkId).state = row;
    }
  }

  accounted(tenantId: string, checkIds: readonly string[]): AccountedCheck[] {
    return checkIds.map((checkId) => {
      const { results, gaps, watermarkMs, state } = this.of(tenantId, checkId);
      const above = watermarkMs ?? Number.NEGATIVE_INFINITY;
      return {
        checkId,
        watermarkMs,
        resultsAboveMs: [...results.keys()].filter((atMs) => atMs > above).sort((a, b) => a - b),
        gapsAbove: [...gaps.keys()].some((atMs) => atMs > above)
          ? this.of(tenantId, checkId)
              .gapRows(checkId)
              .filter(({ toMs }) => toMs > above)
              .map(({ fromMs, toMs }) => ({ fromMs, toMs }))
          : [],
        state,
      };
    });
  }

  gapInstants(tenantId: string, sinceMs: number): number {
    let count = 0;
    for (const { gaps, watermarkMs } of this.tenants.get(tenantId)?.values() ?? []) {
      if (watermarkMs === null) continue;
      for (const atMs of gaps.keys()) if (atMs >= sinceMs && atMs <= watermarkMs) count += 1;
    }
    return count;
  }

  results(tenantId: string, { checkId, sinceMs, limit, before, status }: ResultQuery): ResultRow[] {
    const rows = this.checksOf(tenantId, checkId).flatMap(([, { results }]) => [...results.values()]);
    return rows
      .filter((row) => sinceMs === null || row.dueAtMs >= sinceMs)
      .filter((row) => !status || row.status === status)
      .filter((row) => !before || isAfter(before, row.dueAtMs, row.checkId))
      .sort((a, b) => b.dueAtMs - a.dueAtMs || (a.checkId < b.checkId ? -1 : 1))
      .slice(0, limit);
  }

  gaps(tenantId: string, { checkId, sinceMs, limit, before }: ResultQuery): GapRow[] {
    return this.checksOf(tenantId, checkId)
      .flatMap(([id, rows]) => rows.gapRows(id))
      .filter((row) => sinceMs === null || row.toMs >= sinceMs)
      .filter((row) => !before || isAfter(before, row.toMs, row.checkId))
      .sort((a, b) => b.toMs - a.toMs || (a.checkId < b.checkId ? -1 : 1))
      .slice(0, limit);
  }

  private checksOf(tenantId: string, checkId: string | null): [string, CheckRows][] {
    const all = [...(this.tenants.get(tenantId) ?? [])];
    return checkId === null ? all : all.filter(([id]) => id === checkId);
  }
}

function isAfter(before: { atMs: number; checkId: string }, atMs: number, checkId: string): boolean {
  return atMs < before.atMs || (atMs === before.atMs && checkId > before.checkId);
}

/** As the columns keep it: no text of theirs holds U+0000. */
function stored(row: ResultRow): ResultRow {
  const { reason } = row;
  return reason?.includes('\u0000') ? { ...row, reason: reason.replaceAll('\u0000', '\ufffd') } : row;
}
