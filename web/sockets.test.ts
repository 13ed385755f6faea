/** The sockets between a real server and real clients on loopback; only the time for pings and farewells is told. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type ManualClock, manualClock } from '../runtime/index.ts';
import { closeGraceMs, pingIntervalMs, socketBufferedBytesMax } from './limits.ts';
import { openSockets, type Sockets } from './sockets.ts';

let server: Server;
let clock: ManualClock;
let sockets: Sockets;
let logged: string[];
let left: number[];

beforeEach(async () => {
  clock = manualClock();
  logged = [];
  const leaving: number[] = [];
  left = leaving;
  sockets = openSockets({
    clock,
    log: (_level, _message, fields) => logged.push(String(fields.code)),
    onLeft: (socket) => leaving.push(socket),
  });
  server = createServer();
  const upgrades = new WebSocketServer({ noServer: true, autoPong: false, perMessageDeflate: false });
  server.on('upgrade', (request, connection, first) => {
    upgrades.handleUpgrade(request, connection, first, (socket) => sockets.admit(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  sockets.dropAll('closing');
  await clock.advance(closeGraceMs);
  sockets.stop();
  await new Promise((resolve) => server.close(resolve));
});

async function join(options: { autoPong?: boolean } = {}): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, options);
  await once(socket, 'open');
  return socket;
}

/** The server hears of an end later than the client. */
async function gone(number: number): Promise<void> {
  while (!left.includes(number)) await new Promise((resolve) => setImmediate(resolve));
}

function connectionOf(socket: WebSocket): Socket {
  return (socket as unknown as { _socket: Socket })._socket;
}

test('a reader that stands still is dropped by name, and its connection ended, while others get everything', async () => {
  const slow = await join();
  const slowNumber = sockets.numbers()[0]!;
  const quick = await join();
  const quickNumber = sockets.numbers()[1]!;
  connectionOf(slow).pause();
  const text = 'x'.repeat(socketBufferedBytesMax / 4);
  let received = 0;
  quick.on('message', () => {
    received += 1;
  });
  let sent = 0;
  while (!logged.includes('slow_reader')) {
    expect(sent).toBeLessThan(100);
    sockets.send(slowNumber, text);
    sockets.send(quickNumber, text);
    sent += 1;
    while (received < sent) await once(quick, 'message');
  }
  await clock.advance(closeGraceMs);
  await gone(slowNumber);
  expect(sockets.numbers()).toEqual([quickNumber]);
  expect(logged).toEqual(['slow_reader']);
  slow.terminate();
});

test('a socket that answers its pings stays, one that does not is dropped at the next ping', async () => {
  const awake = await join();
  const asleep = await join({ autoPong: false });
  const [first, second] = sockets.numbers();
  const farewell = once(asleep, 'close');
  const pinged = [once(awake, 'ping'), once(asleep, 'ping')];
  await clock.advance(pingIntervalMs);
  await Promise.all(pinged);
  // The answer of the one that is awake is on its way: it comes before what it sends after it.
  awake.ping();
  await once(awake, 'pong');
  await clock.advance(pingIntervalMs);
  const [code, reason] = await farewell;
  expect([code, String(reason)]).toEqual([1001, 'no_answer']);
  await gone(second!);
  expect(sockets.numbers()).toEqual([first]);
});

test('whoever leaves is told of, once', async () => {
  const socket = await join();
  const [number] = sockets.numbers();
  socket.close();
  await once(socket, 'close');
  await gone(number!);
  expect(left).toEqual([number]);
  sockets.send(number!, 'to nobody');
  expect(sockets.numbers()).toEqual([]);
});
