import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  agentConnectMs,
  handshakesAtOnce,
  handshakesPerAddressAtOnce,
  handshakesWaitingMax,
  handshakeWaitMs,
} from './listener-limits.ts';
import { HandshakeQueue, longestWaitMs } from './listener-queue.ts';

class FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  readonly remotePort: number;
  destroyed = false;

  constructor(remotePort: number, remoteAddress: string) {
    super();
    this.remotePort = remotePort;
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function scene() {
  let nowMs = 0;
  const begun: number[] = [];
  const dropped: string[] = [];
  const queue = new HandshakeQueue({
    monotonicMs: () => nowMs,
    begin(socket) {
      begun.push(socket.remotePort!);
      return true;
    },
    drop(socket, why) {
      dropped.push(`${socket.remotePort} ${why}`);
      socket.destroy();
    },
  });
  /** Unless told each from an address of its own. */
  const dial = (remotePort: number, from = `address ${remotePort}`) => {
    const socket = new FakeSocket(remotePort, from) as unknown as Socket;
    queue.add(socket);
    return socket;
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { queue, dial, begun, dropped, pass };
}

test('some handshakes are under way, the others have their turn in the order in which they came', () => {
  const { dial, begun, queue } = scene();
  const sockets = Array.from({ length: handshakesAtOnce + 3 }, (_, port) => dial(port));
  expect(begun).toHaveLength(handshakesAtOnce);
  queue.over(sockets[4]!);
  queue.over(sockets[4]!);
  sockets[5]!.destroy();
  expect(begun.slice(handshakesAtOnce)).toEqual([handshakesAtOnce, handshakesAtOnce + 1]);
  expect(queue.length).toBe(1);
});

test('who went while it waited costs nothing, and who waited too long is let go', () => {
  const { dial, begun, dropped, queue, pass } = scene();
  const first = Array.from({ length: handshakesAtOnce }, (_, port) => dial(port));
  const [gone, late, next] = [dial(101), dial(102), dial(103)];
  gone.destroy();
  pass(handshakeWaitMs + 1);
  const fresh = dial(104);
  queue.over(first[0]!);
  expect(begun.slice(handshakesAtOnce)).toEqual([104]);
  expect(dropped.map((text) => text.split(' ')[0])).toEqual(['102', '103']);
  expect([late.destroyed, next.destroyed, fresh.destroyed]).toEqual([true, true, false]);
});

test('no more wait than allowed, and those that waited are ended with the door', () => {
  const { dial, dropped, queue } = scene();
  const sockets = Array.from({ length: handshakesAtOnce + handshakesWaitingMax + 1 }, (_, port) =>
    dial(port),
  );
  expect(queue.length).toBe(handshakesWaitingMax);
  expect(dropped).toHaveLength(1);
  queue.endAll();
  expect(sockets.filter(({ destroyed }) => destroyed)).toHaveLength(handshakesWaitingMax + 1);
});

test('when no more may wait, whoever has the most waiting makes room, and its newest goes', () => {
  const { dial, begun, dropped, queue } = scene();
  // Others have their handshakes under way, and three addresses all the places to wait.
  for (let port = 0; port < handshakesAtOnce; port += 1) dial(port);
  const all = Array.from({ length: handshakesWaitingMax }, (_, at) => dial(1_000 + at, `flood ${at % 3}`));
  const agent = dial(501, 'agent');
  expect([agent.destroyed, queue.length]).toEqual([false, handshakesWaitingMax]);
  expect(all.filter(({ destroyed }) => destroyed).map(({ remotePort }) => remotePort! >= 9_000)).toEqual([
    true,
  ]);
  const more = dial(502, 'flood 0');
  expect([more.destroyed, agent.destroyed, dropped.length]).toEqual([true, false, 2]);
  queue.over({ remoteAddress: 'address 0', remotePort: 0 });
  queue.over({ remoteAddress: 'address 1', remotePort: 1 });
  queue.over({ remoteAddress: 'address 2', remotePort: 2 });
  queue.over({ remoteAddress: 'address 3', remotePort: 3 });
  expect(begun.slice(handshakesAtOnce)).toContain(501);
});

test('an address has few places and its turn among the others, however many it dials with', () => {
  const { dial, begun, queue } = scene();
  const many = Array.from({ length: 100 }, (_, port) => dial(port, 'site'));
  expect(begun).toHaveLength(handshakesPerAddressAtOnce);
  for (const port of [201, 202]) dial(port, 'other');
  expect(begun.slice(handshakesPerAddressAtOnce)).toEqual([201, 202]);
  queue.over(many[0]!);
  expect(begun.at(-1)).toBe(handshakesPerAddressAtOnce);
  expect(queue.length).toBe(100 - handshakesPerAddressAtOnce - 1);
});

test('the shorter handshakes are, the longer one may wait for its own; never so long that no time is left for three', () => {
  const ms = fc.double({ min: 0, max: 60_000, noNaN: true });
  fc.assert(
    fc.property(ms, ms, (a, b) => {
      const [quick, slow] = [Math.min(a, b), Math.max(a, b)];
      expect(longestWaitMs(quick)).toBeGreaterThanOrEqual(longestWaitMs(slow));
      const most = Math.max(handshakeWaitMs, agentConnectMs - 3 * quick);
      expect(longestWaitMs(quick)).toBeLessThanOrEqual(most);
      expect(longestWaitMs(slow)).toBeGreaterThanOrEqual(handshakeWaitMs);
    }),
  );
  expect(longestWaitMs(null)).toBe(handshakeWaitMs);
});

test('where handshakes are quick one that has waited longer still has its turn, and broken ones say nothing of that', () => {
  const { dial, begun, dropped, queue, pass } = scene();
  /** Whether one that has waited half a second too long for a busy node is let go. */
  const isLetGo = () => {
    const first = Array.from({ length: handshakesAtOnce }, (_, at) => dial(1_000 + at));
    const late = dial(101);
    pass(handshakeWaitMs + 500);
    queue.over(first[0]!);
    for (const socket of first.slice(1)) socket.destroy();
    return late.destroyed;
  };
  expect(isLetGo()).toBe(true);
  expect(dropped).toHaveLength(1);
  for (let port = 2_000; port < 2_100; port += 1) {
    const socket = dial(port);
    pass(100);
    queue.over(socket, true);
  }
  const before = begun.length;
  expect(isLetGo()).toBe(false);
  expect(begun.slice(before + handshakesAtOnce)).toEqual([101]);
});
