/**
 * The items of a push, judged: the good ones are taken, the bad ones dropped and counted by reason, and a status that is too
 * long is cut. Pure. What an item means is decided by whoever takes it.
 */
import type { GatewayServiceStatus, ServiceStatus } from '../proto/index.ts';
import { type GatewayRefusal, refuse } from './errors.ts';
import {
  resultsMessageBytesMax,
  serviceNameBytesMax,
  servicesMax,
  serviceWordBytesMax,
  statusMessageBytesMax,
} from './limits.ts';
import { type EdgePeer, judgeClaim } from './peer.ts';

export interface StatusItem {
  readonly name: string;
  readonly type: string;
  /** `status`, `results`, or another document's. */
  readonly source: string;
  /** The agent that saw it: the sender, or, of an older poller, one of its own. */
  readonly agentId: string;
  readonly available: boolean;
  readonly message: Uint8Array;
  /** What the sender measured; null when it says nothing. */
  readonly latencyMs: number | null;
}

export type DropReason =
  /** It has no name. */
  | 'name_missing'
  /** Its name, type or source is too long, or has a line break or tab; or the name of an older poller's agent is no name. */
  | 'bad_word'
  /** Its document is too long. */
  | 'message_too_long';

export interface JudgedItems {
  readonly taken: StatusItem[];
  readonly dropped: ReadonlyMap<DropReason, number>;
  /** Statuses that were cut. */
  readonly cut: number;
}

const latencyMsMax = 86_400_000;
const breaks = /[\r\n\t]/;

/**
 * A request whose items are too many, or say another sender than its certificate, is refused whole. `agentsOfSender`: an
 * older poller reports what agents of its own found; their names are its to say.
 */
export function judgeItems(
  peer: EdgePeer,
  items: readonly (GatewayServiceStatus | ServiceStatus)[],
  agentsOfSender: boolean,
): JudgedItems | GatewayRefusal {
  if (items.length > servicesMax) return refuse('too_many_services', `at most ${servicesMax} services`);
  const taken: StatusItem[] = [];
  const dropped = new Map<DropReason, number>();
  let cut = 0;
  for (const item of items) {
    const id = agentsOfSender ? '' : item.agentId;
    const mismatch = judgeClaim(peer, { id, partition: item.partition });
    if (mismatch !== null) return mismatch;
    const reason = whyDropped(item) ?? (isAgentName(item.agentId) ? null : 'bad_word');
    if (reason !== null) {
      dropped.set(reason, (dropped.get(reason) ?? 0) + 1);
      continue;
    }
    const source = sourceOf(item);
    const message = source === 'status' ? cutText(item.message, statusMessageBytesMax) : item.message;
    if (message.length < item.message.length) cut += 1;
    const { serviceName: name, serviceType: type, available } = item;
    const agentId = agentsOfSender && item.agentId !== '' ? item.agentId : peer.id;
    taken.push({ name, type, source, agentId, available, message, latencyMs: latencyOf(item.responseTime) });
  }
  return { taken, dropped, cut };
}

function whyDropped(item: GatewayServiceStatus | ServiceStatus): DropReason | null {
  const { serviceName, serviceType, source, message } = item;
  if (serviceName === '') return 'name_missing';
  const words = isWord(serviceName, serviceNameBytesMax) && isWord(serviceType, serviceWordBytesMax);
  if (!words || !isWord(source, serviceWordBytesMax)) return 'bad_word';
  return sourceOf(item) !== 'status' && message.length > resultsMessageBytesMax ? 'message_too_long' : null;
}

/** An older poller's word, which is kept with each result and document and shown to people. */
function isAgentName(text: string): boolean {
  return Buffer.byteLength(text) <= serviceNameBytesMax && !/\p{Cc}/u.test(text);
}

/** Agents that say no source push statuses. */
function sourceOf({ source }: { source: string }): string {
  return source === '' ? 'status' : source;
}

function isWord(text: string, bytesMax: number): boolean {
  return Buffer.byteLength(text) <= bytesMax && !breaks.test(text);
}

/** Ends between two characters of UTF-8. A copy, so that a short text does not hold the whole request in memory. */
function cutText(bytes: Uint8Array, bytesMax: number): Uint8Array {
  let end = Math.min(bytes.length, bytesMax);
  if (end < bytes.length) while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return Buffer.from(bytes.subarray(0, end));
}

/** From nanoseconds; zero, less, or more than a day says nothing. */
function latencyOf(responseTime: number): number | null {
  const ms = responseTime / 1e6;
  return ms > 0 && ms <= latencyMsMax ? ms : null;
}
