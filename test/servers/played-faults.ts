/**
 * A real HTTP server on loopback that answers as its system would, unless a test says that it fails: with a status, slowly, in
 * pieces, with something else than JSON, or by cutting the line. It remembers what was asked.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What happens instead of an answer. */
export type Fault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly text?: string }
  /** The connection is closed after so many bytes of the right answer. */
  | { readonly cutAfterBytes: number }
  /** The right answer, later. */
  | { readonly afterMs: number }
  /** No answer at all. */
  | { readonly hangs: true };

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly params: URLSearchParams;
  readonly authorization: string | undefined;
  /** Of a list: which page, from 1; 0 for what is no list. */
  readonly page: number;
  /** How many requests this server had, this one among them. */
  readonly count: number;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

export interface PlayedServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly asked: Asked[];
  /** Null: it answers as it should. May change the content meanwhile, which the answer then shows. */
  fault: (asked: Asked) => Fault | null;
  close(): Promise<void>;
}

export interface Answerer {
  /** Which page is asked for; 0 for none. */
  pageOf(path: string, params: URLSearchParams): number;
  answer(asked: Asked, form: string): Reply;
}

export async function playServer(
  answerer: Answerer,
  tls: { key: string; cert: string } | null = null,
): Promise<PlayedServer> {
  const asked: Asked[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://played');
      const one: Asked = {
        method: request.method ?? '',
        path: url.pathname,
        params: url.searchParams,
        authorization: request.headers.authorization,
        page: answerer.pageOf(url.pathname, url.searchParams),
        count: asked.length + 1,
      };
      asked.push(one);
      const fault = played.fault(one);
      perform(response, fault, () => answerer.answer(one, Buffer.concat(parts).toString()));
    });
  };
  const server = tls === null ? createServer(listener) : createSecureServer(tls, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const played: PlayedServer = {
    url: `${tls === null ? 'http' : 'https'}://127.0.0.1:${port}`,
    asked,
    fault: () => null,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return played;
}

function perform(response: ServerResponse, fault: Fault | null, answer: () => Reply): void {
  if (fault !== null && 'hangs' in fault) return;
  if (fault !== null && 'status' in fault) {
    response.writeHead(fault.status, { 'content-type': 'text/html', ...fault.headers });
    response.end(fault.text ?? '<h1>Something went wrong</h1>');
    return;
  }
  if (fault !== null && 'afterMs' in fault) {
    setTimeout(() => perform(response, null, answer), fault.afterMs);
    return;
  }
  const { status, body, headers } = answer();
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    ...headers,
  });
  if (fault === null) response.end(bytes);
  else response.write(bytes.subarray(0, fault.cutAfterBytes), () => response.destroy());
}
