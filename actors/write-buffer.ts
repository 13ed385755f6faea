/**
 * What waits to be written, as a pure structure: rows of many tenants, merged where a later row says it all (a gap that
 * grew, a watermark that rose, a state that changed), and bounded. Past its bound the oldest results become gaps with
 * the reason `buffer_full`: memory has an end, and the accounting has no hole.
 */

import type { WriterRows } from './messages.ts';
import type { CheckStateRow, GapRow, ResultRow } from './ports/check.ts';
import type { TenantWrite } from './ports/result-store.ts';

/** Why a result that came is a gap all the same. */
export const bufferFullReason = 'buffer_full';

interface Timed {
  row: ResultRow;
  /** Null: a run that was asked for accounts for no instant. */
  intervalMs: number | null;
}

interface TenantRows {
  tenantId: string;
  epoch: number;
  results: Timed[];
  late: ResultRow[];
  gaps: Map<string, GapRow>;
  watermarks: Map<string, number>;
  states: Map<string, CheckStateRow>;
  /** The gap that dropped results of a check go on extending. */
  dropped: Map<string, GapRow>;
}

export interface WriteBuffer {
  readonly rowsMax: number;
  readonly tenants: Map<string, TenantRows>;
  /** Results and late results that wait; what the bound is about. */
  rows: number;
  dropped: number;
}

export function writeBuffer(rowsMax: number): WriteBuffer {
  return { rowsMax, tenants: new Map(), rows: 0, dropped: 0 };
}

/** Rows of an epoch older than one that is known are not taken: their tree has lost its lease. */
export function addRows(buffer: WriteBuffer, tenantId: string, epoch: number, rows: WriterRows): void {
  const tenant = tenantOf(buffer, tenantId, epoch);
  if (tenant === null) return;
  for (const timed of rows.results ?? []) tenant.results.push(timed);
  for (const row of rows.late ?? []) tenant.late.push(row);
  for (const row of rows.gaps ?? []) tenant.gaps.set(gapKey(row), row);
  for (const { checkId, dueAtMs } of rows.watermarks ?? []) {
    tenant.watermarks.set(checkId, Math.max(dueAtMs, tenant.watermarks.get(checkId) ?? dueAtMs));
  }
  for (const row of rows.states ?? []) tenant.states.set(row.checkId, row);
  buffer.rows += (rows.results?.length ?? 0) + (rows.late?.length ?? 0);
  while (buffer.rows > buffer.rowsMax) dropOldest(buffer, buffer.rows - buffer.rowsMax);
}

function tenantOf(buffer: WriteBuffer, tenantId: string, epoch: number): TenantRows | null {
  const known = buffer.tenants.get(tenantId);
  if (known !== undefined && known.epoch >= epoch) return known.epoch === epoch ? known : null;
  // A new epoch of this core: what an older one left could only be fenced.
  if (known !== undefined) discardTenant(buffer, tenantId);
  const tenant: TenantRows = {
    tenantId,
    epoch,
    results: [],
    late: [],
    gaps: new Map(),
    watermarks: new Map(),
    states: new Map(),
    dropped: new Map(),
  };
  buffer.tenants.set(tenantId, tenant);
  return tenant;
}

/** Forgets what waits for a tenant: it was fenced. */
export function discardTenant(buffer: WriteBuffer, tenantId: string): void {
  const tenant = buffer.tenants.get(tenantId);
  if (tenant === undefined) return;
  buffer.rows -= tenant.results.length + tenant.late.length;
  buffer.tenants.delete(tenantId);
}

export function isEmpty(buffer: WriteBuffer): boolean {
  return buffer.tenants.size === 0;
}

/**
 * Takes up to about `rowsMax` results of all tenants but those of `except`, and with them whatever else of those tenants
 * waits.
 */
export function takeWrites(
  buffer: WriteBuffer,
  rowsMax: number,
  except: { has(tenantId: string): boolean } = new Set(),
): TenantWrite[] {
  const writes: TenantWrite[] = [];
  let left = rowsMax;
  for (const tenant of [...buffer.tenants.values()]) {
    if (left <= 0) break;
    if (except.has(tenant.tenantId)) continue;
    const results = tenant.results.splice(0, left).map(({ row }) => row);
    left -= results.length;
    // A watermark may only be written once everything below it is: with the tenant's last rows.
    const whole = tenant.results.length === 0;
    const late = whole ? tenant.late : [];
    writes.push({
      tenantId: tenant.tenantId,
      epoch: tenant.epoch,
      results,
      gaps: [...tenant.gaps.values()],
      late,
      watermarks: whole ? [...tenant.watermarks].map(([checkId, dueAtMs]) => ({ checkId, dueAtMs })) : [],
      states: [...tenant.states.values()],
    });
    buffer.rows -= results.length + late.length;
    left -= late.length;
    tenant.gaps.clear();
    tenant.states.clear();
    tenant.dropped.clear();
    if (whole) buffer.tenants.delete(tenant.tenantId);
  }
  return writes;
}

/** The tenant with the most results gives up its oldest; where nobody has any, the one with the most late ones. */
function dropOldest(buffer: WriteBuffer, count: number): void {
  const most =
    withMost(buffer, ({ results }) => results.length) ?? withMost(buffer, ({ late }) => late.length);
  if (most === null) throw new Error('rows are counted that no tenant has');
  // A late result that is dropped leaves the row that already stands for its instant.
  const gone = most.results.splice(0, count);
  const late = gone.length === 0 ? most.late.splice(0, count).length : 0;
  for (const { row, intervalMs } of gone) {
    // What accounted for no instant leaves nothing to account for.
    if (intervalMs !== null) most.gaps.set(...dropInto(most.dropped, row, intervalMs));
  }
  buffer.rows -= gone.length + late;
  buffer.dropped += gone.length + late;
}

/** Null: none has any. */
function withMost(buffer: WriteBuffer, amountOf: (tenant: TenantRows) => number): TenantRows | null {
  let most: TenantRows | null = null;
  let amount = 0;
  for (const tenant of buffer.tenants.values()) {
    if (amountOf(tenant) <= amount) continue;
    most = tenant;
    amount = amountOf(tenant);
  }
  return most;
}

function dropInto(dropped: Map<string, GapRow>, row: ResultRow, intervalMs: number): [string, GapRow] {
  const { checkId, dueAtMs } = row;
  const open = dropped.get(checkId);
  const extended = open !== undefined && open.intervalMs === intervalMs && open.toMs + intervalMs === dueAtMs;
  const gap: GapRow = extended
    ? { ...open, toMs: dueAtMs, count: open.count + 1 }
    : { checkId, fromMs: dueAtMs, toMs: dueAtMs, intervalMs, count: 1, reason: bufferFullReason };
  dropped.set(checkId, gap);
  return [gapKey(gap), gap];
}

function gapKey(gap: GapRow): string {
  return `${gap.checkId}|${gap.fromMs}`;
}
