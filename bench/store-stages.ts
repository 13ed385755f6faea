/**
 * What `store` measures once, while its one database fills with tenants: how long making a tenant takes, questions to many
 * tenants' tables, the memory of a backend that served them, bringing all their schemas up. Uses the store as a core does.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../runtime/index.ts';
import { openSchema, openStore, type Store } from '../store/index.ts';
import { type Figures, quantile } from './bench.ts';
import {
  provisionAtOnce,
  provisionSamples,
  storeConnections,
  storeQueries,
  storesForQueries,
} from './limits.ts';

export interface Ground {
  readonly url: string;
  /** Of the embedded server. */
  readonly dataDir: string;
  readonly store: Store;
  /** Ids of the tenants made so far. */
  readonly tenants: string[];
  say(line: string): void;
}

const clock = systemClock();

export function open(url: string): Store {
  return openStore({ url, phaseOf: (checkId, intervalMs) => (checkId.length * 7919) % intervalMs, clock });
}

async function make({ store, tenants }: Ground, slug: string): Promise<void> {
  const made = await store.tenants.create(slug, slug);
  if ('refused' in made) throw new Error(`no tenant: ${made.detail}`);
  tenants.push(made.tenant.id);
  await store.checks.add(made.tenant.id, [
    {
      name: 'one',
      kind: 'tcp',
      target: '192.0.2.1',
      port: 80,
      partition: 'default',
      intervalMs: 60_000,
      timeoutMs: 1_000,
      retries: 1,
      settings: {},
    },
  ]);
}

/** Fills up to `count`, several at once; the last are made one by one, and their mean time is the figure. */
export async function fill(ground: Ground, count: number): Promise<Figures> {
  const { tenants, say } = ground;
  const startMs = performance.now();
  const first = tenants.length;
  let next = first;
  const worker = async () => {
    while (next < count - provisionSamples) {
      next += 1;
      await make(ground, `bench-${next}`);
      if (next % 500 === 0) say(`store: ${tenants.length} tenants`);
    }
  };
  await Promise.all(Array.from({ length: provisionAtOnce }, worker));
  const filledMs = performance.now() - startMs;
  say(
    `store: ${tenants.length - first} tenants made in ${Math.round(filledMs / 1_000)} s, ${provisionAtOnce} at once`,
  );
  const samples: number[] = [];
  while (tenants.length < count) {
    const madeMs = performance.now();
    await make(ground, `bench-${tenants.length + 1}`);
    samples.push(performance.now() - madeMs);
  }
  return { [`provision_${count}_ms`]: samples.reduce((sum, ms) => sum + ms, 0) / samples.length };
}

/** Each question reads another tenant's own tables, on 20 connections, in no order that a cache could like. */
export async function queries({ url, tenants }: Ground): Promise<Figures> {
  const stores = Array.from({ length: storesForQueries }, () => open(url));
  const took: number[] = [];
  const worker = async (store: Store, share: number) => {
    for (let k = share; k < storeQueries; k += storeConnections) {
      const tenantId = tenants[(k * 7_919) % tenants.length]!;
      const startMs = performance.now();
      await store.checks.list(tenantId, 0);
      // What each connection learns of the catalog at first is in `backend_bytes`' manner of use, not in a steady state.
      if (k >= storeQueries / 2) took.push(performance.now() - startMs);
    }
  };
  try {
    const workers = Array.from({ length: storeConnections }, (_, n) =>
      worker(stores[n % storesForQueries]!, n),
    );
    await Promise.all(workers);
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
  return { query_p50_ms: quantile(took, 0.5), query_p99_ms: quantile(took, 0.99) };
}

/** Memory of its own (anonymous, as the kernel counts it) of the backend that read every tenant's tables once. */
export async function backend({ url, dataDir, tenants }: Ground): Promise<Figures> {
  const store = open(url);
  try {
    const before = new Set(childrenOf(dataDir));
    const [first] = tenants;
    await store.checks.list(first!, 0);
    const fresh = childrenOf(dataDir).filter((pid) => !before.has(pid));
    const largest = () => Math.max(...fresh.map(anonymousBytes));
    const startBytes = largest();
    for (const tenantId of tenants) await store.checks.list(tenantId, 0);
    const bytes = largest();
    return {
      backend_bytes: bytes,
      backend_bytes_per_tenant: Math.max(0, bytes - startBytes) / tenants.length,
    };
  } finally {
    await store.close();
  }
}

/** Processes of the server. */
function childrenOf(dataDir: string): number[] {
  const [pid] = readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').map(Number);
}

/** Linux says it; elsewhere, and where the process may not be looked at, there is no such figure. */
function anonymousBytes(pid: number): number {
  const match = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (match === null) throw new Error(`the memory of process ${pid} is not told`);
  return Number(match[1]) * 1_024;
}

/** All tenants' last step is taken back, then `migrate` brings them up again, as it does after an upgrade. */
export async function migrated({ url, tenants, say }: Ground): Promise<Figures> {
  const schema = openSchema(url, clock);
  try {
    say(`store: the last step of ${tenants.length} tenants is taken back`);
    await schema.rollback('all_tenants');
    const startMs = performance.now();
    await schema.migrate();
    return { [`migrate_${tenants.length}_tenants_s`]: (performance.now() - startMs) / 1_000 };
  } finally {
    await schema.close();
  }
}
