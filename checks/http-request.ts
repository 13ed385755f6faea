/**
 * One HTTP request on a connection of its own, to addresses that the guard let through. No agent, no keep-alive, no TLS
 * session from an earlier check: every run proves the whole way. Whatever happens, the connection is destroyed.
 */
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Address } from './address.ts';
import { limits } from './limits.ts';
import { type LiteralMatch, literalMatch } from './literal-match.ts';
import { pinnedLookup } from './locate.ts';
import type { HttpSettings } from './settings.ts';

export type Answer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly location: string | null;
      /** `unread`: nothing was looked for. `cut`: not within `httpBodyBytesMax`. `encoded`: compressed, so not looked at. */
      readonly body: 'unread' | 'matched' | 'unmatched' | 'cut' | 'encoded';
    }
  | { readonly kind: 'error'; readonly error: unknown };

/** Begins the request; answers how to undo it. The body is searched only if `wantsBody` says so of the status. */
export function requestOnce(
  url: URL,
  addresses: readonly Address[],
  settings: HttpSettings,
  wantsBody: (status: number) => boolean,
  settle: (answer: Answer) => void,
): () => void {
  const secure = url.protocol === 'https:';
  const options: RequestOptions & { rejectUnauthorized?: boolean } = {
    method: settings.method,
    hostname: url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port === '' ? (secure ? 443 : 80) : url.port,
    path: url.pathname + url.search,
    agent: false,
    lookup: pinnedLookup(addresses),
    headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'picket' },
  };
  if (secure) options.rejectUnauthorized = settings.verifyTls;
  const request = secure ? httpsRequest(options) : httpRequest(options);
  const done = (answer: Answer) => {
    settle(answer);
    request.destroy();
  };
  // Stays on after the end: destroying a request makes it report that it was destroyed.
  request.on('error', (error) => done({ kind: 'error', error }));
  request.on('response', (response) => {
    const needle = wantsBody(response.statusCode ?? 0) ? settings.bodyContains : null;
    if (needle === null) return done(answerOf(response, 'unread'));
    if ((response.headers['content-encoding'] ?? 'identity') !== 'identity') {
      return done(answerOf(response, 'encoded'));
    }
    searchBody(response, literalMatch(needle), done);
  });
  request.end();
  return () => undo(request);
}

function searchBody(response: IncomingMessage, match: LiteralMatch, done: (answer: Answer) => void): void {
  let left: number = limits.httpBodyBytesMax;
  response.on('data', (chunk: Buffer) => {
    if (match.feed(chunk.length > left ? chunk.subarray(0, left) : chunk))
      return done(answerOf(response, 'matched'));
    left -= chunk.length;
    if (left < 0) done(answerOf(response, 'cut'));
  });
  response.on('end', () => done(answerOf(response, 'unmatched')));
  response.on('error', (error) => done({ kind: 'error', error }));
}

function answerOf(response: IncomingMessage, body: (Answer & { kind: 'answer' })['body']): Answer {
  return {
    kind: 'answer',
    status: response.statusCode ?? 0,
    location: response.headers.location ?? null,
    body,
  };
}

function undo(request: ClientRequest): void {
  request.destroy();
}
