/**
 * What this process asked of the database: how often and how long, by statement. Bounded: past its size the statement
 * that cost least in all is forgotten. Between the unit of work, which notes, and whoever asks (`picket db load`).
 * Parameters are never kept.
 */
import { createHash } from 'node:crypto';

export type Identity = 'tenant' | 'writer' | 'platform';

export interface StatementSeen {
  /** What it does to what, and six characters that tell it from others that do the same: `select checks 3fa2c1`. */
  name: string;
  text: string;
  as: Identity;
  /** Whose it was last; empty for the writer and the platform. */
  tenantId: string;
  count: number;
  failed: number;
  totalMs: number;
  maxMs: number;
  /** Not longer than this: within a factor of two. */
  p50Ms: number;
  p99Ms: number;
}

export interface StatementRecord {
  note(asked: { text: string; as: Identity; tenantId: string; tookMs: number; failed: boolean }): void;
  /** Most time in all first. */
  seen(): StatementSeen[];
  /** Of all statements, those that were forgotten too. */
  totals(): StatementTotals;
}

/** `atMost[i]` took at most `boundsMs[i]`. */
export interface StatementTotals {
  count: number;
  failed: number;
  totalMs: number;
  boundsMs: readonly number[];
  atMost: readonly number[];
}

interface Entry extends Omit<StatementSeen, 'p50Ms' | 'p99Ms'> {
  /** How many took at most `leastMs` times two to the power of the place. */
  buckets: number[];
}

const leastMs = 0.125;
const bucketCount = 20;

export function statementRecord(statementsMax: number): StatementRecord {
  const entries = new Map<string, Entry>();
  const all = { count: 0, failed: 0, totalMs: 0, buckets: Array.from({ length: bucketCount }, () => 0) };
  return {
    note({ text, as, tenantId, tookMs, failed }) {
      noteAll(all, tookMs, failed);
      let entry = entries.get(text);
      if (entry === undefined) {
        if (entries.size >= statementsMax) forgetCheapest(entries);
        entry = {
          name: nameOf(text),
          text,
          as,
          tenantId,
          count: 0,
          failed: 0,
          totalMs: 0,
          maxMs: 0,
          buckets: Array.from({ length: bucketCount }, () => 0),
        };
        entries.set(text, entry);
      }
      entry.as = as;
      entry.tenantId = tenantId;
      entry.count += 1;
      if (failed) entry.failed += 1;
      entry.totalMs += tookMs;
      entry.maxMs = Math.max(entry.maxMs, tookMs);
      entry.buckets[bucketOf(tookMs)]! += 1;
    },
    seen() {
      const sorted = [...entries.values()].sort((a, b) => b.totalMs - a.totalMs);
      return sorted.map(({ buckets, ...entry }) => ({
        ...entry,
        p50Ms: bound(buckets, entry, 0.5),
        p99Ms: bound(buckets, entry, 0.99),
      }));
    },
    totals: () => totalsOf(all),
  };
}

type All = Pick<Entry, 'count' | 'failed' | 'totalMs' | 'buckets'>;

function noteAll(all: All, tookMs: number, failed: boolean): void {
  all.count += 1;
  if (failed) all.failed += 1;
  all.totalMs += tookMs;
  all.buckets[bucketOf(tookMs)]! += 1;
}

/** The last bucket has no bound. */
function totalsOf({ count, failed, totalMs, buckets }: All): StatementTotals {
  let below = 0;
  const atMost = buckets.slice(0, -1).map((among) => {
    below += among;
    return below;
  });
  return { count, failed, totalMs, boundsMs: atMost.map((_, place) => leastMs * 2 ** place), atMost };
}

function bucketOf(tookMs: number): number {
  const place = Math.ceil(Math.log2(Math.max(tookMs, leastMs) / leastMs));
  return Math.min(bucketCount - 1, place);
}

function bound(
  buckets: readonly number[],
  { count, maxMs }: Pick<Entry, 'count' | 'maxMs'>,
  share: number,
): number {
  let left = Math.ceil(count * share);
  for (const [place, among] of buckets.entries()) {
    left -= among;
    if (left <= 0) return Math.min(maxMs, leastMs * 2 ** place);
  }
  return maxMs;
}

function forgetCheapest(entries: Map<string, Entry>): void {
  let cheapest: Entry | null = null;
  for (const entry of entries.values()) {
    if (cheapest === null || entry.totalMs < cheapest.totalMs) cheapest = entry;
  }
  if (cheapest !== null) entries.delete(cheapest.text);
}

/** The writer's statements begin with the same table expressions: what they write names them. */
export function nameOf(text: string): string {
  const write = /\b(INSERT INTO|UPDATE|DELETE FROM)\s+([\w.]+)/.exec(text);
  const read = /\bFROM\s+([\w.]+)/.exec(text);
  const what =
    write === null ? ['select', read?.[1] ?? ''] : [write[1]!.split(' ')[0]!.toLowerCase(), write[2]!];
  const told = createHash('sha256').update(text).digest('hex').slice(0, 6);
  return [...what, told].filter((word) => word !== '').join(' ');
}
