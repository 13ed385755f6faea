/**
 * The HTTP door of a web node, put together: the server, the sockets, and the feed under its supervisor. What `bin/`
 * starts. It serves the default tenant without sign-in, and therefore this machine only.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebSocket } from 'ws';
import type { TenantStore } from '../actors/messages.ts';
import type { Cluster } from '../cluster/index.ts';
import { type ActorSystem, type Clock, childOf, type Log, type Ref, supervisor } from '../runtime/index.ts';
import { createDoor } from './door.ts';
import { type Refusal, WebError } from './errors.ts';
import { type WebFeedProtocol, webFeed, webFeedName } from './feed.ts';
import { healthPages } from './health.ts';
import { isLoopbackAddress } from './judgement.ts';
import {
  closeGraceMs,
  feedCallTimeoutMs,
  feedRestartsMax,
  feedRestartsWithinMs,
  socketsMax,
} from './limits.ts';
import { readPageFiles } from './page-files.ts';
import { openSockets, type Sockets } from './sockets.ts';
import type { PageTenant } from './ui/live-message.ts';

export interface WebOptions {
  readonly system: ActorSystem;
  readonly cluster: Cluster;
  readonly tenants: TenantStore;
  readonly tenantSlug: string;
  /** `127.0.0.1` or `::1`. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Whether the store answers; a rejection or no answer within `storeHealthTimeoutMs` is a no. */
  readonly storeHealth: () => Promise<boolean>;
  readonly log: Log;
  readonly clock: Clock;
}

export interface Web {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Browsers that are told live, and requests that were answered, by the class of their status: `2xx`. */
  totals(): { sockets: number; requests: Readonly<Record<string, number>> };
  /** Says farewell to the browsers, ends the feed, and frees the port; at most about `closeGraceMs` later. */
  close(): Promise<void>;
}

/**
 * Rejects with `loopback_only` or `page_missing` before anything is opened, and with the system's own error
 * (`EADDRINUSE`, `EACCES`) when it cannot listen.
 */
export async function startWeb(options: WebOptions): Promise<Web> {
  const { system, cluster, clock, log, host } = options;
  if (!isLoopbackAddress(host)) {
    const detail = `until sign-in exists, the page is served on 127.0.0.1 or ::1 only, not on "${host}"`;
    throw new WebError('loopback_only', detail);
  }
  const files = await readPageFiles();
  const feed = () => system.whereis<WebFeedProtocol>(webFeedName);
  const sockets = openSockets({
    clock,
    log,
    onLeft(socket) {
      const ref = feed();
      if (ref !== null) system.cast(ref).left(socket);
    },
  });
  let port = 0;
  const requests: Record<string, number> = {};
  const server = createDoor({
    files,
    health: healthPages({ ...options, tenant: () => tenantOf(system, feed()) }),
    log,
    port: () => port,
    tracing: system.tracing,
    answered(status) {
      const kind = `${Math.floor(status / 100)}xx`;
      requests[kind] = (requests[kind] ?? 0) + 1;
    },
    refuseSocket: () => refuseSocket(sockets, feed() !== null),
    onSocket: (socket) => join(system, sockets, feed(), socket),
  });
  try {
    port = await listen(server, host, options.port);
  } catch (error) {
    sockets.stop();
    throw error;
  }
  server.on('error', (error) => log('error', 'the HTTP server failed', { error: error.message }));
  const tree = system.spawn(
    supervisor({ name: 'web', restartsMax: feedRestartsMax, withinMs: feedRestartsWithinMs }, [
      { id: 'feed', start: childOf(webFeed({ ...options, audience: sockets })) },
    ]),
  );
  const treeEnded = system.ended(tree).then((reason) => {
    if (reason !== 'shutdown')
      log('error', 'the feed of the page failed too often', { reason, node: cluster.node });
    sockets.dropAll(reason === 'shutdown' ? 'closing' : 'feed_unavailable');
  });
  const url = `http://${host === '::1' ? '[::1]' : host}:${port}`;
  log('info', 'the page is served', { url });
  let closing: Promise<void> | null = null;
  return {
    url,
    totals: () => ({ sockets: sockets.count(), requests: { ...requests } }),
    close() {
      closing ??= closeAll();
      return closing;
    },
  };

  async function closeAll(): Promise<void> {
    const closed = closeServer(server, clock);
    sockets.dropAll('closing');
    system.exit(tree, 'shutdown');
    await treeEnded;
    await closed;
    sockets.stop();
  }
}

/** Null when the feed is not there or too busy to answer. */
function tenantOf(system: ActorSystem, feed: Ref<WebFeedProtocol> | null): Promise<PageTenant | null> {
  if (feed === null) return Promise.resolve(null);
  const asked = system.call(feed, feedCallTimeoutMs).tenant();
  return asked.catch(() => null);
}

function refuseSocket(sockets: Sockets, feedRuns: boolean): Refusal | null {
  if (!feedRuns)
    return {
      status: 503,
      code: 'feed_unavailable',
      detail: 'the feed of the page is not running: try again',
    };
  if (sockets.hasRoom()) return null;
  return { status: 503, code: 'too_many_sockets', detail: `at most ${socketsMax} browsers are told live` };
}

function join(
  system: ActorSystem,
  sockets: Sockets,
  feed: Ref<WebFeedProtocol> | null,
  socket: WebSocket,
): void {
  const number = sockets.admit(socket);
  // Without a feed it is told when the next one starts: a feed begins with all who are there.
  if (feed !== null && !system.cast(feed).joined(number)) sockets.drop(number, 'feed_busy');
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function closeServer(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.timer(closeGraceMs, () => server.closeAllConnections());
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}
