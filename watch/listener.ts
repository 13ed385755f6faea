/**
 * Where a node's metrics are scraped and its health is asked: an HTTP listener of its own, on loopback unless an operator
 * says otherwise. It answers GET /metrics and /health and nothing else; there is no sign-in, so whoever reaches it reads it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Log, messageOf } from '../runtime/index.ts';
import type { Exposition } from './exposition.ts';
import { scrapeConnectionsMax, scrapeHeadBytesMax, scrapeRequestMs, scrapeSweepMs } from './limits.ts';

export interface MetricsListener {
  /** `HOST:PORT`. */
  readonly address: string;
  close(): Promise<void>;
}

/** Why the node cannot do its work; empty: it can. */
export type Health = () => readonly string[];

/** Rejects with the system's own error when it cannot listen. */
export async function listenForScrapes(
  exposition: Exposition,
  health: Health,
  { host, port }: { host: string; port: number },
  log: Log,
): Promise<MetricsListener> {
  const isLocal = loopback.test(host);
  const server = createServer(
    {
      maxHeaderSize: scrapeHeadBytesMax,
      headersTimeout: scrapeRequestMs,
      requestTimeout: scrapeRequestMs,
      connectionsCheckingInterval: scrapeSweepMs,
    },
    (request, response) => {
      if (isLocal && !isLocalName(request.headers.host)) {
        end(response, 421, 'text/plain', 'this is served to this machine\n');
        return;
      }
      answer(exposition, health, request, response).catch((error: unknown) => {
        log('error', 'a scrape failed', { error: messageOf(error) });
        end(response, 500, 'text/plain', 'see the log of this node\n');
      });
    },
  );
  // Who does not take the answer holds its place no longer than who does not ask.
  server.setTimeout(2 * scrapeRequestMs, (socket) => socket.destroy());
  server.maxConnections = scrapeConnectionsMax;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) => log('error', 'the metrics listener failed', { error: error.message }));
  const { address, port: taken, family } = server.address() as AddressInfo;
  return {
    address: family === 'IPv6' ? `[${address}]:${taken}` : `${address}:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const loopback = /^(127\.[\d.]+|::1|\[::1\]|localhost)$/;

/** A page of somebody else, whose name leads here, is not this machine. */
function isLocalName(head = ''): boolean {
  return loopback.test(head.replace(/:\d+$/, ''));
}

async function answer(
  exposition: Exposition,
  health: Health,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, url = '', headers } = request;
  const [path] = url.split('?');
  if (path !== '/metrics' && path !== '/health') {
    end(response, 404, 'text/plain', 'metrics are under /metrics, health under /health\n');
    return;
  }
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    end(response, 405, 'text/plain', 'metrics are read\n');
    return;
  }
  if (path === '/health') {
    const because = health();
    const status = because.length === 0 ? 'ok' : 'failing';
    end(
      response,
      because.length === 0 ? 200 : 503,
      'application/json',
      `${JSON.stringify({ status, because })}\n`,
    );
    return;
  }
  const form = headers.accept?.includes('application/openmetrics-text') ? 'openmetrics' : 'text';
  const { type, text } = await exposition.text(form);
  end(response, 200, type, method === 'HEAD' ? '' : text);
}

function end(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(text);
}
