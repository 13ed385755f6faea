/**
 * The statements of the result writer, built once from their parts. Each is joined to the lease rows of its tenants,
 * locked FOR SHARE: a takeover waits for it or comes first, and under an older epoch no row is selected to be written. A
 * lease row that somebody else has locked is not waited for: its tenant is told as busy, and the others are written.
 * Instants are whole milliseconds in parameters and in the arithmetic of gaps, timestamptz in the tables.
 */

/** Numbers the parameters while the parts of a statement are put together. */
interface Parts {
  text: string[];
  parameters: number;
}

/** `unnest` over the next parameters, one per type, as a table of the named columns. */
function given(parts: Parts, alias: string, columns: Readonly<Record<string, string>>): string {
  const arrays = Object.values(columns).map((type) => {
    parts.parameters += 1;
    return `$${parts.parameters}::${type}[]`;
  });
  return `unnest(${arrays.join(', ')}) AS ${alias}(${Object.keys(columns).join(', ')})`;
}

const at = (ms: string) => `to_timestamp((${ms})::float8 / 1000)`;
const msOf = (instant: string) => `round(extract(epoch FROM ${instant}) * 1000)::bigint`;
const countOf = (from: string, to: string, interval: string) =>
  `(${msOf(to)} - ${msOf(from)}) / ${interval} + 1`;

/** $1 node, $2 boot, $3 tenants, $4 epochs. `held` are the writes whose epoch is the present one. */
function openStatement(): Parts {
  return {
    text: [
      `WITH asked AS (
  SELECT tenant_id, epoch, n FROM unnest($3::text[], $4::bigint[]) WITH ORDINALITY AS a(tenant_id, epoch, n)
),
held AS MATERIALIZED (
  SELECT a.n, l.tenant_id FROM asked a
  JOIN platform.leases l ON l.tenant_id = a.tenant_id AND l.epoch = a.epoch
  WHERE l.node = $1 AND l.boot = $2::bigint
  ORDER BY l.tenant_id FOR SHARE OF l SKIP LOCKED
)`,
    ],
    parameters: 4,
  };
}

const resultTypes = {
  n: 'int',
  check_id: 'text',
  due: 'bigint',
  started: 'bigint',
  latency: 'float8',
  status: 'text',
  reason: 'text',
  agent: 'text',
  poller: 'text',
};
const resultNames = 'tenant_id, check_id, due_at, started_at, latency_ms, status, reason, agent, poller';

function resultsGiven(parts: Parts): void {
  parts.text.push(`fresh AS MATERIALIZED (
  SELECT h.tenant_id, r.check_id, ${at('r.due')} AS due_at, ${at('r.started')} AS started_at, r.latency AS latency_ms,
    r.status, r.reason, r.agent, r.poller
  FROM ${given(parts, 'r', resultTypes)} JOIN held h ON h.n = r.n
)`);
  markLate(parts);
}

/** What was promised to be marked, because it is rolled up or just being (`rollup-sql.ts`). */
function markLate(parts: Parts): void {
  parts.text.push(`marked AS (
  INSERT INTO platform.rollup_marks (unit, tenant_id, check_id, at)
  SELECT DISTINCT 'minute', tenant_id, check_id, date_trunc('minute', due_at) FROM fresh
  WHERE due_at < (SELECT promised_to FROM platform.rollup_promise)
)`);
}

function addResults(parts: Parts): void {
  resultsGiven(parts);
  parts.text.push(`added AS (
  INSERT INTO telemetry.results (${resultNames}) SELECT ${resultNames} FROM fresh ON CONFLICT DO NOTHING
)`);
}

/**
 * Gaps of a check never overlap, so the last one that begins before an instant is the only one that can reach over it.
 * A gap is stored minus what covers its instants already: other gaps, results, results of this batch. So the same batch
 * twice changes nothing, even after a late result split the gap; and the same start with a later end only adds the new
 * end. A piece that follows on a row of the same gap lengthens that row.
 */
