/**
 * The record of sessions in the database: what comes from the journals of all nodes, added and never changed. Between the
 * port of the shell and `platform.session_record`, whose trigger refuses every change; judges no chain.
 */
import type {
  ArchivedChain,
  ArchivedLine,
  ArchivedSession,
  SessionArchive,
  SessionQuery,
} from '../shell/ports/session-archive.ts';
import { plainText } from './audit-text.ts';
import { assertWhole, numberColumn, textColumn } from './columns.ts';
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import type { Database, Parameter } from './unit-of-work.ts';

const heads = `
SELECT boot, max(seq) AS seq FROM platform.session_record
WHERE node = $1 AND boot = ANY ($2::bigint[]) GROUP BY boot`;

const given = `unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
  AS g(node, boot, seq, at_ms, session, type, operator, hash, line)`;

/** What is there already stays; that it is the same is asked behind it, in a statement that sees what others added meanwhile. */
const insert = `
INSERT INTO platform.session_record (node, boot, seq, at, session, type, operator, hash, line)
SELECT g.node, g.boot, g.seq, to_timestamp(g.at_ms / 1000.0), g.session, g.type, g.operator, g.hash, g.line
FROM ${given}
ON CONFLICT (node, boot, seq) DO NOTHING`;

const differing = `
SELECT g.node, g.boot, g.seq FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) AS g(node, boot, seq, hash)
LEFT JOIN platform.session_record r ON r.node = g.node AND r.boot = g.boot AND r.seq = g.seq
WHERE r.hash IS DISTINCT FROM g.hash ORDER BY g.boot, g.seq LIMIT 1`;

const sessions = `
SELECT o.node, o.session, o.line, s.lines, s.last_at, s.closed
FROM platform.session_record o CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE r.type = 'line') AS lines, max(r.at) AS last_at,
    min(r.line) FILTER (WHERE r.type = 'closed') AS closed
  FROM platform.session_record r WHERE r.session = o.session AND r.node = o.node
) s
WHERE o.type = 'opened' AND ($1::text IS NULL OR o.operator = $1) AND ($2::text IS NULL OR o.node = $2)
  AND ($3::bigint IS NULL OR o.at >= to_timestamp($3::bigint / 1000.0))
ORDER BY o.at DESC, o.node, o.seq LIMIT $4`;

/** By bytes as well: rows are as long as what was shown in a session. */
const page = (of: 'node' | 'session') => `
SELECT line FROM (
  SELECT line, boot, seq, sum(octet_length(line)) OVER (ORDER BY boot, seq) - octet_length(line) AS before
  FROM (SELECT line, boot, seq FROM platform.session_record
    WHERE ${of} = $1 AND (boot, seq) > ($2, $3) ORDER BY boot, seq LIMIT $4) p
) s WHERE before < $5 ORDER BY boot, seq`;

const chains = `
SELECT c.node, c.entries, l.boot, l.seq, l.hash, d.boot AS removed_boot, d.seq AS removed_seq, d.hash AS removed_hash
FROM (SELECT node, count(*) AS entries FROM platform.session_record GROUP BY node) c
CROSS JOIN LATERAL (
  SELECT r.boot, r.seq, r.hash FROM platform.session_record r WHERE r.node = c.node ORDER BY r.boot DESC, r.seq DESC LIMIT 1
) l LEFT JOIN platform.session_record_removed d ON d.node = c.node ORDER BY c.node`;

/**
 * The beginning of each chain up to its first row that is younger, in one statement with the note of it. The last entry stays
 * whatever its age, so that a chain never ends before it began.
 */
