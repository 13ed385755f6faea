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
  /** The ref or name leads to no living actor. */
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
  /** The peer reads so slowly that more system frames wait for it than a link may hold. */
  | 'not_reading'
  /** Another link to the same peer is kept. */
  | 'duplicate_link'
  /** The node is leaving or stopping. */
  | 'leaving'
  /** The tenant fence: the link's certificate does not allow it. */
  | 'fenced'
  /** The link's certificate is of a program in a customer's network: it dials a gateway, and is no node. */
  | 'not_a_node'
  /** The peer declares no procedure of this name. */
  | 'no_such_procedure'
  /** The procedure is not for this kind of peer. */
  | 'procedure_denied'
  /** The procedure threw; its message is in the text. */
  | 'procedure_failed'
  /** No answer came within the deadline. */
  | 'call_timeout'
  /** What was to be sent cannot travel; `reason` is a `PayloadReason`. */
  | 'cannot_encode'
  /** What arrived is not a payload of ours; `reason` is a `PayloadReason`. */
  | 'cannot_decode'
  /** The key is held by another live actor. */
  | 'name_taken'
  /** The key was held twice and this holder lost it. */
  | 'name_conflict'
  /** A name or address is not spelled as one. */
  | 'bad_name'
  /** A registry key has a part that is too long or of characters that it may not have. */
  | 'bad_key'
  /** A limit of entries, watchers, nodes, supervised children or renewed certificates is reached. */
  | 'too_many'
  /** A child's spec is not one; `reason` is the field. */
  | 'bad_child'
  /** Another supervised child has this id. */
  | 'child_exists'
  /** No supervised child of this id is wanted. */
  | 'no_such_child'
  /** The child's start threw or hung, or it ended too often; it is tried again later. */
  | 'child_failed'
  /** The node that is to run the child was not taught its kind. */
  | 'unknown_kind'
  /** A setting of discovery cannot be used; the text says which. */
  | 'discovery_setting'
  /** What discovery asks (name servers, the Kubernetes API, the group) is not reached, or its answer did not come in time. */
  | 'discovery_unreachable'
  /** What discovery asks refuses this node: its token, its rights. */
  | 'discovery_denied'
  /** What discovery asks for is not there: no such name, no such service. */
  | 'discovery_not_found'
  /** What discovery asks gave an answer that is none, or too long a one. */
  | 'discovery_malformed';

/** Why a payload was refused, at either end. */
export type PayloadReason =
  /** A function is in it. */
  | 'function'
  /** A symbol is in it. */
  | 'symbol'
  /** An object of a class that does not travel is in it. */
  | 'class_instance'
  /** It holds itself. */
  | 'cyclic'
  /** Arrays and objects are nested too deeply. */
  | 'too_deep'
  /** It has too many values. */
  | 'too_many_elements'
  /** Its bytes are more than a frame may hold. */
  | 'too_large'
  /** A bigint needs more than 64 bits. */
  | 'bigint_too_large'
  /** A date is none. */
  | 'invalid_date'
  /** A key of an object is `__proto__`. */
  | 'forbidden_key'
  /** A key of an object is no text. */
  | 'key_not_text'
  /** A ref is not one of ours. */
  | 'bad_ref'
  /** An encoded error is not whole. */
  | 'bad_error'
  /** The bytes end within a value. */
  | 'truncated'
  /** Bytes follow the value. */
  | 'trailing_bytes'
  /** An extension type is not ours. */
  | 'unknown_extension'
  /** A byte begins no value. */
  | 'unknown_token'
  /** The codec refused it. */
  | 'codec_failed';

export class ClusterError extends Error {
  readonly code: ClusterErrorCode;
  /** The message without the code. */
  readonly detail: string;
  readonly reason: string | null;

  constructor(code: ClusterErrorCode, detail: string, reason: string | null = null, cause?: unknown) {
    super(`${code}: ${detail}`, cause === undefined ? undefined : { cause });
    this.name = 'ClusterError';
    this.code = code;
    this.detail = detail;
    this.reason = reason;
  }
}

/** For programmers' errors only: stays on, and is never caught to go on. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
