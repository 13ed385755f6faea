/** Discovery through the database: the contract of address sources on a real server, rows that age out, bad states of it. */
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  discoverySourceContract,
  type Listener,
  listenTo,
  type SourceSetup,
  tells,
} from '../test/contract/discovery-source.ts';
import { clock, type ScratchDatabase, scratchDatabase, startIn } from '../test/contract/scratch-database.ts';
import { until } from '../test/e2e/picket.ts';
import { postgresSource } from './discovery.ts';
import type { EmbeddedServer } from './embedded/start-embedded.ts';
import { limits } from './limits.ts';

let database: ScratchDatabase;
let server: EmbeddedServer;
let url = '';

beforeAll(async () => {
  database = await scratchDatabase();
  server = database.server;
  url = server.url;
});
afterAll(async () => {
  await server?.stop();
  await database?.close();
});

async function sql(text: string, values: unknown[] = []): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text, values);
  } finally {
    await client.end();
  }
}

const write = `
WITH gone AS (DELETE FROM platform.discovery WHERE address LIKE '10.%' AND address <> ALL ($1::text[]))
INSERT INTO platform.discovery (address, seen_at) SELECT a, clock_timestamp() FROM unnest($1::text[]) AS a
ON CONFLICT (address) DO UPDATE SET seen_at = excluded.seen_at`;

describe('the contract', () => {
  const setup: SourceSetup = {
    source: () => postgresSource({ url, clock }),
    addresses: ['10.0.0.2:7400', '10.0.0.3:7400', '10.0.0.4:7400', '[2001:db8::4]:7400'],
    async publish(addresses) {
      await sql("DELETE FROM platform.discovery WHERE address LIKE '[%'");
      await sql(write, [addresses]);
      await sql("SELECT pg_notify('picket_discovery', '')");
    },
    away: () => server.stop({ mode: 'immediate' }),
    async back() {
      server = await startIn(database.dataDir);
      url = server.url;
    },
  };
  discoverySourceContract(() => setup, { changes: true, outage: true, announces: true });
});

describe('rows', () => {
  let listener: Listener | null = null;
  afterEach(async () => {
    await listener?.stop();
    await sql('DELETE FROM platform.discovery');
  });
  const listen = () => {
    listener = listenTo(postgresSource({ url, clock }), '10.0.0.9:7400');
    return listener;
  };
  const rows = async () =>
    (await sql('SELECT address FROM platform.discovery ORDER BY address')).rows.map((row) =>
      String(row.address),
    );

  test('that were not renewed count no more, and are removed by whoever comes next', async () => {
    await sql(write, [['10.0.0.2:7400', '10.0.0.3:7400']]);
    const old = `${limits.discoveryKeptMs + 1} milliseconds`;
    await sql('UPDATE platform.discovery SET seen_at = now() - $1::interval WHERE address = $2', [
      old,
      '10.0.0.2:7400',
    ]);
    await tells(listen(), ['10.0.0.3:7400']);
    expect(await rows()).toEqual(['10.0.0.3:7400', '10.0.0.9:7400']);
  });

  test('are told at most so many, the newest first', async () => {
    const many = Array.from({ length: 10_000 }, (_, at) => `10.2.${at >> 8}.${at & 255}:7400`);
    await sql(write, [many]);
    await sql(write, [[...many, '10.0.0.2:7400']]);
    listen();
    await until('the rows', 10_000, () => listener!.told() !== null);
    expect(listener!.told()).toHaveLength(limits.discoveryRowsMax);
  });

  test('of a node that ends well are gone at once', async () => {
    listen();
    await until('the row', 10_000, async () => (await rows()).length === 1);
    await listener!.stop();
    expect(await rows()).toEqual([]);
  });
});

describe('a database', () => {
  const failure = async (at: string) => {
    const ending = new AbortController();
    const call = { own: '10.0.0.9:7400', signal: ending.signal, tell: () => {} };
    return await postgresSource({ url: at, clock })
      .session(call)
      .then(
        () => null,
        (error: unknown) => error as { code: string; message: string },
      );
  };

  test('that no core has brought up to date yet is waited for', async () => {
    await sql('ALTER TABLE platform.discovery RENAME TO elsewhere');
    try {
      expect(await failure(url)).toMatchObject({
        code: 'store_unavailable',
        message: expect.stringContaining('no table for discovery yet'),
      });
    } finally {
      await sql('ALTER TABLE platform.elsewhere RENAME TO discovery');
    }
  });

  test('that refuses the login, or is nowhere, is told apart', async () => {
    expect(await failure(url.replace(/:\/\/([^:]+):[^@]*@/, '://$1:wrong@'))).toMatchObject({
      code: 'access_denied',
    });
    expect(await failure('postgresql://nobody@127.0.0.1:1/none')).toMatchObject({
      code: 'store_unavailable',
    });
  });
});
