/**
 * The simulated database of `test/sim/leases` is held against the real one: the same contracts, and the same random
 * sequences of statements on both, whose answers and rows must be the same.
 */
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LeaseAnswer, LeaseStore } from '../actors/ports/lease-store.ts';
import type { ResultStore } from '../actors/ports/result-store.ts';
import { seededRandom } from '../runtime/index.ts';
import { leaseStoreContract } from '../test/contract/lease-store.ts';
import { resultStoreContract } from '../test/contract/result-store.ts';
import { type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { newTenant, result, type StoreSetup } from '../test/contract/store-setup.ts';
import { tenantRow } from '../test/contract/tenant-row.ts';
import { EventLoop, outsidePromises } from '../test/sim/event-loop.ts';
import { ModelDatabase } from '../test/sim/leases/database.ts';
import { SimProcess } from '../test/sim/leases/sim-process.ts';

/** Lets simulated time pass until whatever was asked is answered. */
const answerMs = 5_000;

function pumped<Port extends object>(port: Port, loop: EventLoop): Port {
  return new Proxy(port, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...of: unknown[]) => Promise<unknown>;
      return async (...of: unknown[]) => {
        let isOver = false;
        const answer = method(...of).finally(() => {
          isOver = true;
        });
        answer.catch(() => {});
        await outsidePromises(() => {
          const untilMs = loop.nowMs + answerMs;
          while (!isOver && loop.nowMs < untilMs) loop.runUntil(loop.nowMs + 1);
        });
        return await answer;
      };
    },
  });
}

function model() {
  const loop = new EventLoop();
  const database = new ModelDatabase(loop, seededRandom(1));
  const process = new SimProcess(loop, {
    ...{ name: 'core_1', role: 'core', boot: 1, skewMs: 0, chance: 0.5, log: () => {} },
  });
  const ports = database.portsOf(process);
  let tenants = 0;
  const setup = {
    leases: pumped(ports.leases, loop),
    coordinator: pumped(ports.coordinator, loop),
    results: pumped(ports.results, loop),
    checks: pumped(ports.checks, loop),
    tenants: {
      async create(slug: string) {
        tenants += 1;
        const id = `m${String(tenants)
          .padStart(11, 'a')
          .replaceAll(/[0189]/g, (one) => 'bcde'['0189'.indexOf(one)]!)}`;
        database.tenantRows.set(id, tenantRow(id, slug));
        return { tenant: database.tenantRows.get(id)! };
      },
    },
    async expireSession(node: string) {
      const row = database.tables.sessions.get(node);
      if (row === undefined) return;
      database.tables.sessions.set(node, { ...row, expiresAtMs: database.server.nowMs() - 1_000 });
    },
  } as unknown as StoreSetup;
  return { database, setup };
}

describe('the simulated database keeps the contracts of the store', () => {
  const { setup } = model();
  describe('leases', () => leaseStoreContract(() => setup));
  describe('results', () => resultStoreContract(() => setup));
});

type Operation =
  | { what: 'renew' | 'end'; node: string; boot: number }
  | { what: 'expire'; node: string }
  | { what: 'acquire'; node: string; boot: number; tenant: number }
  | { what: 'release' | 'write'; node: string; boot: number; tenant: number; epoch: number };

const node = fc.constantFrom('core_1', 'core_2', 'core_3');
const boot = fc.integer({ min: 1, max: 2 });
const tenant = fc.integer({ min: 0, max: 1 });
const epoch = fc.integer({ min: 1, max: 5 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constantFrom('renew' as const), node, boot }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('end' as const), node, boot }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('expire' as const), node }) },
  { weight: 6, arbitrary: fc.record({ what: fc.constant('acquire' as const), node, boot, tenant }) },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constantFrom('release' as const, 'write' as const),
      node,
      boot,
      tenant,
      epoch,
    }),
  },
);

