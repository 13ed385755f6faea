/**
 * Sees each commit of the simulated database and says what is wrong with it: who may write, who may take, whether what a
 * watermark says is so; and, when asked, whether every due instant is covered once. It keeps its own book of sessions and
 * holders and reads no decision of the code under test.
 */
import { checksRereadMs } from '../../../actors/limits.ts';
import type { TenantWrite } from '../../../actors/ports/result-store.ts';
import { limits } from '../../../store/limits.ts';
import { failuresMax, openMs } from './bounds.ts';
import type { ModelDatabase } from './database.ts';
import type { Snapshot } from './lease-tables.ts';
import { dueInstants } from './schedules.ts';

interface Holder {
  readonly node: string;
  readonly boot: number;
  readonly epoch: number;
  isReleased: boolean;
}

/** Of the platform's promise, not of its code. */
const sessionLifeMs = 4_000;
/** A message that a check was removed or changed is under way so long at most, when its tenant's core runs and the store answers. */
const heardMsMax = 1_000;

export class Judge {
  readonly failures: string[] = [];
  /** Changes of hands, by tenant. */
  readonly moves = new Map<string, number>();
  /** When something of the tenant was written last, and the latest that a row came after its instant. */
  readonly wroteAtMs = new Map<string, number>();
  readonly longestMs = new Map<string, number>();
  /** Rounds, on the database's clock. */
  readonly troubles: { readonly fromMs: number; readonly toMs: number }[] = [];
  written = 0;
  takenWhileRenewed = 0;
  private readonly database: ModelDatabase;
  private readonly say: (what: string) => void;
  private readonly sessions = new Map<string, { boot: number; untilMs: number }>();
  private readonly holders = new Map<string, Holder>();
  private readonly movedMs = new Map<string, number[]>();
  private readonly lastEpoch = new Map<string, number>();
  private readonly judgedMs = new Map<string, number>();

  constructor(database: ModelDatabase, say: (what: string) => void) {
    this.database = database;
    this.say = say;
    database.judge = this;
  }

  fail(what: string): void {
    this.say(`CHECK ${what}`);
    if (this.failures.length < failuresMax) this.failures.push(what);
  }

  renewed(node: string, boot: number, nowMs: number): void {
    this.sessions.set(node, { boot, untilMs: nowMs + sessionLifeMs });
  }

  ended(node: string, boot: number): void {
    if (this.sessions.get(node)?.boot === boot) this.sessions.delete(node);
    for (const holder of this.holders.values())
      if (holder.node === node && holder.boot === boot) holder.isReleased = true;
  }

  granted(tenantId: string, node: string, boot: number, epoch: number, seen: Snapshot, nowMs: number): void {
    const before = this.holders.get(tenantId);
    const isSame = before !== undefined && before.node === node && before.boot === boot;
    if (isSame && !before.isReleased && before.epoch === epoch) return;
    this.say(`${tenantId}: ${node} of boot ${boot} has epoch ${epoch}`);
    if (epoch <= (before?.epoch ?? 0))
      this.fail(`${tenantId}: ${node} was granted epoch ${epoch} after ${before?.epoch} of ${before?.node}`);
    if (before !== undefined && !before.isReleased && before.node !== node) {
      const known = seen.sessions.get(before.node);
      if (known?.boot === before.boot && known.expiresAtMs > nowMs)
        this.fail(
          `${tenantId}: ${node} took it while the session of ${before.node} had ${known.expiresAtMs - nowMs} ms`,
        );
      // A renewal that came while the taker waited for the row is not seen by its statement: safe, since the epoch rises.
      const now = this.sessions.get(before.node);
      if (now?.boot === before.boot && now.untilMs > nowMs) this.takenWhileRenewed += 1;
    }
    this.holders.set(tenantId, { node, boot, epoch, isReleased: false });
    this.moves.set(tenantId, (this.moves.get(tenantId) ?? 0) + 1);
    this.movedMs.set(tenantId, [...(this.movedMs.get(tenantId) ?? []), nowMs]);
  }

  released(tenantId: string, node: string, boot: number, epoch: number): void {
    const holder = this.holders.get(tenantId);
    if (holder?.node !== node || holder.boot !== boot || holder.epoch !== epoch) return;
    this.say(`${tenantId}: ${node} gives epoch ${epoch} back`);
    holder.isReleased = true;
  }

