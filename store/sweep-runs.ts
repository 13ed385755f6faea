/**
 * Runs of sweeps in their tenant's schema, written by whoever holds the tenant under its epoch: a run is taken over from an
 * earlier epoch, never from a later one, and a slice counts once, in the statement that notes it.
 */
import { type ClaimedRun, type SweepRun, termsOf } from '../actors/ports/sweep.ts';
import type { SweepRunStore } from '../actors/ports/sweep-store.ts';
import { auditText } from './audit-text.ts';
import { newRunId } from './ids.ts';
import { limits } from './limits.ts';
import { atNewest } from './schema-versions.ts';
import type { Database, Parameter } from './unit-of-work.ts';

const ms = (instant: string) => `floor(extract(epoch FROM ${instant}) * 1000)`;

/** A row `r` of sweep_runs as a SweepRun. */
export const runOf = `jsonb_build_object(
  'id', r.id, 'sweepId', r.sweep_id, 'state', r.state, 'terms', r.terms, 'addresses', r.addresses, 'slices', r.slices,
  'sliceAddresses', r.slice_addresses, 'by', r.asked_by, 'doneSlices', r.done_slices,
  'counts', jsonb_build_object(
    'done', r.done, 'live', r.live, 'refused', r.refused, 'untold', r.untold, 'sent', r.sent),
  'agents', r.agents, 'redoneCount', r.redone_count, 'redone', r.redone, 'why', r.why,
  'startedAtMs', ${ms('r.started_at')}, 'endedAtMs', ${ms('r.ended_at')},
  'ageMs', ${ms('(clock_timestamp() - r.started_at)')})`;

const moment = "moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS at)";

const begin = `
WITH ${moment},
old AS (
  DELETE FROM sweep_runs WHERE sweep_id = $3 AND state <> 'running' AND id NOT IN (
    SELECT id FROM sweep_runs WHERE sweep_id = $3 ORDER BY started_at DESC, id DESC LIMIT ${limits.sweepRunsKept - 1}
  )
)
INSERT INTO sweep_runs AS r
  (id, sweep_id, epoch, state, terms, addresses, slices, slice_addresses, asked_by, started_at)
SELECT $1, s.id, $2::bigint, 'running', $5::jsonb, $6::bigint, $7::int, $8::int, $9, moment.at
FROM sweeps s, moment WHERE s.id = $3 AND s.version = $4::int
ON CONFLICT DO NOTHING RETURNING ${runOf} AS run`;

const claim = `
WITH mine AS (
  UPDATE sweep_runs SET epoch = $1::bigint WHERE state = 'running' AND epoch <= $1::bigint RETURNING *
)
SELECT ${runOf} AS run,
  coalesce((SELECT jsonb_agg(c.slice ORDER BY c.slice) FROM sweep_slices c WHERE c.run_id = r.id), '[]') AS done
FROM mine r ORDER BY r.started_at, r.id`;

const held = `SELECT id FROM sweep_runs WHERE id = $1 AND epoch = $2::bigint AND state = 'running' FOR UPDATE`;

const sliceDone = `
WITH ${moment},
held AS MATERIALIZED (${held}),
noted AS (
  INSERT INTO sweep_slices (run_id, slice, agent, done_at) SELECT held.id, $3::int, $4, moment.at FROM held, moment
  ON CONFLICT DO NOTHING RETURNING slice
),
counted AS (
  UPDATE sweep_runs r SET done_slices = done_slices + 1, done = done + $5::bigint, live = live + $6::bigint,
    refused = refused + $7::bigint, untold = untold + $8::bigint, sent = sent + $9::bigint, why = coalesce(why, $10),
    agents = CASE WHEN agents ? $4 THEN agents ELSE agents || to_jsonb($4::text) END
  FROM noted WHERE r.id = $1 RETURNING ${runOf} AS run
)
SELECT run FROM counted
UNION ALL
SELECT ${runOf} FROM sweep_runs r JOIN held ON held.id = r.id WHERE NOT EXISTS (SELECT FROM counted)`;

const sliceRedone = `
UPDATE sweep_runs SET redone_count = redone_count + 1, redone = (
  SELECT jsonb_agg(one ORDER BY at DESC) FROM (
    SELECT one, at FROM jsonb_array_elements(redone || $3::jsonb) WITH ORDINALITY e(one, at)
    ORDER BY at DESC LIMIT ${limits.sweepRedoneKept}
  ) newest
)
WHERE id = $1 AND epoch = $2::bigint AND state = 'running'`;

const end = `
WITH ${moment},
over AS (
  UPDATE sweep_runs r SET state = $3, why = coalesce($4, why), ended_at = at
  FROM moment WHERE r.id = $1 AND r.epoch = $2::bigint AND r.state = 'running' RETURNING r.id, ${runOf} AS run
),
gone AS (DELETE FROM sweep_slices c USING over WHERE c.run_id = over.id)
SELECT run FROM over`;

export function createSweepRunStore(db: Database): SweepRunStore {
  const ask = <Row extends Record<string, unknown> = { run: SweepRun }>(
    tenantId: string,
    text: string,
    values: readonly Parameter[],
  ) => atNewest('sweeps', () => db.asTenant(tenantId, (unit) => unit.query<Row>(text, values)));
  return {
    async begin(tenantId, epoch, sweep, { addresses, slices, sliceAddresses }, by) {
      const planned = [addresses, slices, sliceAddresses];
      const terms = JSON.stringify(termsOf(sweep));
      const values = [newRunId(), epoch, sweep.id, sweep.version, terms, ...planned, by];
      const [row] = await ask(tenantId, begin, values);
      return row?.run ?? null;
    },
    async claim(tenantId, epoch) {
      const rows = await ask<{ run: SweepRun; done: number[] }>(tenantId, claim, [epoch]);
      return rows.map(({ run, done }): ClaimedRun => ({ run, done }));
    },
    async sliceDone(tenantId, epoch, runId, { slice, agent, counts, why }) {
      const { done, live, refused, untold, sent } = counts;
      const values = [runId, epoch, slice, agent, done, live, refused, untold, sent, auditText(why)];
      const [row] = await ask(tenantId, sliceDone, values);
      return row?.run ?? null;
    },
    async sliceRedone(tenantId, epoch, runId, redone) {
      await ask(tenantId, sliceRedone, [runId, epoch, JSON.stringify([redone]).replaceAll('\\u0000', '')]);
    },
    async end(tenantId, epoch, runId, state, why) {
      const [row] = await ask(tenantId, end, [runId, epoch, state, auditText(why)]);
      return row?.run ?? null;
    },
  };
}
