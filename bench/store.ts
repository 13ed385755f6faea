/**
 * The store on the embedded PostgreSQL: results written a second by one core for one, some and many tenants, with real
 * leases and the result writer's own statement; and what many tenants cost otherwise (`store-stages.ts`).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResultStore } from '../actors/ports/result-store.ts';
import { systemClock } from '../runtime/index.ts';
import { startEmbedded } from '../store/index.ts';
import type { Bench, Figure, Figures, Running } from './bench.ts';
import { leasesAtOnce, resultsFigureMs, storeRowsPerWrite } from './limits.ts';
import { perSecond } from './ours/callers.ts';
import { backend, fill, type Ground, migrated, open, queries } from './store-stages.ts';

const boot = 1;
const node = 'core_1';
type Write = Parameters<ResultStore['write']>[2][number];

interface Leased {
  tenantId: string;
  epoch: number;
}

/** Tenants that results are written for; beyond those that have tables they have a lease, which is all that is looked at. */
const writtenFor = [1, 500, 5_000] as const;

/** Numbers of tenants at which the time of making one is measured. */
function stagesOf(tenants: number): number[] {
  return [...new Set([100, 500, tenants].filter((count) => count <= tenants))];
}
async function openOurs(tenants: number): Promise<Running> {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const dataDir = mkdtempSync(join(tmpdir(), 'picket-bench-store-'));
  const logFile = join(dataDir, 'postgres.log');
  const server = await startEmbedded({ dataDir, logFile, clock: systemClock() });
  const store = open(server.url);
  const close = async () => {
    await store.close();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    await store.migrate();
    const ground: Ground = { url: server.url, dataDir, store, tenants: [], say };
    const once: Record<string, number> = {};
    for (const count of stagesOf(tenants)) Object.assign(once, await fill(ground, count));
    for (const stage of [queries, backend, migrated]) Object.assign(once, await stage(ground));
    const leased = await lease(ground);
    // Later than anything that is written: a due instant is written once.
    let dueMs = Math.floor(Date.now() / 1_000) * 1_000;
    const round = async () => {
      const figures: Record<string, number> = { ...once };
      for (const count of writtenFor) {
        await store.leases.renewSession(node, boot);
        const { rows, tookMs, lastMs } = await write(ground, leased.slice(0, count), dueMs);
        dueMs = lastMs;
        figures[`results_${count}_tenants_per_s`] = perSecond(rows, tookMs);
      }
      return named(figures);
    };
    return { round, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One tenant is no tenants. */
function named(figures: Record<string, number>): Figures {
  const { results_1_tenants_per_s: one, ...others } = figures;
  return one === undefined ? others : { results_1_tenant_per_s: one, ...others };
}

async function lease({ store, tenants: made }: Ground): Promise<Leased[]> {
  const missing = Math.max(0, Math.max(...writtenFor) - made.length);
  const tenants = [...made, ...Array.from({ length: missing }, (_, n) => idOf(n))];
  await store.leases.renewSession(node, boot);
  const leased: Leased[] = [];
  for (let at = 0; at < tenants.length; at += leasesAtOnce) {
    await store.leases.renewSession(node, boot);
    const some = tenants.slice(at, at + leasesAtOnce).map(async (tenantId) => {
      const answer = await store.leases.acquire(tenantId, node, boot);
      if (!answer.granted) throw new Error(`the lease of ${tenantId} was refused`);
      return { tenantId, epoch: answer.epoch };
    });
    leased.push(...(await Promise.all(some)));
  }
  return leased;
}

/** Of the form of a tenant's id, and none that is ever drawn twice. */
function idOf(n: number): string {
  const digits = n.toString(26).padStart(8, '0');
  return `lone${[...digits].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 26))).join('')}`;
}

/** One statement after the other, as the writer of a core does; each with a row and the watermark of every check. */
async function write({ store }: Ground, leased: readonly Leased[], fromMs: number) {
  const checksEach = storeRowsPerWrite / leased.length;
  const startMs = performance.now();
  let [rows, renewedMs, dueMs] = [0, startMs, fromMs];
  while (performance.now() - startMs < resultsFigureMs) {
    dueMs += 1_000;
    if (performance.now() - renewedMs > 1_000) {
      renewedMs = performance.now();
      await store.leases.renewSession(node, boot);
    }
    const { fenced } = await store.results.write(
      node,
      boot,
      leased.map((one) => ofTenant(one, checksEach, dueMs)),
    );
    if (fenced.length > 0) throw new Error(`${fenced.length} tenants were fenced`);
    rows += Math.floor(checksEach) * leased.length;
  }
  return { rows, tookMs: performance.now() - startMs, lastMs: dueMs };
}

function ofTenant({ tenantId, epoch }: Leased, checks: number, dueAtMs: number): Write {
  const ids = Array.from({ length: Math.floor(checks) }, (_, n) => `chk_${tenantId}${n}`);
  return {
    tenantId,
    epoch,
    results: ids.map((checkId) => ({
      checkId,
      dueAtMs,
      startedAtMs: dueAtMs + 3,
      latencyMs: 1.25,
      status: 'success',
      reason: null,
      agent: 'agent_1',
      poller: 'poller_1',
    })),
    gaps: [],
    late: [],
    watermarks: ids.map((checkId) => ({ checkId, dueAtMs })),
    states: [],
  };
}

export function store(tenants = 2_000): Bench {
  const more = (key: string): Figure => ({ key, better: 'more' });
  const less = (key: string): Figure => ({ key, better: 'less' });
  return {
    name: 'store',
    about: `results stored a second for 1 to 5,000 tenants, and what ${tenants} with their tables cost (--tenants N for fewer)`,
    figures: [
      ...writtenFor.map((count) => more(`results_${count === 1 ? '1_tenant' : `${count}_tenants`}_per_s`)),
      ...['query_p50_ms', 'query_p99_ms', 'backend_bytes', 'backend_bytes_per_tenant'].map(less),
      ...stagesOf(tenants).map((count) => less(`provision_${count}_ms`)),
      less(`migrate_${tenants}_tenants_s`),
    ],
    rounds: 3,
    contenders: [{ name: 'ours', open: () => openOurs(tenants) }],
  };
}
