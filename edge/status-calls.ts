/**
 * What agents and older pollers push: PushStatus, ReportStatus, and the two streams of chunks. Judges, and brings home what is
 * a result of a check; documents go on as they come (`older-documents.ts`). An answer is given when all is stored.
 */
import type {
  ChunkPlace,
  GatewayServiceStatus,
  GatewayStatusChunk,
  GatewayStatusRequest,
  PollerStatusChunk,
  PollerStatusRequest,
  ServiceStatus,
  StatusReceived,
} from '../proto/index.ts';
import type { Clock } from '../runtime/index.ts';
import { type CallNeeds, chunked, unary } from './calls.ts';
import { resultsOf } from './check-results.ts';
import { type ChunkOrder, noChunks, stepChunks } from './chunk-order.ts';
import type { DocumentRelayNeeds } from './document-relay.ts';
import { type GatewayRefusal, isRefusal, type Outcome, refuse } from './errors.ts';
import { resultsMessageBytesMax } from './limits.ts';
import { isDocument, OlderDocuments } from './older-documents.ts';
import type { EdgePeer } from './peer.ts';
import type { RefusalCount } from './refusal-count.ts';
import { pushedAtMs } from './sent-time.ts';
import { judgeItems, type StatusItem } from './status-items.ts';
import type { TenantHome } from './tenant-home.ts';

export interface StatusNeeds extends CallNeeds, TakingNeeds {}

export interface TakingNeeds extends DocumentRelayNeeds {
  readonly refusals: RefusalCount;
  readonly clock: Clock;
  readonly home: TenantHome;
  /** This node. */
  readonly node: string;
  /** For what its sender gave no id: another each time. */
  readonly nextKey: () => string;
}

/** What a report has in common, whoever sends it and however it is cut. */
interface Report {
  readonly senderId: string;
  readonly partition: string;
  readonly sourceIp: string;
  readonly timestamp: number;
  readonly services: readonly (GatewayServiceStatus | ServiceStatus)[];
}

/** How the two contracts differ. */
interface Contract<Q> {
  read(message: Q): Report;
  /** An older poller says its partition and address, and reports what agents of its own found in messages that it cuts. */
  readonly isOlderPoller: boolean;
}

const ofAgent: Contract<GatewayStatusRequest> = {
  read: ({ agentId: senderId, partition, sourceIp, timestamp, services }) => ({
    ...{ senderId, partition, sourceIp, timestamp, services },
  }),
  isOlderPoller: false,
};
const ofPoller: Contract<PollerStatusRequest> = {
  read: ({ pollerId: senderId, partition, sourceIp, timestamp, services }) => ({
    ...{ senderId, partition, sourceIp, timestamp, services },
  }),
  isOlderPoller: true,
};

export function statusCalls(needs: StatusNeeds) {
  return {
    pushStatus: unary<GatewayStatusRequest, StatusReceived>(needs, (peer, message) =>
      whole(needs, peer, ofAgent, message),
    ),
    streamAgent: chunked<GatewayStatusChunk, StatusReceived>(needs, (peer) => chunksOf(needs, peer, ofAgent)),
    reportStatus: unary<PollerStatusRequest, StatusReceived>(needs, (peer, message) =>
      whole(needs, peer, ofPoller, message),
    ),
    streamPoller: chunked<PollerStatusChunk, StatusReceived>(needs, (peer) =>
      chunksOf(needs, peer, ofPoller),
    ),
  };
}

async function whole<Q>(
  needs: StatusNeeds,
  peer: EdgePeer,
  contract: Contract<Q>,
  message: Q,
): Promise<Outcome<StatusReceived>> {
  const report = contract.read(message);
  const items = judged(needs, peer, contract, report);
  if (isRefusal(items)) return items;
  return await takeHome(needs, peer, items, report.timestamp);
}

/** All of one push, or of what an agent said that was asked (`dial/`). */
export async function takeHome(
  needs: TakingNeeds,
  peer: EdgePeer,
  items: readonly StatusItem[],
  timestamp: number,
): Promise<Outcome<StatusReceived>> {
  const documents = new OlderDocuments(needs, peer, needs.nextKey());
  try {
    const refusal = (await takeDocuments(documents, items)) ?? (await documents.finish());
    if (refusal !== null) return refusal;
  } finally {
    documents.abandon();
  }
  return await bringHome(needs, peer, items, timestamp);
}

