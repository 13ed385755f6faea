/** Results and gaps of all tenants as the coverage judge takes them, read from a cluster's database by its URL. */
import type { GapRow, ResultRow } from '../e2e/picket.ts';
import { connected } from './lease-watch.ts';

export interface WorldRows {
  readonly results: ResultRow[];
  readonly gaps: GapRow[];
}

interface Instants {
  due_at: Date;
  started_at: Date | null;
}

export async function rowsOf(url: string, sinceMs: number): Promise<WorldRows> {
  const client = await connected(url);
  try {
    await client.query('SET ROLE picket_writer');
    const since = new Date(sinceMs);
    const results = await client.query<Omit<ResultRow, 'due_at' | 'started_at'> & Instants>(
      `SELECT check_id, due_at, started_at, latency_ms, status, reason, agent, poller FROM telemetry.results
       WHERE due_at >= $1`,
      [since],
    );
    const gaps = await client.query<{ check_id: string; f: Date; t: Date; count: string; reason: string }>(
      'SELECT check_id, from_at AS f, to_at AS t, count, reason FROM telemetry.gaps WHERE to_at >= $1',
      [since],
    );
    return {
      results: results.rows.map((row) => ({
        ...row,
        ...{ due_at: row.due_at.toISOString(), started_at: row.started_at?.toISOString() ?? null },
      })),
      gaps: gaps.rows.map(({ check_id, f, t, count, reason }) => ({
        ...{ check_id, from: f.toISOString(), to: t.toISOString(), count: Number(count), reason },
      })),
    };
  } finally {
    await client.end();
  }
}