function addGaps(parts: Parts): void {
  const columns = { n: 'int', check_id: 'text', f: 'bigint', t: 'bigint', i: 'bigint', reason: 'text' };
  parts.text.push(
    `gap AS MATERIALIZED (
  SELECT h.tenant_id, g.check_id, g.f, g.t, g.i, g.reason
  FROM ${given(parts, 'g', columns)} JOIN held h ON h.n = g.n
)`,
    `cover AS (
  SELECT g.*, c.s, c.e FROM gap g CROSS JOIN LATERAL (
    SELECT ${msOf('o.from_at')} AS s, ${msOf('o.to_at')} AS e FROM telemetry.gaps o
    WHERE o.tenant_id = g.tenant_id AND o.check_id = g.check_id AND o.from_at BETWEEN ${at('g.f')} AND ${at('g.t')}
    UNION ALL
    (SELECT ${msOf('o.from_at')}, ${msOf('o.to_at')} FROM telemetry.gaps o
     WHERE o.tenant_id = g.tenant_id AND o.check_id = g.check_id AND o.from_at < ${at('g.f')}
     ORDER BY o.from_at DESC LIMIT 1)
    UNION ALL
    SELECT ${msOf('r.due_at')}, ${msOf('r.due_at')} FROM telemetry.results r
    WHERE r.tenant_id = g.tenant_id AND r.check_id = g.check_id AND r.due_at BETWEEN ${at('g.f')} AND ${at('g.t')}
    UNION ALL
    SELECT ${msOf('f.due_at')}, ${msOf('f.due_at')} FROM fresh f
    WHERE f.tenant_id = g.tenant_id AND f.check_id = g.check_id AND f.due_at BETWEEN ${at('g.f')} AND ${at('g.t')}
    OFFSET 0
  ) c
  UNION ALL SELECT g.*, g.t + g.i, g.t + g.i FROM gap g
)`,
    `piece AS MATERIALIZED (
  SELECT tenant_id, check_id, f, i, reason,
    CASE WHEN done IS NULL OR done < f THEN f ELSE f + ((done - f) / i + 1) * i END AS s,
    CASE WHEN s <= f THEN f - i ELSE least(t, f + ((s - f + i - 1) / i - 1) * i) END AS e
  FROM (
    SELECT *, max(e) OVER (
      PARTITION BY tenant_id, check_id, f ORDER BY s, e ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS done
    FROM cover
  ) c
)`,
    `lengthened AS (
  UPDATE telemetry.gaps o SET to_at = ${at('p.e')}, count = (p.e - ${msOf('o.from_at')}) / p.i + 1
  FROM piece p
  WHERE p.s <= p.e AND o.tenant_id = p.tenant_id AND o.check_id = p.check_id AND o.to_at = ${at('p.s - p.i')}
    AND o.from_at >= ${at('p.f')} AND o.interval_ms = p.i AND o.reason = p.reason
  RETURNING p.tenant_id, p.check_id, p.s
)`,
    `opened AS (
  INSERT INTO telemetry.gaps AS o (tenant_id, check_id, from_at, to_at, interval_ms, count, reason)
  SELECT p.tenant_id, p.check_id, ${at('p.s')}, ${at('p.e')}, p.i, (p.e - p.s) / p.i + 1, p.reason
  FROM piece p
  WHERE p.s <= p.e
    AND NOT EXISTS (SELECT FROM lengthened d WHERE d.tenant_id = p.tenant_id AND d.check_id = p.check_id AND d.s = p.s)
  ON CONFLICT (tenant_id, check_id, from_at) DO UPDATE SET to_at = excluded.to_at, count = excluded.count
    WHERE o.to_at < excluded.to_at
)`,
  );
}

/**
 * A late result replaces a synthetic row or takes its instant out of the gap that covers it. Several may fall into one
 * gap: what is left before the first keeps the row, what is left after each is a row of its own.
 */
