import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { manualClock, systemClock } from '../../runtime/index.ts';
import { listenTo } from '../../test/contract/discovery-source.ts';
import { until } from '../../test/e2e/picket.ts';
import { dnsSource } from './dns.ts';
import { dnsSessionMs } from './limits.ts';

const clock = systemClock();
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

/** A name server of our own, for the answers that no real one gives. `answer` is given the question's whole packet. */
async function nameServer(answer: (question: Buffer) => Buffer | null): Promise<string> {
  const tcp: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      const bytes = answer(chunk.subarray(2));
      if (bytes === null) return;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(bytes.length);
      socket.write(Buffer.concat([length, bytes]));
    });
  });
  // TCP chooses: of its ports most are taken on a busy machine, by connections of all kinds.
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  const { port } = tcp.address() as AddressInfo;
  const udp: Socket = createSocket('udp4');
  await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve));
  udp.on('message', (question: Buffer, from: RemoteInfo) => {
    const bytes = answer(question);
    if (bytes === null) return;
    // Too long for UDP: truncated, so that it is asked again by TCP.
    const isLong = bytes.length > 1_000;
    const short = Buffer.concat([bytes.subarray(0, 2), Buffer.from([0x83, 0x80]), question.subarray(4)]);
    udp.send(isLong ? short : bytes, from.port, from.address);
  });
  closers.push(() => new Promise<void>((resolve) => udp.close(resolve)));
  closers.push(() => new Promise((resolve) => tcp.close(resolve)));
  return `127.0.0.1:${port}`;
}

/** A well-formed answer with these A records, to whatever was asked; none for AAAA. RFC 1035, section 4.1. */
function aRecords(question: Buffer, hosts: readonly (readonly number[])[]): Buffer {
  const end = question.indexOf(0, 12) + 5;
  const asked = question.subarray(12, end);
  const isA = question.readUInt16BE(end - 4) === 1;
  const given = isA ? hosts : [];
  const head = Buffer.from(question.subarray(0, 12));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(given.length, 6);
  head.writeUInt32BE(0, 8);
  const records = given.map((host) => Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, ...host]));
  return Buffer.concat([head, asked, ...records]);
}

const source = (server: string, name = 'picket.test') =>
  dnsSource({ name, port: name.startsWith('_') ? null : 7400, servers: [server], clock });

async function firstError(from: ReturnType<typeof source>) {
  let told: readonly string[] | null = null;
  const call = {
    own: '127.0.0.1:7400',
    signal: new AbortController().signal,
    tell: (addresses: readonly string[]) => {
      told = addresses;
    },
  };
  const error = await from.session(call).then(
    () => null,
    (failure: unknown) => failure as { code: string; message: string },
  );
  return { code: error?.code, message: error?.message, told };
}

describe('a name server', () => {
  test('that answers garbage, or refuses, is said to, and nothing is told', async () => {
    const garbage = await nameServer((question) =>
      Buffer.concat([question.subarray(0, 2), Buffer.from('\x81\x80not dns at all', 'latin1')]),
    );
    expect(await firstError(source(garbage))).toMatchObject({
      code: expect.stringMatching(/^discovery_(malformed|unreachable)$/),
      told: null,
    });
    const refusing = await nameServer((question) => {
      const bytes = Buffer.from(question);
      bytes.writeUInt16BE(0x8185, 2);
      return bytes;
    });
    expect(await firstError(source(refusing))).toMatchObject({ code: 'discovery_unreachable', told: null });
  });

  test('that never answers costs a bounded time', async () => {
    const silent = await nameServer(() => null);
    expect(await firstError(source(silent))).toMatchObject({ code: 'discovery_unreachable', told: null });
    const manual = manualClock();
    const slow = dnsSource({ name: 'picket.test', port: 1, servers: [silent], clock: manual });
    const listener = listenTo(slow, '');
    await manual.advance(dnsSessionMs);
    await until('an error', 10_000, () => listener.errors.length > 0);
    await listener.stop();
    expect(listener.errors[0]?.message).toContain(`within ${dnsSessionMs} ms`);
  });

  test('that knows no such name is told apart from one that is away', async () => {
    const unknown = await nameServer((question) => {
      const bytes = Buffer.from(question);
      bytes.writeUInt16BE(0x8183, 2);
      return bytes;
    });
    expect(await firstError(source(unknown))).toMatchObject({ code: 'discovery_not_found', told: null });
    expect(await firstError(source(unknown, '_picket._tcp.test'))).toMatchObject({
      code: 'discovery_not_found',
    });
  });

  test('that has as many addresses as an answer can hold has all of them told', async () => {
    const hosts = Array.from({ length: 4_000 }, (_, at) => [10, 0, at >> 8, at & 255]);
    const full = await nameServer((question) => aRecords(question, hosts));
    const listener = listenTo(source(full), '');
    await new Promise<void>((resolve) => {
      const look = () => (listener.told() === null ? setTimeout(look, 5) : resolve());
      look();
    });
    await listener.stop();
    expect(listener.told()).toHaveLength(4_000);
    expect(listener.told()![3_999]).toBe('10.0.15.159:7400');
  });
});

test.each([
  ['', 7400, []],
  ['a b', 7400, []],
  ['a..b', 7400, []],
  ['a'.repeat(300), 7400, []],
  ['picket.test', null, []],
  ['_picket._tcp.test', 7400, []],
  ['picket.test', 7400, ['nowhere']],
  ['picket.test', 7400, ['127.0.0.1:99999999']],
])('the name "%s" with port %s and servers %j is refused', (name, port, servers) => {
  expect(() => dnsSource({ name, port, servers, clock })).toThrow(
    expect.objectContaining({ code: 'discovery_setting' }),
  );
});
