/**
 * How much of the record of sessions one certificate, and all operators of one tenant, may fill on a node: lines a second, bytes
 * a day, each with some at once. Kept by certificate and not by session, so that whoever opens another has no more. What is
 * over does not run, so that nothing that ran is missing from the record. A node that begins anew counts anew.
 */
import type { Log } from '../runtime/index.ts';
import {
  budgetsKeptMax,
  linesAtOncePerOperatorMax,
  linesPerSPerOperatorMax,
  overToldMs,
  recordedBytesAtOncePerOperatorMax,
  recordedBytesPerDayPerOperatorMax,
  recordedEntryBytes,
  tenantShares,
} from './limits.ts';
import type { SessionEvent } from './ports/session-record.ts';
import type { Outcome } from './session-state.ts';

export interface Share {
  /** Below 0: to be waited for. */
  readonly lines: number;
  readonly bytes: number;
  /** Monotonic milliseconds up to which it has regained. */
  readonly atMs: number;
  /** When it was logged that it is spent; null: it was not. */
  readonly toldAtMs: number | null;
}

/** `shares`: how many times what one certificate may. */
export function fullShare(shares: number, nowMs: number): Share {
  const bytes = shares * recordedBytesAtOncePerOperatorMax;
  return { lines: shares * linesAtOncePerOperatorMax, bytes, atMs: nowMs, toldAtMs: null };
}

export function regained(share: Share, shares: number, nowMs: number): Share {
  const s = Math.max(0, nowMs - share.atMs) / 1_000;
  const full = fullShare(shares, nowMs);
  const bytesPerS = (shares * recordedBytesPerDayPerOperatorMax) / 86_400;
  return {
    lines: Math.min(full.lines, share.lines + s * shares * linesPerSPerOperatorMax),
    bytes: Math.min(full.bytes, share.bytes + s * bytesPerS),
    atMs: nowMs,
    toldAtMs: share.toldAtMs,
  };
}

/** Null: another line may be said. */
export function overShare({ lines, bytes }: Share): Outcome | null {
  if (lines < 1)
    return { code: 'too_fast', detail: 'lines come faster than they may: it did not run, wait a moment' };
  if (bytes > 0) return null;
  const detail = 'what is written down of these sessions is more than a day may have: it did not run';
  return { code: 'record_spent', detail: `${detail}, wait some minutes` };
}

/** Of what an entry holds, and of what stands around it. */
export function entryBytes(event: SessionEvent): number {
  return recordedEntryBytes + Buffer.byteLength(JSON.stringify(event));
}

/** Of one session. */
export interface RecordBudget {
  /** Null: another line may be said now. */
  over(): Outcome | null;
  /** One is said, or the session is opened. */
  line(): void;
  /** It is written down. */
  kept(event: SessionEvent): void;
}

export class RecordBudgets {
  private readonly nowMs: () => number;
  private readonly log: Log;
  /** Those that were used last stand at the end. */
  private readonly shares = new Map<string, Share>();

  constructor(nowMs: () => number, log: Log) {
    this.nowMs = nowMs;
    this.log = log;
  }

  of(owner: string, tenant: string | null): RecordBudget {
    const keys: [string, number][] = [[`certificate ${owner}`, 1]];
    if (tenant !== null) keys.push([`tenant ${tenant}`, tenantShares]);
    const spend = (lines: number, bytes: number) => {
      for (const [key, shares] of keys) {
        const share = this.now(key, shares);
        this.shares.set(key, { ...share, lines: share.lines - lines, bytes: share.bytes - bytes });
      }
    };
    return {
      over: () => {
        for (const [key, shares] of keys) {
          const share = this.now(key, shares);
          const over = overShare(share);
          if (over === null) continue;
          this.tell(key, share, over.code);
          return over;
        }
        return null;
      },
      line: () => spend(1, 0),
      kept: (event) => spend(0, entryBytes(event)),
    };
  }

  /** Whose certificate it is that somebody does this with. */
  private tell(key: string, share: Share, code: string): void {
    const { atMs, toldAtMs } = share;
    if (toldAtMs !== null && atMs - toldAtMs < overToldMs) return;
    this.shares.set(key, { ...share, toldAtMs: atMs });
    this.log('warn', 'sessions of the shell say more than they may', { of: key, code });
  }

  private now(key: string, shares: number): Share {
    const nowMs = this.nowMs();
    const before = this.shares.get(key);
    const share = before === undefined ? fullShare(shares, nowMs) : regained(before, shares, nowMs);
    this.shares.delete(key);
    this.shares.set(key, share);
    const [oldest] = this.shares.keys();
    if (this.shares.size > budgetsKeptMax) this.shares.delete(oldest!);
    return share;
  }
}
