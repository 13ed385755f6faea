/**
 * The closed set of the edge door's refusals, with the gRPC status that each one is told as. The status is the contract's;
 * the code is ours, stands first in the status's text, and is what is counted and logged.
 */
import { status } from '@grpc/grpc-js';

export type GatewayRefusalCode =
  /** The connection has no certificate that says who is calling. */
  | 'no_identity'
  /** The bearer of this certificate may not call this. */
  | 'not_allowed'
  /** The message says another tenant, agent or partition than the certificate. */
  | 'identity_mismatch'
  /** The bytes are no message of this kind. */
  | 'bad_message'
  /** A chunk is out of order, or of another stream than those before it. */
  | 'bad_chunk'
  /** The stream ended without its final chunk: nothing of it was stored. */
  | 'stream_incomplete'
  /** Something else than a hello came first on a control stream, or a second one later. */
  | 'bad_control'
  /** A field that must be there is not. */
  | 'field_missing'
  /** More items in one request or stream than allowed. */
  | 'too_many_services'
  /** A message, a stream, or all that an agent has under way holds more bytes than allowed. */
  | 'too_large'
  /** A message was begun and is not whole after the time that the longest one takes on a slow line. */
  | 'too_slow'
  /** A step of a stream of documents is none, or out of order; the sentence says how. */
  | 'bad_document'
  /** Under this id there is another document: give each its own. */
  | 'document_conflict'
  /** The document's bytes do not agree with its hash, or are no JSON array: nothing of it is kept. */
  | 'document_damaged'
  /** The document is not open here up to this byte: open it again, and go on where it is held. */
  | 'document_gone'
  /** More documents are open at once than allowed: finish some, or come again. */
  | 'too_many_documents'
  /** The documents of the tenant hold as much as they may: come again when some were removed. */
  | 'no_room'
  /** No run of a source that is placed at this agent is under way under this id. */
  | 'not_placed'
  /** What was brought is no listing of the source: nothing of it is kept; the sentence says why. */
  | 'bad_listing'
  /** No core has the tenant now, or the store does not take results: come again. */
  | 'tenant_unavailable'
  /** The node ends: come again, to another. */
  | 'node_draining';

export interface GatewayRefusal {
  readonly code: GatewayRefusalCode;
  readonly detail: string;
}

export function refuse(code: GatewayRefusalCode, detail: string): GatewayRefusal {
  return { code, detail };
}

/** What was asked for, or why not. */
export type Outcome<T> = T | GatewayRefusal;

/** What agents are told by a node that ends, whatever they call. */
export const drainRefusal = refuse('node_draining', 'this node ends: dial another gateway');

export function isRefusal(value: unknown): value is GatewayRefusal {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;
}

const statuses: Readonly<Record<GatewayRefusalCode, status>> = {
  no_identity: status.UNAUTHENTICATED,
  not_allowed: status.PERMISSION_DENIED,
  identity_mismatch: status.PERMISSION_DENIED,
  bad_message: status.INVALID_ARGUMENT,
  bad_chunk: status.INVALID_ARGUMENT,
  stream_incomplete: status.INVALID_ARGUMENT,
  bad_control: status.INVALID_ARGUMENT,
  field_missing: status.INVALID_ARGUMENT,
  too_many_services: status.RESOURCE_EXHAUSTED,
  too_large: status.RESOURCE_EXHAUSTED,
  too_slow: status.DEADLINE_EXCEEDED,
  bad_document: status.INVALID_ARGUMENT,
  document_conflict: status.ALREADY_EXISTS,
  document_damaged: status.DATA_LOSS,
  document_gone: status.ABORTED,
  too_many_documents: status.RESOURCE_EXHAUSTED,
  no_room: status.RESOURCE_EXHAUSTED,
  not_placed: status.PERMISSION_DENIED,
  bad_listing: status.INVALID_ARGUMENT,
  tenant_unavailable: status.UNAVAILABLE,
  node_draining: status.UNAVAILABLE,
};

/** As grpc-js takes it. */
export function statusOf({ code, detail }: GatewayRefusal): { code: status; details: string } {
  return { code: statuses[code], details: `${code}: ${detail}` };
}