function addLate(parts: Parts): void {
  resultsGiven(parts);
  parts.text.push(
    `hit AS MATERIALIZED (
  SELECT g.tenant_id, g.check_id, g.from_at, g.to_at, g.interval_ms, g.reason, r.due_at, r.status,
    lag(r.due_at) OVER instants AS before, lead(r.due_at) OVER instants AS after
  FROM fresh r CROSS JOIN LATERAL (
    SELECT * FROM telemetry.gaps o
    WHERE o.tenant_id = r.tenant_id AND o.check_id = r.check_id AND o.from_at <= r.due_at
    ORDER BY o.from_at DESC LIMIT 1
  ) g
  WHERE r.status <> 'skipped' AND g.to_at >= r.due_at
    AND mod(${msOf('r.due_at')} - ${msOf('g.from_at')}, g.interval_ms) = 0
  WINDOW instants AS (PARTITION BY g.tenant_id, g.check_id, g.from_at ORDER BY r.due_at)
)`,
    `cut AS (
  SELECT *, interval_ms * interval '1 millisecond' AS step FROM hit
)`,
    `shortened AS (
  UPDATE telemetry.gaps g SET to_at = c.due_at - c.step, count = ${countOf('g.from_at', 'c.due_at', 'c.interval_ms')} - 1
  FROM cut c
  WHERE c.before IS NULL AND c.due_at > c.from_at
    AND g.tenant_id = c.tenant_id AND g.check_id = c.check_id AND g.from_at = c.from_at
)`,
    `emptied AS (
  DELETE FROM telemetry.gaps g USING cut c
  WHERE c.before IS NULL AND c.due_at = c.from_at
    AND g.tenant_id = c.tenant_id AND g.check_id = c.check_id AND g.from_at = c.from_at
)`,
    `rest AS (
  INSERT INTO telemetry.gaps (tenant_id, check_id, from_at, to_at, interval_ms, count, reason)
  SELECT tenant_id, check_id, s, e, interval_ms, ${countOf('s', 'e', 'interval_ms')}, reason
  FROM (SELECT *, due_at + step AS s, coalesce(after - step, to_at) AS e FROM cut) c
  WHERE s <= e
  ON CONFLICT DO NOTHING
)`,
    `replaced AS (
  INSERT INTO telemetry.results AS o (${resultNames})
  SELECT ${resultNames} FROM fresh r
  WHERE r.status <> 'skipped' OR NOT EXISTS (
    SELECT FROM telemetry.gaps g
    WHERE g.tenant_id = r.tenant_id AND g.check_id = r.check_id AND g.from_at <= r.due_at AND g.to_at >= r.due_at
  )
  ON CONFLICT (tenant_id, check_id, due_at) DO UPDATE SET started_at = excluded.started_at,
    latency_ms = excluded.latency_ms, status = excluded.status, reason = excluded.reason, agent = excluded.agent,
    poller = excluded.poller
    WHERE o.status = 'skipped' AND excluded.status <> 'skipped'
)`,
  );
}

/** Watermarks and states go with whichever statement comes last, so no watermark is ahead of its rows. */
function addProgress(parts: Parts): void {
  const watermark = { n: 'int', check_id: 'text', due: 'bigint' };
  const state = {
    n: 'int',
    check_id: 'text',
    state: 'text',
    flapping: 'text',
    since: 'bigint',
    because: 'text',
  };
  parts.text.push(
    `raised AS (
  INSERT INTO telemetry.watermarks AS o (tenant_id, check_id, due_at)
  SELECT h.tenant_id, w.check_id, ${at('w.due')} FROM ${given(parts, 'w', watermark)} JOIN held h ON h.n = w.n
  ON CONFLICT (tenant_id, check_id) DO UPDATE SET due_at = excluded.due_at WHERE o.due_at < excluded.due_at
)`,
    `told AS (
  INSERT INTO telemetry.check_states (tenant_id, check_id, state, flapping, since, because)
  SELECT h.tenant_id, s.check_id, s.state, s.flapping::boolean, ${at('s.since')}, s.because
  FROM ${given(parts, 's', state)} JOIN held h ON h.n = s.n
  ON CONFLICT (tenant_id, check_id) DO UPDATE SET state = excluded.state, flapping = excluded.flapping,
    since = excluded.since, because = excluded.because
)`,
  );
}

function statement(...additions: ((parts: Parts) => void)[]): string {
  const parts = openStatement();
  for (const add of additions) add(parts);
  return `${parts.text.join(',\n')}
SELECT a.tenant_id, bool_or(l.tenant_id IS NOT NULL) AS busy
FROM asked a
LEFT JOIN platform.leases l
  ON l.tenant_id = a.tenant_id AND l.epoch = a.epoch AND l.node = $1 AND l.boot = $2::bigint
WHERE a.n NOT IN (SELECT n FROM held)
GROUP BY a.tenant_id`;
}

/** Parameters after the first four: result columns, gap columns, watermark columns, state columns, as far as present. */
export const writeStatements = {
  results: statement(addResults),
  resultsAndProgress: statement(addResults, addProgress),
  resultsAndGaps: statement(addResults, addGaps),
  resultsGapsAndProgress: statement(addResults, addGaps, addProgress),
  lateAndProgress: statement(addLate, addProgress),
} as const;
