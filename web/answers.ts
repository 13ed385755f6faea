/**
 * How an answer is written: headers that allow a page of ours nothing but its own files, and JSON that nobody keeps.
 * The only file that writes to a response or, when a WebSocket is refused, to its bare connection.
 */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from './errors.ts';

/**
 * Nothing but our own files, no inline script or style, no frame around us; text from checks can only ever be text
 * (Trusted Types: a page that wrote HTML from a string would throw).
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const strictHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function jsonAnswer(status: number, value: unknown): Answer {
  return { status, contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n` };
}

export function refusalAnswer({ status, code, detail }: Refusal): Answer {
  const answer = jsonAnswer(status, { error: { code, detail } });
  return status === 405 ? { ...answer, headers: { allow: 'GET, HEAD' } } : answer;
}

/** `close`: the connection is not used again, since what else came on it was not read. */
export function writeAnswer(response: ServerResponse, answer: Answer, close: boolean): void {
  response.writeHead(answer.status, { ...headersOf(answer), ...(close && { connection: 'close' }) });
  // Node itself leaves the body out for HEAD.
  response.end(answer.body);
}

/** To a connection that has no response object: a refused upgrade, or a head that could not be read. */
export function writeBareAnswer(connection: Duplex, answer: Answer): void {
  if (!connection.writable) {
    connection.destroy();
    return;
  }
  const headers = Object.entries({ ...headersOf(answer), connection: 'close' });
  const head = [
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  connection.end(`${head.join('\r\n')}\r\n\r\n${answer.body}`, () => connection.destroy());
}

function headersOf(answer: Answer): Record<string, string> {
  return {
    ...strictHeaders,
    'cache-control': 'no-store',
    'content-type': answer.contentType,
    'content-length': String(Buffer.byteLength(answer.body)),
    ...answer.headers,
  };
}