function chunksOf<Q>(needs: StatusNeeds, peer: EdgePeer, contract: Contract<Q>) {
  const items: StatusItem[] = [];
  const documents = new OlderDocuments(needs, peer, needs.nextKey());
  let order: ChunkOrder = noChunks;
  let timestamp = 0;
  return {
    async step(message: Q & ChunkPlace, bytes: number): Promise<Outcome<{ keptBytes: number }>> {
      const report = contract.read(message);
      const { senderId, services } = report;
      // Documents are not kept here: only what is left of the message is.
      const passed = services.reduce(
        (sum, one) => sum + (one.source === 'results' ? one.message.length : 0),
        0,
      );
      const keptBytes = bytes - passed;
      const next = stepChunks(order, {
        ...{ type: 'chunk', place: message, senderId, services: services.length, bytes: keptBytes },
      });
      if (isRefusal(next)) return next;
      // Dropped as an item of a push would be, a piece would be missing of what counts as whole.
      if (
        services.some(
          ({ source, message: piece }) => source === 'results' && piece.length > resultsMessageBytesMax,
        )
      )
        return refuse('too_large', `at most ${resultsMessageBytesMax} bytes in one item`);
      const taken = judged(needs, peer, contract, report);
      if (isRefusal(taken)) return taken;
      order = next;
      timestamp = report.timestamp;
      const refusal = await takeDocuments(documents, taken);
      if (refusal !== null) return refusal;
      items.push(...taken.map(withoutDocument));
      return { keptBytes };
    },
    async end(): Promise<Outcome<StatusReceived>> {
      const ended = stepChunks(order, { type: 'end' });
      if (isRefusal(ended)) return ended;
      return (await documents.finish()) ?? (await bringHome(needs, peer, items, timestamp));
    },
    over: () => documents.abandon(),
  };
}

async function takeDocuments(
  documents: OlderDocuments,
  items: readonly StatusItem[],
): Promise<GatewayRefusal | null> {
  for (const item of items.filter(isDocument)) {
    const refusal = await documents.take(item);
    if (refusal !== null) return refusal;
  }
  return null;
}

const noBytes = new Uint8Array();

function withoutDocument(item: StatusItem): StatusItem {
  return item.source === 'results' ? { ...item, message: noBytes } : item;
}

function judged<Q>(
  needs: StatusNeeds,
  peer: EdgePeer,
  { isOlderPoller }: Contract<Q>,
  report: Report,
): Outcome<StatusItem[]> {
  const { partition, sourceIp } = report;
  if (isOlderPoller && (partition === '' || sourceIp === '')) {
    return refuse('field_missing', 'partition and source_ip must be there');
  }
  const items = judgeItems(peer, report.services, isOlderPoller);
  if (isRefusal(items)) return items;
  for (const [reason, times] of items.dropped) {
    needs.refusals.add(reason, peer, 'items were dropped', times);
  }
  return items.taken;
}

async function bringHome(
  needs: TakingNeeds,
  peer: EdgePeer,
  taken: readonly StatusItem[],
  timestamp: number,
): Promise<Outcome<StatusReceived>> {
  const { home, refusals, node, clock } = needs;
  const count = (code: string, detail: string, times: number) => {
    if (times > 0) refusals.add(code, peer, detail, times);
  };
  const items = taken.filter((item) => !isDocument(item));
  if (items.length === 0) return { received: true };
  const checks = await home.checks(peer.tenantId);
  if (isRefusal(checks)) return checks;
  const nowMs = clock.wallMs();
  const atMs = pushedAtMs(timestamp, nowMs);
  const results = resultsOf({ peer, node, items, atMs, nowMs }, checks);
  count('no_check', 'statuses of what is no check', results.noCheck);
  count('no_taker', 'documents that nobody here takes', results.documents);
  if (results.rows.length === 0) return { received: true };
  return (await home.store(peer.tenantId, results.rows)) ?? { received: true };
}
