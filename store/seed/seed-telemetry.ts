/**
 * The past of a seeded tenant, into the shared tables as the result writer: results by COPY, gaps, watermarks and states;
 * then the roll-ups of what is rolled up already. In the caller's transaction, which holds the row of the roll-ups: who
 * rolls forward waits for it, and counts what lies above then.
 */
import type { Check, CheckStateRow, GapRow } from '../../actors/ports/check.ts';
import type { CopySession } from '../backup/copy-session.ts';
import { numberColumn, textColumn } from '../columns.ts';
import { rollTenantScript } from '../rollup-sql.ts';
import { pieces, resultColumns, resultLine } from './copy-rows.ts';
import type { SeedTenant, SeedWindow } from './seed-tenant.ts';

const at = (ms: string) => `to_timestamp(${ms} / 1000)`;

const insertGaps = `
INSERT INTO telemetry.gaps (tenant_id, check_id, from_at, to_at, interval_ms, count, reason)
SELECT $1, check_id, ${at('f')}, ${at('t')}, i, n, reason
FROM unnest($2::text[], $3::float8[], $4::float8[], $5::bigint[], $6::bigint[], $7::text[])
  AS g(check_id, f, t, i, n, reason)`;

const insertStates = `
INSERT INTO telemetry.check_states (tenant_id, check_id, state, flapping, since, because)
SELECT $1, check_id, state, flapping::boolean, ${at('since')}, because
FROM unnest($2::text[], $3::text[], $4::text[], $5::float8[], $6::text[]) AS g(check_id, state, flapping, since, because)`;

const insertWatermarks = `
INSERT INTO telemetry.watermarks (tenant_id, check_id, due_at)
SELECT $1, check_id, ${at('due')} FROM unnest($2::text[], $3::float8[]) AS g(check_id, due)`;

/** Throws when the history of a check ends nowhere: it has no due instant in the window. */
export async function addPast(
  session: CopySession,
  tenantId: string,
  tenant: SeedTenant,
  checks: readonly Check[],
  window: SeedWindow,
): Promise<void> {
  const [rolled] = await session.rows<{ ms: number }>(
    'SELECT (extract(epoch FROM rolled_to) * 1000)::float8 AS ms FROM platform.rollup FOR UPDATE',
  );
  await session.run(`CREATE TEMP TABLE arriving (LIKE telemetry.results) ON COMMIT DROP;
GRANT SELECT ON pg_temp.arriving TO picket_writer`);
  const past = new Past();
  const lines = function* () {
    for (const check of checks) {
      const rows = tenant.history(check, window);
      let last = rows.next();
      for (; !last.done; last = rows.next()) {
        past.seen(check.id, last.value.dueAtMs);
        yield resultLine(tenantId, last.value);
      }
      past.ended(check.id, last.value);
    }
  };
  await session.copyIn(`COPY pg_temp.arriving (${resultColumns}) FROM STDIN`, pieces(lines()));
  const { gaps, states, watermarks } = past;
  await session.run(`SET LOCAL ROLE picket_writer;
INSERT INTO telemetry.results (${resultColumns}) SELECT ${resultColumns} FROM pg_temp.arriving`);
  await session.rows(insertGaps, [
    tenantId,
    textColumn(gaps.map(({ checkId }) => checkId)),
    numberColumn(gaps.map(({ fromMs }) => fromMs)),
    numberColumn(gaps.map(({ toMs }) => toMs)),
    numberColumn(gaps.map(({ intervalMs }) => intervalMs)),
    numberColumn(gaps.map(({ count }) => count)),
    textColumn(gaps.map(({ reason }) => reason)),
  ]);
  await session.rows(insertStates, [
    tenantId,
    textColumn(states.map(({ checkId }) => checkId)),
    textColumn(states.map(({ state }) => state)),
    textColumn(states.map(({ flapping }) => String(flapping))),
    numberColumn(states.map(({ sinceMs }) => sinceMs)),
    textColumn(states.map(({ because }) => because)),
  ]);
  const marks = [...watermarks];
  await session.rows(insertWatermarks, [
    tenantId,
    textColumn(marks.map(([checkId]) => checkId)),
    numberColumn(marks.map(([, dueMs]) => dueMs)),
  ]);
  await session.run(`${rollTenantScript(tenantId, window.fromMs, rolled!.ms)}
SET LOCAL ROLE NONE`);
}

/** What the histories leave beside their results. */
class Past {
  readonly gaps: GapRow[] = [];
  readonly states: CheckStateRow[] = [];
  /** The last instant that is accounted for, by check. */
  readonly watermarks = new Map<string, number>();

  seen(checkId: string, dueMs: number): void {
    this.watermarks.set(checkId, Math.max(dueMs, this.watermarks.get(checkId) ?? dueMs));
  }

  ended(checkId: string, { gaps, state }: { gaps: GapRow[]; state: CheckStateRow }): void {
    for (const { toMs } of gaps) this.seen(checkId, toMs);
    this.gaps.push(...gaps);
    this.states.push(state);
  }
}
