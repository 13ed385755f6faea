/**
 * From an error of Node's sockets, resolver or TLS to an outcome in plain words. What the target or the way to it did
 * is `critical`; what this machine lacks (descriptors, ports, permission) is `unknown`, since it says nothing about
 * the target. The wording before a colon is stable.
 */
import { type CheckOutcome, failed, untold } from './outcome.ts';

const targetFailures: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ECONNABORTED: 'connection reset',
  EHOSTUNREACH: 'host unreachable',
  EHOSTDOWN: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENETDOWN: 'network unreachable',
  ENOTFOUND: 'name not found',
  ENODATA: 'name not found',
  EAI_AGAIN: 'name lookup failed: the resolver gave no answer',
  EAI_FAIL: 'name lookup failed: the resolver failed',
};

const ownFailures: Readonly<Record<string, string>> = {
  EMFILE: 'this agent is out of file descriptors',
  ENFILE: 'this machine is out of file descriptors',
  ENOBUFS: 'this machine is out of socket buffers',
  ENOMEM: 'this machine is out of memory',
  EADDRNOTAVAIL: 'no local address or port is free to reach the target from',
  EACCES: 'this machine may not connect there (EACCES)',
  EPERM: 'this machine may not connect there (EPERM)',
  EINVAL: 'this machine has no use for that address (EINVAL)',
  EAFNOSUPPORT: 'this machine does not speak that address family',
  lookup_queue_full: 'too many name lookups are waiting on this agent',
};

/** OpenSSL's verdicts on a certificate, as Node puts them in `code`; `ERR_TLS_CERT_` covers the name check. */
const certificateCode =
  /^(ERR_TLS_CERT_|CERT_|CRL_|UNABLE_TO_|ERROR_IN_CERT_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH)/;

export function failureOutcome(error: unknown): CheckOutcome {
  const cause = lastOf(error);
  const code = errorCode(cause);
  const known = targetFailures[code];
  if (known !== undefined) return failed(known);
  const own = ownFailures[code];
  if (own !== undefined) return untold(own);
  if (code === 'ETIMEDOUT') return { status: 'timeout', latencyMs: null, reason: 'connection timed out' };
  if (certificateCode.test(code)) return failed(`certificate error: ${errorText(cause)}`);
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') return failed(`TLS failed: ${errorText(cause)}`);
  if (code.startsWith('HPE_')) return failed(`malformed answer: ${errorText(cause)}`);
  return failed(`connection failed: ${code === '' ? errorText(cause) : code}`);
}

export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : '';
}

/** OpenSSL and the HTTP parser keep the readable part in `reason`; their messages carry source positions. */
function errorText(error: unknown): string {
  const { reason, message } = (error ?? {}) as { reason?: unknown; message?: unknown };
  if (typeof reason === 'string' && reason !== '') return reason;
  return typeof message === 'string' ? message : 'no detail';
}

/** When several addresses of a name were tried, the last attempt is the one that had all the time there was. */
function lastOf(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? error.errors.at(-1) : error;
}