const prune = `
WITH bound AS MATERIALIZED (
  SELECT n.node, coalesce(y.boot, l.boot) AS boot, coalesce(y.seq, l.seq) AS seq
  FROM (SELECT DISTINCT node FROM platform.session_record) n
  CROSS JOIN LATERAL (SELECT boot, seq FROM platform.session_record r WHERE r.node = n.node
    ORDER BY boot DESC, seq DESC LIMIT 1) l
  LEFT JOIN LATERAL (SELECT boot, seq FROM platform.session_record r WHERE r.node = n.node
    AND r.kept_at >= clock_timestamp() - make_interval(days => $1) ORDER BY boot, seq LIMIT 1) y ON true
),
gone AS (
  DELETE FROM platform.session_record r USING bound b WHERE r.node = b.node AND (r.boot, r.seq) < (b.boot, b.seq)
  RETURNING r.node, r.boot, r.seq, r.hash
),
ends AS (
  SELECT DISTINCT ON (node) node, boot, seq, hash, count(*) OVER (PARTITION BY node) AS entries
  FROM gone ORDER BY node, boot DESC, seq DESC
),
noted AS (
  INSERT INTO platform.session_record_removed AS d (node, boot, seq, hash, entries, at, who)
  SELECT node, boot, seq, hash, entries, date_trunc('milliseconds', clock_timestamp()), $2 FROM ends
  ON CONFLICT (node) DO UPDATE SET boot = excluded.boot, seq = excluded.seq, hash = excluded.hash,
    entries = d.entries + excluded.entries, at = excluded.at, who = excluded.who
)
SELECT count(*) AS entries FROM gone`;

export function createSessionArchive(db: Database): SessionArchive {
  const ask = <Row extends Record<string, unknown>>(text: string, values: readonly Parameter[]) =>
    db.asPlatform((unit) => unit.query<Row>(text, values));
  return {
    heads: (node, boots) => ask<{ boot: number; seq: number }>(heads, [plainText(node), numberColumn(boots)]),
    async keep(lines) {
      const texts = (read: (line: ArchivedLine) => string | null) => textColumn(lines.map(read));
      const keys = [
        texts(({ node }) => node),
        numberColumn(lines.map(({ boot }) => boot)),
        numberColumn(lines.map(({ seq }) => seq)),
      ];
      const hashes = texts(({ hash }) => hash);
      const others = [
        numberColumn(lines.map(({ atMs }) => Math.floor(atMs))),
        texts(({ session }) => session),
        texts(({ type }) => type),
        texts(({ operator }) => operator),
        hashes,
        texts(({ line }) => line),
      ];
      const [other] = await db.asPlatform(async (unit) => {
        await unit.query(insert, [...keys, ...others]);
        return await unit.query<{ node: string; boot: number; seq: number }>(differing, [...keys, hashes]);
      });
      if (other === undefined) return;
      const { node, boot, seq } = other;
      const what = `another entry has the place ${seq} of boot ${boot} of ${node}`;
      throw new StoreError('record_forked', `${what}: one of the two was changed`);
    },
    async sessions({ operator, node, sinceMs, limit }: SessionQuery) {
      assertWhole(limit, 'sessions to list', 1, limits.sessionsListedMax);
      const rows = await ask<SessionColumns>(sessions, [operator, node, sinceMs, limit]);
      return rows.map(toSession);
    },
    async lines(of, after, limit) {
      assertWhole(limit, 'entries to read', 1, limits.recordLinesMax);
      const [text, key] = 'node' in of ? [page('node'), of.node] : [page('session'), of.session];
      const values = [plainText(key), after.boot, after.seq, limit, limits.recordPageBytes];
      return (await ask<{ line: string }>(text, values)).map(({ line }) => line);
    },
    chains: async () => (await ask<ChainColumns>(chains, [])).map(toChain),
    async prune(days, by) {
      assertWhole(days, 'days', limits.recordKeptDaysMin, limits.keptDaysMax);
      const [row] = await ask<{ entries: number }>(prune, [days, plainText(by)]);
      return row!.entries;
    },
  };
}

interface SessionColumns extends Record<string, unknown> {
  node: string;
  session: string;
  line: string;
  lines: number;
  last_at: number;
  closed: string | null;
}

function toSession({
  node,
  session,
  line,
  lines,
  last_at: lastAtMs,
  closed,
}: SessionColumns): ArchivedSession {
  return { node, session, line, lines, lastAtMs, closed };
}

interface ChainColumns extends Record<string, unknown> {
  node: string;
  entries: number;
  boot: number;
  seq: number;
  hash: string;
  removed_boot: number | null;
  removed_seq: number | null;
  removed_hash: string | null;
}

function toChain(row: ChainColumns): ArchivedChain {
  const { node, entries, boot, seq, hash, removed_boot, removed_seq, removed_hash } = row;
  const removed =
    removed_hash === null ? null : { boot: removed_boot!, seq: removed_seq!, hash: removed_hash };
  return { node, entries, boot, seq, hash, removed };
}
