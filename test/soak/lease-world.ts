/**
 * A real one-machine cluster with several tenants for the histories of leases: what runs, what is struck, and the rows that
 * came of it, read from its database. Between the histories and `picket up`; judges nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runningEmbedded } from '../../store/index.ts';
import { type CheckRow, type Cluster, cluster, until } from '../e2e/picket.ts';
import { kill } from '../e2e/processes.ts';
import { leaseChecks, leaseTenants, leaseWaitMs } from './bounds.ts';
import { connected } from './lease-watch.ts';
import { rowsOf, type WorldRows } from './world-rows.ts';

export interface WorldTenant {
  readonly id: string;
  readonly slug: string;
  readonly checks: readonly CheckRow[];
}

const nodes = 'core=3,web=1,poller=2,agent=2';

export class LeaseWorld {
  readonly picket: Cluster;
  readonly url: string;
  readonly tenants: readonly WorldTenant[];
  readonly sinceMs: number;

  private constructor(picket: Cluster, url: string, tenants: readonly WorldTenant[], sinceMs: number) {
    this.picket = picket;
    this.url = url;
    this.tenants = tenants;
    this.sinceMs = sinceMs;
  }

  static async open(): Promise<LeaseWorld> {
    const picket = await cluster(nodes);
    try {
      await picket.up();
      const url = runningEmbedded(picket.data);
      if (url === null) throw new Error('the cluster has no database of its own');
      const sinceMs = Date.now();
      const tenants: WorldTenant[] = [];
      for (let at = 1; at <= leaseTenants; at += 1) tenants.push(await tenantOf(picket, `history-${at}`));
      return new LeaseWorld(picket, url, tenants, sinceMs);
    } catch (error) {
      await picket.close();
      throw error;
    }
  }

  pidOf(name: string): number | null {
    const { nodes: rows } = this.running();
    return rows.find((row) => row.name === name)?.pid ?? null;
  }

  signal(pids: readonly number[], signal: NodeJS.Signals): void {
    for (const pid of pids) kill(pid, signal);
  }

  /** Resolves when the tenant's lease is locked, with the way to free it. */
  async lock(tenantId: string): Promise<() => Promise<void>> {
    const client = await connected(this.url);
    await client.query('SET idle_in_transaction_session_timeout = 0');
    await client.query('BEGIN');
    await client.query('SELECT FROM platform.leases WHERE tenant_id = $1 FOR UPDATE', [tenantId]);
    return async () => {
      await client.query('ROLLBACK').catch(() => {});
      await client.end().catch(() => {});
    };
  }

  rows(sinceMs: number): Promise<WorldRows> {
    return rowsOf(this.url, sinceMs);
  }

  /** Each of `names` runs, and the database answers. */
  async whole(names: readonly string[]): Promise<void> {
    await until('everything to run again', leaseWaitMs, async () => {
      const { nodes: rows } = this.running();
      for (const name of names) {
        const pid = rows.find((row) => row.name === name)?.pid;
        if (pid === undefined || !isThere(pid)) return false;
      }
      const client = await connected(this.url);
      await client.end();
      return true;
    });
  }

  async close(): Promise<void> {
    await this.picket.close();
  }

  private running(): { nodes: { name: string; pid: number }[] } {
    return JSON.parse(readFileSync(join(this.picket.data, 'running.json'), 'utf8')) as never;
  }
}

async function tenantOf(picket: Cluster, slug: string): Promise<WorldTenant> {
  const { id } = await picket.ask<{ id: string }>('tenant', 'create', slug);
  const file = join(picket.data, `${slug}.ndjson`);
  // Nobody is there: a run of it is over at once, or after its timeout, and is a run all the same.
  const one = { kind: 'tcp', target: '192.0.2.1', port: 9, timeout: '300ms' };
  const lines = Array.from({ length: leaseChecks }, (_, at) =>
    JSON.stringify({ name: `check ${at}`, interval: at % 2 === 0 ? '1s' : '2s', ...one }),
  );
  writeFileSync(file, lines.join('\n'));
  const checks = await until('the tenant to run', leaseWaitMs, async () =>
    picket.ask<CheckRow[]>('check', 'import', file, '--tenant', slug),
  );
  return { id, slug, checks };
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
