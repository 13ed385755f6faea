/**
 * The closed sets of the door's errors: what a request is refused with, and why the door does not open. A port in use
 * is not among them: the system's own error goes to whoever opened the door, who can tell the owner.
 */

export type RefusalCode =
  /** The Host header names another machine than this one: DNS rebinding, or a proxy that nobody set up. */
  | 'wrong_host'
  /** A socket is asked for by a page of another origin. */
  | 'foreign_origin'
  | 'method_not_allowed'
  | 'not_found'
  /** The request is not HTTP as this door speaks it. */
  | 'bad_request'
  | 'head_too_large'
  | 'too_slow'
  /** Only `/live` is a WebSocket, and it is nothing else. */
  | 'upgrade_required'
  | 'upgrade_refused'
  | 'too_many_sockets'
  | 'feed_unavailable'
  | 'internal';

export interface Refusal {
  readonly status: number;
  readonly code: RefusalCode;
  readonly detail: string;
}

/** Why a socket was closed, as its browser is told. */
export type FarewellCode =
  | 'closing'
  | 'slow_reader'
  | 'no_answer'
  | 'nothing_accepted'
  | 'feed_unavailable'
  | 'feed_busy';

/** What `/health/ready` says no with. */
export type NotReadyCode = 'no_live_core' | 'store_unavailable' | 'feed_unavailable';

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
