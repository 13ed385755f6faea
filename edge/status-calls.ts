/**
 * What agents and older pollers push: PushStatus, ReportStatus, and the two streams of chunks. Judges, joins, and brings home
 * what is a result of a check; an answer is given when it is stored.
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
import { type GatewayRefusal, isRefusal, type Outcome, refuse } from './errors.ts';
import { joinMessages } from './joined-messages.ts';
import { type EdgePeer, holderOf, judgeClaim } from './peer.ts';
import { pushedAtMs } from './sent-time.ts';
import { judgeItems, type StatusItem } from './status-items.ts';
import type { TenantHome } from './tenant-home.ts';

export interface StatusNeeds extends CallNeeds {
  readonly clock: Clock;
  readonly home: TenantHome;
  /** This node. */
  readonly node: string;
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
  return isRefusal(items) ? items : bringHome(needs, peer, contract, items, report.timestamp);
}

function chunksOf<Q>(needs: StatusNeeds, peer: EdgePeer, contract: Contract<Q>) {
  const items: StatusItem[] = [];
  let order: ChunkOrder = noChunks;
  let timestamp = 0;
  return {
    step(message: Q & ChunkPlace, bytes: number): GatewayRefusal | null {
      const report = contract.read(message);
      const { senderId, services } = report;
      const next = stepChunks(order, {
        type: 'chunk',
        place: message,
        senderId,
        services: services.length,
        bytes,
      });
      if (isRefusal(next)) return next;
      const taken = judged(needs, peer, contract, report);
      if (isRefusal(taken)) return taken;
      order = next;
      timestamp = report.timestamp;
      items.push(...taken);
      return null;
    },
    async end(): Promise<Outcome<StatusReceived>> {
      const ended = stepChunks(order, { type: 'end' });
      return isRefusal(ended) ? ended : bringHome(needs, peer, contract, items, timestamp);
    },
  };
}

function judged<Q>(
  needs: StatusNeeds,
  peer: EdgePeer,
  { isOlderPoller }: Contract<Q>,
  report: Report,
): Outcome<StatusItem[]> {
  const { senderId: id, partition, sourceIp } = report;
  if (isOlderPoller && (partition === '' || sourceIp === '')) {
    return refuse('field_missing', 'partition and source_ip must be there');
  }
  const mismatch = judgeClaim(peer, { id, partition });
  if (mismatch !== null) return mismatch;
  const items = judgeItems(peer, report.services, isOlderPoller);
  if (isRefusal(items)) return items;
  for (const [reason, times] of items.dropped) {
    needs.refusals.add(reason, holderOf(peer), 'items were dropped', times);
  }
  return items.taken;
}

async function bringHome<Q>(
  needs: StatusNeeds,
  peer: EdgePeer,
  { isOlderPoller }: Contract<Q>,
  taken: readonly StatusItem[],
  timestamp: number,
): Promise<Outcome<StatusReceived>> {
  const { home, refusals, node, clock } = needs;
  const count = (code: string, detail: string, times: number) => {
    if (times > 0) refusals.add(code, holderOf(peer), detail, times);
  };
  const joined = isOlderPoller ? joinMessages(taken) : { items: taken, tooLong: 0 };
  count('message_too_long', 'items were dropped', joined.tooLong);
  if (joined.items.length === 0) return { received: true };
  const checks = await home.checks(peer.tenantId);
  if (isRefusal(checks)) return checks;
  const nowMs = clock.wallMs();
  const atMs = pushedAtMs(timestamp, nowMs);
  const results = resultsOf({ peer, node, items: joined.items, atMs, nowMs }, checks);
  count('no_check', 'statuses of what is no check', results.noCheck);
  count('no_taker', 'documents that nobody here takes', results.documents);
  if (results.rows.length === 0) return { received: true };
  return (await home.store(peer.tenantId, results.rows)) ?? { received: true };
}
