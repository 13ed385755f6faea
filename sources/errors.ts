/**
 * The closed set of reasons for which a listing ends before its time, and what a file's line is left out for. Values, never
 * thrown. No text of the other side is in a detail: it may hold what we sent, credentials too.
 */

export type SourceFaultCode =
  /** The settings make no listing; the sentence says which and how they are written. */
  | 'bad_source'
  /** The endpoint is at an address that this node does not connect to. */
  | 'target_not_allowed'
  /** The endpoint's name has no address here. */
  | 'name_not_found'
  /** No connection to the endpoint, or it was cut before the answer was whole. */
  | 'connection_failed'
  /** The endpoint's certificate is not trusted: give the authority that signed it with the source. */
  | 'tls_failed'
  /** One request had no whole answer within its time. */
  | 'request_timeout'
  /** All of it took longer than a listing may. */
  | 'listing_timeout'
  /** The credentials are refused, fresh ones too. */
  | 'unauthorized'
  /** The credentials are known, and may not read this. */
  | 'forbidden'
  /** The other side wants fewer requests, for longer than a run waits. */
  | 'rate_limited'
  /** The other side failed, again and again. */
  | 'server_error'
  /** The answer's status is none that belongs here. */
  | 'unexpected_status'
  /** The answer sends elsewhere; credentials are not taken there. Give the address where the system is. */
  | 'redirected'
  /** A link to the next page leads to another system: it was not followed. */
  | 'foreign_next'
  /** The answer is no JSON, or not the one that this system gives. */
  | 'bad_answer'
  /** One answer is larger than is read. */
  | 'page_too_large'
  /** The listing has more pages or devices than are read. */
  | 'too_many_items'
  /** A page brought nothing new and promised more: the paging goes in a circle. */
  | 'paging_stuck'
  /** All pages came, and they hold fewer devices than the system says to have. */
  | 'total_disagrees'
  /** Nothing is listed where there were devices before: taken for a lost permission, unless told that it is so. */
  | 'listing_empty'
  /** Whoever asked for the listing called it off, or its node ends. */
  | 'cancelled';

export interface SourceFault {
  readonly code: SourceFaultCode;
  /** One sentence for people. */
  readonly detail: string;
}

export function fault(code: SourceFaultCode, detail: string): SourceFault {
  return { code, detail };
}

export function isFault(value: object): value is SourceFault {
  return 'code' in value && 'detail' in value;
}

/** Why a line of a file was left out; the others were taken. */
export interface BadLine {
  readonly line: number;
  readonly reason: string;
}