interface Side {
  readonly leases: LeaseStore;
  readonly results: ResultStore;
  readonly tenants: readonly string[];
  expireSession(node: string): Promise<void>;
  /** Who has what under which epoch, and which sessions there are. */
  rows(): Promise<unknown>;
}

describe('the simulated database does what the real one does', () => {
  let real: ScratchDatabase;
  let direct: pg.Client;
  beforeAll(async () => {
    real = await scratchDatabase();
    direct = new pg.Client({ connectionString: real.server.url });
    await direct.connect();
  });
  afterAll(async () => {
    await direct?.end();
    await real?.close();
  });

  async function realSide(): Promise<Side> {
    await direct.query('DELETE FROM platform.sessions');
    const setup = { ...real.store } as unknown as StoreSetup;
    const tenants = [await newTenant(setup), await newTenant(setup)];
    return {
      ...{ leases: real.store.leases, results: real.store.results, tenants },
      async expireSession(name) {
        await direct.query(
          "UPDATE platform.sessions SET expires_at = now() - interval '1 second' WHERE node = $1",
          [name],
        );
      },
      async rows() {
        const leases = await direct.query(
          'SELECT node, boot::int, epoch::int FROM platform.leases WHERE tenant_id = ANY($1) ORDER BY tenant_id = $2',
          [tenants, tenants[1]],
        );
        const sessions = await direct.query('SELECT node, boot::int FROM platform.sessions ORDER BY node');
        return { leases: leases.rows, sessions: sessions.rows };
      },
    };
  }

  async function modelSide(): Promise<Side> {
    const { database, setup } = model();
    const tenants = [await newTenant(setup), await newTenant(setup)];
    return {
      ...{ leases: setup.leases, results: setup.results, tenants, expireSession: setup.expireSession },
      async rows() {
        const { leases, sessions } = database.tables;
        return {
          leases: tenants.flatMap((id) => leases.get(id) ?? []),
          sessions: [...sessions]
            .map(([name, row]) => ({ node: name, boot: row.boot }))
            .sort((a, b) => (a.node < b.node ? -1 : 1)),
        };
      },
    };
  }

  /** What it answered, as far as two databases can answer alike. */
  async function perform(side: Side, asked: Operation): Promise<unknown> {
    const { leases, results, tenants } = side;
    try {
      switch (asked.what) {
        case 'renew': {
          const { expiresAtMs, databaseNowMs } = await leases.renewSession(asked.node, asked.boot);
          return expiresAtMs - databaseNowMs;
        }
        case 'end':
          return await leases.endSession(asked.node, asked.boot);
        case 'expire':
          return await side.expireSession(asked.node);
        case 'acquire':
          return told(await leases.acquire(tenants[asked.tenant]!, asked.node, asked.boot));
        case 'release':
          return await leases.release(tenants[asked.tenant]!, asked.node, asked.boot, asked.epoch);
        case 'write': {
          const rows = { results: [result('chk_a', 1_800_000_000_000)], gaps: [], late: [], states: [] };
          const write = { tenantId: tenants[asked.tenant]!, epoch: asked.epoch, watermarks: [], ...rows };
          const { fenced, busy } = await results.write(asked.node, asked.boot, [write]);
          return [fenced.length, busy?.length ?? 0];
        }
      }
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  }

  function told(answer: LeaseAnswer): unknown {
    if (answer.granted) return { epoch: answer.epoch };
    return { holder: answer.holder, holderBoot: answer.holderBoot };
  }

  test('the same statements in the same order have the same answers and leave the same rows', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 10, maxLength: 60 }), async (operations) => {
        const sides = [await realSide(), await modelSide()] as const;
        const [ofReal, ofModel]: [unknown[], unknown[]] = [[], []];
        for (const one of operations) {
          ofReal.push([one, await perform(sides[0], one), await sides[0].rows()]);
          ofModel.push([one, await perform(sides[1], one), await sides[1].rows()]);
        }
        expect(ofModel).toEqual(ofReal);
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});