  wrote(write: TenantWrite, node: string, boot: number, nowMs: number): void {
    const { tenantId, epoch } = write;
    const holder = this.holders.get(tenantId);
    if (holder?.node !== node || holder.boot !== boot || holder.epoch !== epoch || holder.isReleased)
      this.fail(
        `${tenantId}: ${node} wrote under epoch ${epoch}, which is ${holder?.node}'s ${holder?.epoch}`,
      );
    if (epoch < (this.lastEpoch.get(tenantId) ?? 0))
      this.fail(`${tenantId}: epoch ${epoch} wrote after ${this.lastEpoch.get(tenantId)}`);
    this.lastEpoch.set(tenantId, epoch);
    this.wroteAtMs.set(tenantId, nowMs);
    this.written += write.results.length;
    for (const { status, dueAtMs } of write.results) {
      const tookMs = nowMs - dueAtMs;
      if (status !== 'skipped')
        this.longestMs.set(tenantId, Math.max(this.longestMs.get(tenantId) ?? 0, tookMs));
    }
    for (const { checkId } of write.watermarks) this.judgeWatermark(tenantId, checkId);
  }

  /** Up to the watermark each due instant has one row: judged at the commit that says so. */
  private judgeWatermark(tenantId: string, checkId: string): void {
    const { watermarkMs } = this.database.telemetry.of(tenantId, checkId);
    const check = this.database.checksOf(tenantId).get(checkId);
    // A tree that has not read another version yet goes by the one before: then it is judged when all is calm.
    if (watermarkMs === null || check === undefined || check.schedule.length > 1) return;
    const afterMs = this.judgedMs.get(checkId) ?? 0;
    this.judgedMs.set(checkId, Math.max(afterMs, watermarkMs));
    this.judgeCover(tenantId, checkId, afterMs, watermarkMs, 'below its watermark');
  }

  /** All checks of a tenant, from the beginning to `nowMs` less what may still be open; and no row where none is due. */
  judgeTenant(tenantId: string, nowMs: number): void {
    for (const { id, schedule } of this.database.checksOf(tenantId).values()) {
      const untilMs = nowMs - openMs;
      this.judgeCover(tenantId, id, 0, untilMs, 'of all');
      const due = new Set(dueInstants(schedule, 0, nowMs));
      const { results, gaps } = this.database.telemetry.of(tenantId, id);
      const ends = schedule.flatMap(({ validToMs }) => (validToMs === null ? [] : [validToMs]));
      for (const atMs of [...results.keys(), ...gaps.keys()]) {
        if (due.has(atMs) || ends.some((endMs) => atMs >= endMs && atMs < this.heardByMs(tenantId, endMs)))
          continue;
        const row = results.get(atMs) ?? gaps.get(atMs)!;
        const end = new Date(ends.at(-1) ?? 0).toISOString();
        const at = new Date(atMs).toISOString();
        this.fail(`${tenantId} ${id}: a row at ${at}, which is no due instant: ended ${end}, ${row.reason}`);
        break;
      }
    }
  }

  /** In a time of troubles, or while a lease moves, whoever removed a check may have no answer: the tree reads it later. */
  private heardByMs(tenantId: string, endMs: number): number {
    const moved = (this.movedMs.get(tenantId) ?? []).some(
      (atMs) => atMs > endMs - limits.queryTimeoutMs && atMs < endMs + heardMsMax,
    );
    const trouble = this.troubles.find(({ fromMs, toMs }) => endMs >= fromMs && endMs <= toMs + heardMsMax);
    const rereadMs = 2 * checksRereadMs + heardMsMax;
    if (trouble !== undefined) return trouble.toMs + rereadMs;
    return endMs + (moved ? rereadMs : heardMsMax);
  }

  private judgeCover(tenantId: string, checkId: string, afterMs: number, untilMs: number, of: string): void {
    const check = this.database.checksOf(tenantId).get(checkId);
    if (check === undefined) return;
    const { results, gaps } = this.database.telemetry.of(tenantId, checkId);
    for (const atMs of dueInstants(check.schedule, afterMs, untilMs)) {
      const rows = (results.has(atMs) ? 1 : 0) + (gaps.has(atMs) ? 1 : 0);
      if (rows === 1) continue;
      this.fail(`${tenantId} ${checkId}: ${rows} rows for ${new Date(atMs).toISOString()}, ${of}`);
      return;
    }
  }
}
