/**
 * A PostgreSQL that all nodes of the split tests reach whatever is cut (its socket is a file), with some tenants; and the
 * judge of what they wrote. Rows are taken in the order of their transactions: the lease's row is locked while a write
 * is under way, so a row of a later epoch has a later transaction, or two epochs were mixed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { systemClock } from '../../runtime/index.ts';
import { openStore, startEmbedded } from '../../store/index.ts';
import type { HolderOrder } from './split-holder.ts';

export interface WritesFound {
  readonly rows: number;
  readonly tenants: number;
  /** Epochs under which there are rows, of all tenants together. */
  readonly epochs: number;
  /** What is wrong. */
  readonly faults: readonly string[];
}

export interface SplitDatabase {
  readonly order: HolderOrder;
  judge(): Promise<WritesFound>;
  close(): Promise<void>;
}

interface Row {
  tenant_id: string;
  reason: string;
  poller: string;
}

const inOrder = 'SELECT tenant_id, reason, poller FROM telemetry.results ORDER BY xmin::text::bigint';

export async function splitDatabase(tenantCount: number): Promise<SplitDatabase> {
  const clock = systemClock();
  const dataDir = mkdtempSync(join(tmpdir(), 'picket-splits-'));
  const server = await startEmbedded({ dataDir, logFile: join(dataDir, 'postgres.log'), clock });
  const close = async () => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const store = openStore({ url: server.url, phaseOf: () => 0, clock });
    await store.migrate();
    const tenants: string[] = [];
    for (let n = 0; n < tenantCount; n += 1) {
      const answer = await store.tenants.create(`split-${n}`, 'of the split tests');
      if ('refused' in answer) throw new Error(`no tenant: ${answer.detail}`);
      tenants.push(answer.tenant.id);
    }
    await store.close();
    return {
      order: { url: server.url, tenants },
      async judge() {
        const client = new pg.Client({ connectionString: server.url });
        await client.connect();
        try {
          await client.query('SET ROLE picket_writer');
          return judgeRows((await client.query<Row>(inOrder)).rows);
        } finally {
          await client.end();
        }
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** `rows`: in the order in which they were written. */
export function judgeRows(rows: readonly Row[]): WritesFound {
  const faults: string[] = [];
  const present = new Map<string, number>();
  const writers = new Map<string, string>();
  for (const { tenant_id: tenant, reason, poller } of rows) {
    const epoch = Number(reason.slice('epoch '.length));
    const before = present.get(tenant) ?? 0;
    if (epoch < before) faults.push(`${tenant}: ${poller} wrote under ${epoch} after ${before}`);
    present.set(tenant, Math.max(before, epoch));
    const key = `${tenant} ${epoch}`;
    const writer = writers.get(key);
    if (writer === undefined) writers.set(key, poller);
    else if (writer !== poller) faults.push(`${key}: written by ${writer} and ${poller}`);
  }
  return { rows: rows.length, tenants: present.size, epochs: writers.size, faults: faults.slice(0, 10) };
}
