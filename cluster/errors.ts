/**
 * The closed set of the cluster's errors: what a link, the codec, a remote call or the registry refuses with. The text
 * after the code is for people; `reason` narrows a code where its users act on the difference.
 */

export type ClusterErrorCode =
  /** The link is over its high-water mark: a cast was not sent. */
  | 'link_busy'
  /** The peer is not reachable, or its link ended while the call was under way. */
  | 'node_down'
  /** No node of this name was ever seen. */
  | 'no_such_node'
  | 'no_such_actor'
  /** A frame is longer than its link allows at this moment. */
  | 'frame_too_large'
  /** A frame's header is not what its kind says. */
  | 'frame_malformed'
  /** The peers have no protocol version in common. */
  | 'protocol_version'
  /** The peer's certificate was refused; `reason` is the verdict of `certs/`. */
  | 'refused'
  /** The peer's boot is lower than one that was already seen of that name. */
  | 'old_boot'
  /** Two processes with one node name. */
  | 'name_in_use'
  /** Nothing was heard on the link, or nothing useful in time. */
  | 'link_silent'
  /** Another link to the same peer is kept. */
  | 'duplicate_link'
  /** The node is leaving or stopping. */
  | 'leaving'
  /** The tenant fence: the link's certificate does not allow it. */
  | 'fenced'
  | 'no_such_procedure'
  | 'procedure_denied'
  | 'procedure_failed'
  | 'call_timeout'
  /** What was to be sent cannot travel; `reason` is a `PayloadReason`. */
  | 'cannot_encode'
  /** What arrived is not a payload of ours; `reason` is a `PayloadReason`. */
  | 'cannot_decode'
  /** The key is held by another live actor. */
  | 'name_taken'
  /** The key was held twice and this holder lost it. */
  | 'name_conflict'
  | 'bad_name'
  | 'bad_key'
  | 'too_many';

/** Why a payload was refused, at either end. */
export type PayloadReason =
  | 'function'
  | 'symbol'
  | 'class_instance'
  | 'cyclic'
  | 'too_deep'
  | 'too_many_elements'
  | 'too_large'
  | 'bigint_too_large'
  | 'invalid_date'
  | 'forbidden_key'
  | 'key_not_text'
  | 'bad_ref'
  | 'bad_error'
  | 'truncated'
  | 'trailing_bytes'
  | 'unknown_extension'
  | 'unknown_token'
  | 'codec_failed';

export class ClusterError extends Error {
  readonly code: ClusterErrorCode;
  readonly reason: string | null;

  constructor(code: ClusterErrorCode, detail: string, reason: string | null = null, cause?: unknown) {
    super(`${code}: ${detail}`, cause === undefined ? undefined : { cause });
    this.name = 'ClusterError';
    this.code = code;
    this.reason = reason;
  }
}

/** For programmers' errors only: stays on, and is never caught to go on. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
