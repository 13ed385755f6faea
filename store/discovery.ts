/**
 * Discovery through the database, for the nodes that have it: each keeps a row with its address, renewed every few
 * seconds on the database's clock, and hears by LISTEN when another begins or ends. On a connection of its own, because
 * listening is a connection's. Implements the cluster's port; the seeker drives it.
 */
import { Socket } from 'node:net';
import pg from 'pg';
import type { AddressSource, SourceCall } from '../cluster/ports/address-source.ts';
import type { StoreClock } from './clock.ts';
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import { sqlStateOf, toStoreError } from './pg-errors.ts';

export interface PostgresSourceSettings {
  /** As for `openStore`. */
  readonly url: string;
  readonly clock: StoreClock;
}

const channel = 'picket_discovery';
const announce = `
INSERT INTO platform.discovery AS d (address, seen_at) VALUES ($1, clock_timestamp())
ON CONFLICT (address) DO UPDATE SET seen_at = excluded.seen_at`;
/** Nodes let go of old rows side by side: none waits for another's. */
const prune = `
DELETE FROM platform.discovery WHERE address IN (
  SELECT address FROM platform.discovery WHERE seen_at < clock_timestamp() - $1::int * interval '1 millisecond'
  LIMIT $2 FOR UPDATE SKIP LOCKED)`;
const others = `
SELECT address FROM platform.discovery
WHERE seen_at >= clock_timestamp() - $1::int * interval '1 millisecond' AND address <> $2
ORDER BY seen_at DESC LIMIT $3`;
const leave = 'DELETE FROM platform.discovery WHERE address = $1';
const notify = `SELECT pg_notify('${channel}', '')`;

export function postgresSource({ url, clock }: PostgresSourceSettings): AddressSource {
  return {
    title: 'postgres',
    pauseMs: limits.discoveryPauseMs,
    async session(call) {
      const session = new ListeningSession(url, clock, call);
      try {
        await session.run();
      } catch (error) {
        if (call.signal.aborted) return;
        const code = sqlStateOf(error);
        // No such table or schema.
        if (code !== '42P01' && code !== '3F000') throw toStoreError(error);
        const what = 'the database has no table for discovery yet: bring it up to date';
        throw new StoreError('store_unavailable', what, { cause: error });
      } finally {
        session.close();
      }
    },
  };
}

class ListeningSession {
  private readonly clock: StoreClock;
  private readonly call: SourceCall;
  private readonly client: pg.Client;
  private readonly socket = new Socket();
  private ended = false;
  private lost: Error | null = null;
  private isTold = false;
  private wake: () => void = () => {};

  constructor(url: string, clock: StoreClock, call: SourceCall) {
    this.clock = clock;
    this.call = call;
    this.client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: limits.connectTimeoutMs,
      statement_timeout: limits.statementTimeoutMs,
      query_timeout: limits.leaseQueryTimeoutMs,
      lock_timeout: limits.lockTimeoutMs,
      application_name: 'picket discovery',
      keepAlive: true,
      // Our own, so that it can be ended whatever the server does.
      stream: () => this.socket,
    });
  }

  async run(): Promise<void> {
    const { client, call } = this;
    const onAbort = () => this.wake();
    client.on('error', (error) => this.lose(error));
    client.on('end', () => this.lose(new Error('Connection terminated unexpectedly')));
    client.on('notification', () => {
      this.isTold = true;
      this.wake();
    });
    call.signal.addEventListener('abort', onAbort, { once: true });
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
      await client.query(announce, [call.own]);
      await client.query(notify);
      while (!call.signal.aborted) {
        await client.query(prune, [limits.discoveryKeptMs, limits.discoveryRowsMax]);
        await this.untilBeat(this.clock.monotonicMs() + limits.discoveryBeatMs);
        if (!call.signal.aborted) await client.query(announce, [call.own]);
      }
      await client.query(leave, [call.own]);
      await client.query(notify);
    } finally {
      call.signal.removeEventListener('abort', onAbort);
    }
  }

  close(): void {
    this.ended = true;
    this.client.end().catch(() => {});
    this.socket.destroy();
  }

  /** Reads the others' rows now, and again whenever one of them begins or ends. */
  private async untilBeat(beatMs: number): Promise<void> {
    const { call, clock } = this;
    for (;;) {
      this.isTold = false;
      const values = [limits.discoveryKeptMs, call.own, limits.discoveryRowsMax];
      const { rows } = await this.client.query<{ address: string }>(others, values);
      call.tell(rows.map(({ address }) => address));
      const leftMs = beatMs - clock.monotonicMs();
      if (leftMs > 0 && !this.isTold) await this.sleep(leftMs);
      if (this.lost !== null) throw this.lost;
      if (call.signal.aborted || clock.monotonicMs() >= beatMs) return;
      await this.sleep(limits.discoveryGatherMs, false);
    }
  }

  /** Ends with the time, the session, or (when it `listens`) with the next notification. */
  private sleep(delayMs: number, listens = true): Promise<void> {
    if (this.call.signal.aborted || this.lost !== null) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        this.wake = () => {};
        resolve();
      };
      const cancel = this.clock.timer(delayMs, done);
      this.wake = () => {
        if (listens || this.call.signal.aborted || this.lost !== null) done();
      };
    });
  }

  private lose(error: Error): void {
    if (this.ended) return;
    this.lost ??= error;
    this.wake();
  }
}
