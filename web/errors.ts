/**
 * The closed sets of the door's errors: what a request is refused with, and why the door does not open. A port in use
 * is not among them: the system's own error goes to whoever opened the door, who can tell the owner.
 */

export type RefusalCode =
  /** The Host header names another machine than this one: DNS rebinding, or a proxy that nobody set up. */
  | 'wrong_host'
  /** A socket is asked for by a page of another origin. */
  | 'foreign_origin'
  /** The path is there and takes other methods. */
  | 'method_not_allowed'
  /** Nothing is at this path. */
  | 'not_found'
  /** The request is not HTTP as this door speaks it. */
  | 'bad_request'
  /** The request line and headers are longer than allowed. */
  | 'head_too_large'
  /** The request did not come in time. */
  | 'too_slow'
  /** Only `/live` is a WebSocket, and it is nothing else. */
  | 'upgrade_required'
  /** The handshake of the socket is not as RFC 6455 has it. */
  | 'upgrade_refused'
  /** All sockets are taken. */
  | 'too_many_sockets'
  /** No core answers with what the page shows. */
  | 'feed_unavailable'
  /** A fault of ours; the log has it. */
  | 'internal';

export interface Refusal {
  readonly status: number;
  readonly code: RefusalCode;
  readonly detail: string;
}

/** Why a socket was closed, as its browser is told. */
export type FarewellCode =
  /** The node stops. */
  | 'closing'
  /** The browser does not read what it is sent. */
  | 'slow_reader'
  /** The browser does not answer pings. */
  | 'no_answer'
  /** The browser sent something; this socket takes nothing. */
  | 'nothing_accepted'
  /** No core answers with what the page shows. */
  | 'feed_unavailable'
  /** The feed is at its bound. */
  | 'feed_busy';

/** What `/health/ready` says no with. */
export type NotReadyCode =
  /** No core is up. */
  | 'no_live_core'
  /** The database does not answer. */
  | 'store_unavailable'
  /** No core answers with what the page shows. */
  | 'feed_unavailable';

export type WebErrorCode =
  /** An address that others can reach was asked for. */
  | 'loopback_only'
  /** The page's script is not beside the program: it was not built. */
  | 'page_missing';

export class WebError extends Error {
  readonly code: WebErrorCode;

  constructor(code: WebErrorCode, detail: string, cause?: unknown) {
    super(`${code}: ${detail}`, cause === undefined ? undefined : { cause });
    this.name = 'WebError';
    this.code = code;
  }
}
