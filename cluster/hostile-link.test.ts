import { expect, test } from 'vitest';
import { defineActor, manualClock, type Ref } from '../runtime/index.ts';
import { encodeControlHead, encodeRoutedHead } from './frame.ts';
import { protocolVersion } from './frame-layout.ts';
import { createFrameReader } from './frame-reader.ts';
import { ClusterNode } from './index.ts';
import { helloTimeoutMs, linkStallMs, wholeFrameBytesMax } from './limits.ts';
import { actorCodec } from './router.ts';
import { MemoryNetwork } from './testing/memory-transport.ts';
import type { Connection } from './transport.ts';

interface EchoProtocol {
  start: [];
  call: { echo(value: number): number };
  cast: { drop(bytes: Uint8Array): void };
}

const echo = defineActor<null, EchoProtocol>({
  name: 'echo',
  init: () => null,
  call: { echo: (_self, value) => value },
  cast: { drop() {} },
});

const codec = actorCodec();

/** Two good nodes, and a third one that has a certificate and no manners. */
async function scene() {
  const clock = manualClock();
  const network = new MemoryNetwork(clock);
  const logs: { message: string; fields: Record<string, unknown> }[] = [];
  const start = async (name: string, seeds: string[]) => {
    const transport = network.transport(name, 'core');
    const log = (_level: string, message: string, fields: Record<string, unknown>) =>
      void logs.push({ message, fields });
    const rest = { pid: 1, advertise: null, seeds, transport, clock, log, onSuperseded: () => {} };
    const node = new ClusterNode({ name, role: 'core', boot: 5, ...rest });
    return { node, address: await node.start() };
  };
  const near = await start('core_1', []);
  const far = await start('core_2', [near.address]);
  const target = near.node.system.spawn(echo) as Ref<EchoProtocol>;
  await clock.advance(100);
  let evil: Connection | null = null;
  let closed = false;
  const codes: string[] = [];
  const reader = createFrameReader();
  network.transport('core_9', 'core').dial(
    near.address,
    (connection) => {
      evil = connection;
      connection.handle({
        drained() {},
        data(chunk) {
          reader.push(chunk);
          for (let frame = reader.next(); frame !== null; frame = reader.next())
            if (frame.kind === 'close') codes.push(frame.header.code);
        },
        closed() {
          closed = true;
        },
      });
    },
    () => {},
  );
  await clock.advance(5);
  const write = (...bytes: Uint8Array[]) => evil!.write(bytes);
  return {
    clock,
    near,
    target,
    write,
    codes,
    isClosed: () => closed,
    hello() {
      const payload = codec.encode({ address: 'memory:9', pid: 1, knows: [], link: 1, lost: 0 });
      const header = { version: protocolVersion, versionMin: protocolVersion, boot: 1 };
      write(encodeControlHead('hello', header, payload.length), payload);
    },
    /** The good nodes speak with each other as before. */
    async othersAreWell() {
      const answer = far.node.system.call(target).echo(7);
      await clock.advance(20);
      expect(await answer).toBe(7);
      const up = near.node.members.list().filter(({ status }) => status === 'up');
      expect(up.map(({ name }) => name)).toEqual(expect.arrayContaining(['core_1', 'core_2']));
      const ended = logs.filter(
        ({ message, fields }) => message === 'link ended' && fields.peer === 'node core_2',
      );
      expect(ended).toEqual([]);
    },
  };
}

type Scene = Awaited<ReturnType<typeof scene>>;

const part = (offset: number, bytes: number) =>
  Buffer.concat([
    encodeControlHead('part', { stream: 1, offset, totalBytes: wholeFrameBytesMax * 2 }, bytes),
    Buffer.alloc(bytes),
  ]);
const castHead = (bytes: number) =>
  encodeRoutedHead('cast', { toBoot: 5, toId: 1, fromId: 0, callId: 0, timeoutMs: 0 }, bytes);

test.each<[string, string, (one: Scene) => void | Promise<void>]>([
  ['says nothing', 'link_silent', ({ clock }) => clock.advance(helloTimeoutMs)],
  ['sends a message before its hello', 'frame_malformed', ({ write }) => write(castHead(0))],
  ['sends a part before its hello', 'frame_malformed', ({ write }) => write(part(0, 10))],
  [
    'says hello a byte a second',
    'link_silent',
    async ({ clock, write }) => {
      for (let n = 0; n < 6; n += 1) {
        write(Buffer.of([0, 0, 0, 200, 32, 0][n]!));
        await clock.advance(1_000);
      }
    },
  ],
  [
    'sends garbage after its hello',
    'frame_malformed',
    ({ hello, write }) => {
      hello();
      write(Buffer.from([0, 0, 0, 9, 250, 1, 2, 3, 4, 5, 6, 7, 8]));
    },
  ],
  [
    'claims a frame of 4 GB',
    'frame_too_large',
    ({ hello, write }) => {
      hello();
      write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    },
  ],
  [
    'sends a part that fits nothing',
    'frame_malformed',
    ({ hello, write }) => {
      hello();
      write(part(0, 100), part(50, 100));
    },
  ],
  [
    'retires twice',
    'frame_malformed',
    ({ hello, write }) => {
      hello();
      write(encodeControlHead('retire', {}, 0), encodeControlHead('retire', {}, 0));
    },
  ],
  [
    'begins a frame and never ends it',
    'link_silent',
    async ({ clock, hello, write }) => {
      hello();
      write(castHead(1_000));
      for (let n = 0; n < linkStallMs / 1_000; n += 1) {
        write(Buffer.of(0));
        await clock.advance(1_000);
      }
    },
  ],
])('a node that %s loses its link with %s, and the others are well', async (_what, code, act) => {
  const one = await scene();
  await act(one);
  await one.clock.advance(10);
  expect(one.codes).toEqual([code]);
  expect(one.isClosed()).toBe(true);
  await one.othersAreWell();
});

test('a node that sends more than anyone can handle hurts nobody else', async () => {
  const one = await scene();
  one.hello();
  const payload = codec.encode(['drop', [new Uint8Array(1_000)]]);
  const flood = Buffer.concat(
    Array.from({ length: 2_000 }, () => [castHead(payload.length), payload]).flat(),
  );
  for (let n = 0; n < 10; n += 1) one.write(flood);
  await one.othersAreWell();
  const nothing = codec.encode(['nothing', 7]);
  for (let n = 0; n < 100; n += 1) one.write(castHead(nothing.length), nothing);
  await one.othersAreWell();
});
