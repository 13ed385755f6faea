/**
 * One question to a system that is listed: a connection of its own to an address that the guard let through, TLS verified, the
 * answer read whole within its time and size and parsed as JSON. It follows no redirect and tries nothing again (`retry.ts` decides that).
 */
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import {
  type Address,
  Deadline,
  errorCode,
  failureOutcome,
  locateGuarded,
  type NameResolver,
  pinnedLookup,
  type TargetPolicy,
} from '../checks/index.ts';
import { fault, type SourceFault } from './errors.ts';
import { limits } from './limits.ts';
import { readRetryAfter } from './retry.ts';

/** What this room needs of the runtime's clock. */
export interface SourceClock {
  wallMs(): number;
  monotonicMs(): number;
  timer(delayMs: number, task: () => void): () => void;
}

export interface RequestNeeds {
  readonly clock: SourceClock;
  readonly guard: TargetPolicy;
  readonly resolver: NameResolver;
  readonly signal: AbortSignal;
}

export interface Question {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Null: GET. Otherwise POST of a form. */
  readonly form: string | null;
  readonly caPem: string | null;
  readonly timeoutMs: number;
}

export type Answered =
  | { readonly ok: true; readonly body: unknown }
  | {
      readonly ok: false;
      readonly fault: SourceFault;
      /** The credentials were not taken: new ones may be. */
      readonly isUnauthorized: boolean;
      readonly retryAfterMs: number | null;
    };

type Read =
  | { readonly kind: 'body'; readonly bytes: Buffer }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly retryAfter: string | undefined;
      readonly location: string | undefined;
    }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'error'; readonly error: unknown };

export async function askJson(question: Question, needs: RequestNeeds): Promise<Answered> {
  const deadline = new Deadline(question.timeoutMs, needs.clock, needs.signal);
  try {
    const located = await locateGuarded({ ...needs, deadline, host: question.url.hostname });
    if (located.addresses === undefined) {
      if (located.why === 'ended') return ended(deadline, question);
      const code = located.why === 'refused' ? 'target_not_allowed' : 'name_not_found';
      return failed(fault(code, `${question.url.hostname}: ${located.detail}`));
    }
    const { addresses } = located;
    const read = await deadline.stage<Read>((settle) => requestOnce(question, addresses, settle));
    return read === null ? ended(deadline, question) : judge(read, question, needs.clock);
  } finally {
    deadline.clear();
  }
}

function judge(read: Read, { url }: Question, clock: SourceClock): Answered {
  switch (read.kind) {
    case 'error':
      return failed(connectionFault(read.error, url));
    case 'too_large':
      return failed(
        fault(
          'page_too_large',
          `an answer has at most ${limits.pageBytesMax} bytes: ask for fewer devices a page`,
        ),
      );
    case 'status':
      return judgeStatus(read, url, clock);
    case 'body':
      try {
        return { ok: true, body: JSON.parse(read.bytes.toString('utf8')) as unknown };
      } catch {
        return failed(fault('bad_answer', `${url.pathname} answered with something else than JSON`));
      }
  }
}

function judgeStatus(
  { status, retryAfter, location }: Read & { kind: 'status' },
  url: URL,
  clock: SourceClock,
): Answered {
  const where = url.pathname;
  if (status === 401)
    return {
      ...failed(fault('unauthorized', `${where} answered 401: the credentials are not taken`)),
      isUnauthorized: true,
    };
  if (status === 403)
    return failed(
      fault('forbidden', `${where} answered 403: the credentials are wrong, or may not read this`),
    );
  const retryAfterMs = readRetryAfter(retryAfter, clock.wallMs());
  if (status === 429) {
    const when =
      retryAfterMs === null ? '' : `, and asks to come again in ${Math.ceil(retryAfterMs / 1_000)} s`;
    return { ...failed(fault('rate_limited', `${where} answered 429${when}`)), retryAfterMs };
  }
  if (status === 408 || status >= 500)
    return { ...failed(fault('server_error', `${where} answered ${status}`)), retryAfterMs };
  if (status >= 300 && status < 400) return failed(fault('redirected', redirectText(status, location, url)));
  return failed(fault('unexpected_status', `${where} answered ${status}`));
}

function redirectText(status: number, location: string | undefined, url: URL): string {
  const to =
    location !== undefined && URL.canParse(location, url.href)
      ? new URL(location, url.href).origin
      : 'nowhere';
  return `${url.pathname} answered ${status} and sends to ${to}: credentials are not taken there; give that address if it is right`;
}

function ended(deadline: Deadline, { url, timeoutMs }: Question): Answered {
  if (deadline.ended === 'aborted') return failed(fault('cancelled', 'the listing was called off'));
  return failed(
    fault('request_timeout', `${url.pathname} gave no whole answer within ${Math.ceil(timeoutMs)} ms`),
  );
}

function connectionFault(error: unknown, { host }: URL): SourceFault {
  const { reason } = failureOutcome(error);
  const detail = `${host}: ${reason ?? 'no reason was given'}`;
  const isTls = reason?.startsWith('certificate error') || reason?.startsWith('TLS failed');
  if (isTls) return fault('tls_failed', detail);
  if (errorCode(error).startsWith('HPE_')) return fault('bad_answer', detail);
  return fault('connection_failed', detail);
}

function failed(why: SourceFault): Answered & { ok: false } {
  return { ok: false, fault: why, isUnauthorized: false, retryAfterMs: null };
}

function requestOnce(
  { url, headers, form, caPem }: Question,
  addresses: readonly Address[],
  settle: (read: Read) => void,
): () => void {
  const secure = url.protocol === 'https:';
  const options: RequestOptions & { ca?: string } = {
    method: form === null ? 'GET' : 'POST',
    hostname: url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port === '' ? (secure ? 443 : 80) : url.port,
    path: url.pathname + url.search,
    agent: false,
    lookup: pinnedLookup(addresses),
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'picket',
      ...headers,
      ...(form === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    },
  };
  if (caPem !== null) options.ca = caPem;
  const request = secure ? httpsRequest(options) : httpRequest(options);
  const done = (read: Read) => {
    settle(read);
    request.destroy();
  };
  // Stays on after the end: destroying a request makes it report that it was destroyed.
  request.on('error', (error) => done({ kind: 'error', error }));
  request.on('response', (response) => readAnswer(response, done));
  request.end(form ?? undefined);
  return () => undo(request);
}

function readAnswer(response: IncomingMessage, done: (read: Read) => void): void {
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299) {
    const { 'retry-after': retryAfter, location } = response.headers;
    done({ kind: 'status', status, retryAfter, location });
    return;
  }
  const parts: Buffer[] = [];
  let bytes = 0;
  response.on('data', (part: Buffer) => {
    bytes += part.length;
    if (bytes > limits.pageBytesMax) return done({ kind: 'too_large' });
    parts.push(part);
  });
  response.on('end', () => done({ kind: 'body', bytes: Buffer.concat(parts) }));
  response.on('error', (error) => done({ kind: 'error', error }));
}

function undo(request: ClientRequest): void {
  request.destroy();
}
