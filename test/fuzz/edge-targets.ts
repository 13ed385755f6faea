/**
 * What programs at the edge send, changed: pushes, streams of chunks, and words of a control stream. Whatever the bytes, they
 * are refused with a code of the closed set, or what is taken of them is within its promises.
 */
import { resultsOf } from '../../edge/check-results.ts';
import { type ChunkOrder, noChunks, stepChunks } from '../../edge/chunk-order.ts';
import { addCommand, hearAgent, newBook, sendQueued } from '../../edge/command-book.ts';
import { wordOf } from '../../edge/control-words.ts';
import { isRefusal } from '../../edge/errors.ts';
import {
  agentWordCharactersMax,
  agentWordsMax,
  servicesMax,
  statusMessageBytesMax,
} from '../../edge/limits.ts';
import { controlBounds, statusBounds } from '../../edge/message-bounds.ts';
import type { EdgePeer } from '../../edge/peer.ts';
import { receive } from '../../edge/received.ts';
import { judgeItems } from '../../edge/status-items.ts';
import { checkView } from '../../edge/testing/stage.ts';
import {
  type ControlStreamRequest,
  type GatewayStatusChunk,
  type GatewayStatusRequest,
  gatewayMethods,
} from '../../proto/index.ts';
import { message } from '../edge/plain-protobuf.ts';
import { mutated, under } from './mutate.ts';
import type { FuzzTarget } from './targets.ts';

const peer: EdgePeer = { tenantId: 'abcdefghijkl', role: 'agent', id: 'a', partition: 'default' };
const atMs = Date.UTC(2026, 5, 1, 12);

const item = (name: string, source: string, document: string, type = 'tcp') =>
  message(
    [1, name],
    [2, true],
    [3, document],
    [4, type],
    [5, 7_000_000],
    [6, 'a'],
    [8, 'default'],
    [9, source],
  );
const items = [
  item('web', 'status', '{"available":false,"error":"refused","response_time":12}'),
  item('c1', '', '{"available":true}'),
  item('net', 'results', '[{"ip":"192.0.2.1"}]', 'sync'),
  item('net', 'results', '[]', 'sync'),
];
const pushes = [
  message(
    ...items.map((one) => [1, one] as const),
    [2, 'g'],
    [3, 'a'],
    [4, 1_780_000_000],
    [5, 'default'],
    [6, '192.0.2.7'],
  ),
  message([1, items[0]!], [3, 'a'], [99, 'later'], [8, 1], [12, 'host']),
];

export function edgeItems(): FuzzTarget {
  const method = gatewayMethods().PushStatus!;
  return {
    name: 'edge items',
    run(random) {
      const received = receive(method, mutated(random, pushes), statusBounds);
      if (!received.ok) return;
      const { services } = received.message as GatewayStatusRequest;
      const judged = judgeItems(peer, services, random.next() < 0.5);
      if (isRefusal(judged)) return;
      const dropped = [...judged.dropped.values()].reduce((sum, count) => sum + count, 0);
      if (judged.taken.length + dropped !== services.length) throw new Error('an item was lost');
      for (const { name, source, message: document } of judged.taken) {
        if (name === '' || /[\r\n\t]/.test(name)) throw new Error(`taken: ${JSON.stringify(name)}`);
        if (source === 'status' && document.length > statusMessageBytesMax) throw new Error('a long status');
      }
      for (const row of resultsOf({ peer, node: 'poller_1', items: judged.taken, atMs, nowMs: atMs }, [
        checkView,
      ]).rows) {
        if (row.dueAtMs > atMs || row.reason?.includes('\0')) throw new Error(JSON.stringify(row));
      }
    },
  };
}

export function edgeChunks(): FuzzTarget {
  const method = gatewayMethods().StreamStatus!;
  const chunk = (index: number, total: number) =>
    message([1, items[0]!], [3, 'a'], [7, index === total - 1], [8, index], [9, total]);
  const corpus = [0, 1, 2].map((index) => chunk(index, 3));
  return {
    name: 'edge chunks',
    run(random) {
      let order: ChunkOrder = noChunks;
      for (let index = 0; index < 4; index += 1) {
        const right = corpus[Math.min(index, 2)]!;
        const bytes = random.next() < 0.5 ? right : mutated(random, corpus);
        const received = receive(method, bytes, statusBounds);
        if (!received.ok) return;
        const place = received.message as GatewayStatusChunk;
        const { length: services } = place.services;
        const next = stepChunks(order, {
          ...{ type: 'chunk', place, senderId: place.agentId, services, bytes: bytes.length },
        });
        if (isRefusal(next)) return;
        if (next.next !== order.next + 1 || next.services > servicesMax)
          throw new Error(JSON.stringify(next));
        order = next;
        if (order.total === null || order.next > order.total) throw new Error('more chunks than there are');
      }
    },
  };
}

export function edgeControl(): FuzzTarget {
  const method = gatewayMethods().ControlStream!;
  const about = [
    [1, '1'],
    [2, 'run'],
  ] as const;
  const corpus = [
    message([1, message([1, 'a'], [2, 'default'], [3, 'tcp'], [4, 'v'], [9, message([1, 'k'], [2, 'v'])])]),
    message([2, message(...about, [3, 1_780_000_000], [4, 'm'])]),
    message([3, message(...about, [3, 50], [6, '{}'])]),
    message([4, message(...about, [3, true], [5, '{"a":1}'])]),
    message([5, message([1, 'f'.repeat(64)], [2, 1_780_000_000])]),
  ];
  return {
    name: 'edge control',
    run(random) {
      const book = newBook();
      addCommand(book, { id: '1', type: 'run', payloadJson: new Uint8Array(), ttlS: 5, createdAtS: 0 });
      sendQueued(book);
      let settled = 0;
      for (let left = 1 + under(random, 4); left > 0; left -= 1) {
        const received = receive(method, mutated(random, corpus), controlBounds);
        const said = received.ok ? wordOf(received.message as ControlStreamRequest) : null;
        if (said?.type === 'says') {
          settled += hearAgent(book, said.commandId, said.commandType, said.word).length;
        } else if (said?.type === 'listens') {
          const { capabilities } = said.facts;
          if (capabilities.length > agentWordsMax) throw new Error(`${capabilities.length} capabilities`);
          if (capabilities.some((word) => word.length > agentWordCharactersMax))
            throw new Error('a long capability');
        }
      }
      if (settled > 1) throw new Error('a command ended twice');
    },
  };
}
