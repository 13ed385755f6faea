import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, test } from 'vitest';
import { type CheckOptions, runCheck } from './run.ts';

const types = { A: 1, NS: 2, CNAME: 5, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33 } as const;
type Data = { type: keyof typeof types; data: Buffer };
type Answer = Data[] | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'silence';
const codes = { NXDOMAIN: 3, SERVFAIL: 2, REFUSED: 5 } as const;

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** A DNS server for the one question of each test (RFC 1035 §4.1): header, the question echoed, answers that point at it. */
async function serve(zone: Record<string, Answer>, seen: string[] = []): Promise<string> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.on('message', (query, from) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at]!; length > 0; length = query[at]!) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += length + 1;
    }
    const question = query.subarray(12, at + 5);
    const key = labels.join('.').toLowerCase();
    seen.push(key);
    const answer = zone[key] ?? 'NXDOMAIN';
    if (answer === 'silence') return;
    const records = Array.isArray(answer) ? answer : [];
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | (Array.isArray(answer) ? 0 : codes[answer]), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    const bodies = records.map(({ type, data }) => {
      const head = Buffer.alloc(12);
      head.writeUInt16BE(0xc00c, 0);
      head.writeUInt16BE(types[type], 2);
      head.writeUInt16BE(1, 4);
      head.writeUInt32BE(60, 6);
      head.writeUInt16BE(data.length, 10);
      return Buffer.concat([head, data]);
    });
    socket.send(Buffer.concat([header, question, ...bodies]), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return `127.0.0.1:${socket.address().port}`;
}

const address = (text: string): Data => ({ type: 'A', data: Buffer.from(text.split('.').map(Number)) });
const encoded = (text: string) =>
  Buffer.concat([
    ...text.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
    Buffer.from([0]),
  ]);
const words = (...numbers: number[]) => Buffer.concat(numbers.map((n) => Buffer.from([n >> 8, n & 255])));

function check(
  target: string,
  settings: Record<string, string>,
  more: Partial<CheckOptions> = {},
  timeoutMs = 5_000,
) {
  const clock = { monotonicMs: () => performance.now() };
  const options = { clock, guard: { allowAll: true }, signal: new AbortController().signal, ...more };
  return runCheck({ kind: 'dns', target, port: null, timeoutMs, settings }, options);
}

describe('a dns check of a server', () => {
  test('succeeds with the time of the answer', async () => {
    const server = await serve({ 'www.example.com': [address('10.0.0.1')] });
    const outcome = await check('www.example.com', { server });
    expect(outcome).toEqual({ status: 'success', latencyMs: expect.any(Number), reason: null });
  });

  test('wants one of the answers to be the expected one, however it is spelled', async () => {
    const server = await serve({ 'www.example.com': [address('10.0.0.2'), address('10.0.0.3')] });
    expect(await check('www.example.com', { server, expect: '10.0.0.3' })).toMatchObject({
      status: 'success',
    });
    expect(await check('www.example.com', { server, expect: '0xa000003' })).toMatchObject({
      status: 'success',
    });
    expect(await check('www.example.com', { server, expect: '10.0.0.1' })).toMatchObject({
      status: 'critical',
      reason: 'expected 10.0.0.1, got 10.0.0.2, 10.0.0.3',
    });
  });

  test.each<[string, string, Data, string]>([
    [
      'AAAA',
      'www.example.com',
      { type: 'AAAA', data: Buffer.from(`20010db8${'0'.repeat(23)}1`, 'hex') },
      '2001:DB8:0::1',
    ],
    ['CNAME', 'www.example.com', { type: 'CNAME', data: encoded('web.example.com') }, 'WEB.example.com.'],
    ['NS', 'example.com', { type: 'NS', data: encoded('ns1.example.com') }, 'ns1.example.com'],
    [
      'MX',
      'example.com',
      { type: 'MX', data: Buffer.concat([words(10), encoded('mail.example.com')]) },
      '10 mail.example.com',
    ],
    [
      'MX',
      'example.com',
      { type: 'MX', data: Buffer.concat([words(10), encoded('mail.example.com')]) },
      'mail.example.com',
    ],
    ['TXT', 'example.com', { type: 'TXT', data: Buffer.from('\x03v=1\x02 x', 'latin1') }, 'v=1 x'],
    [
      'SRV',
      '_a._tcp.example.com',
      { type: 'SRV', data: Buffer.concat([words(1, 2, 80), encoded('a.example.com')]) },
      '1 2 80 a.example.com',
    ],
  ])('reads %s records of %s', async (record, name, data, expected) => {
    const server = await serve({ [name]: [data] });
    expect(await check(name, { server, record, expect: expected })).toMatchObject({ status: 'success' });
    const wrong = record === 'AAAA' ? '2001:db8::2' : 'other';
    expect(await check(name, { server, record, expect: wrong })).toMatchObject({
      status: 'critical',
      reason: expect.stringMatching(/^expected .*, got ./),
    });
  });

  test.each([
    ['203.0.113.7', '7.113.0.203.in-addr.arpa'],
    ['7.113.0.203.in-addr.arpa', '7.113.0.203.in-addr.arpa'],
    ['2001:db8::1', `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`],
  ])('asks for the PTR of %s', async (target, question) => {
    const seen: string[] = [];
    const server = await serve({ [question]: [{ type: 'PTR', data: encoded('host.example.com') }] }, seen);
    expect(await check(target, { server, record: 'PTR', expect: 'host.example.com' })).toMatchObject({
      status: 'success',
    });
    expect(seen).toEqual([question]);
  });

  test.each<[Answer, string | RegExp]>([
    ['NXDOMAIN', /^name not found$/],
    [[], /^no A record$/],
    ['SERVFAIL', /^DNS server 127\.0\.0\.1:\d+ failed to answer \(SERVFAIL\)$/],
    ['REFUSED', /^DNS server 127\.0\.0\.1:\d+ refused to answer \(REFUSED\)$/],
  ])('is critical for %j', async (answer, reason) => {
    const server = await serve({ 'www.example.com': answer });
    expect(await check('www.example.com', { server })).toMatchObject({
      status: 'critical',
      reason: expect.stringMatching(reason),
    });
  });

  test('says that nobody listens there', async () => {
    const server = await serve({});
    sockets.pop()?.close();
    expect(await check('www.example.com', { server })).toMatchObject({
      status: 'critical',
      reason: `connection refused by DNS server ${server}`,
    });
  });

  test('answers timeout for a silent server, at its own deadline, after one question', async () => {
    const seen: string[] = [];
    const server = await serve({ 'www.example.com': 'silence' }, seen);
    expect(await check('www.example.com', { server }, {}, 80)).toEqual({
      status: 'timeout',
      latencyMs: null,
      reason: 'no answer within 80 ms',
    });
    expect(seen).toEqual(['www.example.com']);
  });

  test('ends at once when aborted', async () => {
    const controller = new AbortController();
    const server = await serve({ 'www.example.com': 'silence' });
    const asked = once(sockets[0]!, 'message');
    const run = check('www.example.com', { server }, { signal: controller.signal });
    await asked;
    controller.abort();
    expect(await run).toMatchObject({ status: 'unknown', reason: 'aborted' });
  });

  test('judges the server, by address and by name, and asks it nothing', async () => {
    const seen: string[] = [];
    const server = await serve({}, seen);
    const port = server.split(':')[1];
    const shared = { guard: { allowAll: false }, resolver: { lookup: async () => ['127.0.0.1'] } };
    for (const spelled of [server, `127.1:${port}`, `ns.example:${port}`, `[::ffff:7f00:1]:${port}`]) {
      const outcome = await check('www.example.com', { server: spelled }, shared);
      expect(outcome).toMatchObject({
        status: 'unknown',
        reason: expect.stringMatching(/^target_not_allowed: /),
      });
    }
    expect(seen).toEqual([]);
  });
});

describe('a dns check of the system', () => {
  test('reads the hosts file', async () => {
    expect(await check('localhost', { expect: '127.0.0.1' })).toMatchObject({ status: 'success' });
    expect(await check('localhost', { expect: '127.0.0.9' })).toMatchObject({
      status: 'critical',
      reason: expect.stringMatching(/^expected 127\.0\.0\.9, got 127\.0\.0\.1/),
    });
  });

  test('asks for the family of the record', async () => {
    const families: number[] = [];
    const lookup = async (_: string, family: number) => {
      families.push(family);
      return ['2001:db8::1'];
    };
    expect(await check('a.example', { record: 'AAAA' }, { resolver: { lookup } })).toMatchObject({
      status: 'success',
    });
    expect(families).toEqual([6]);
  });

  test('answers timeout when the system does not answer', async () => {
    const resolver = { lookup: () => new Promise<string[]>(() => {}) };
    expect(await check('a.example', {}, { resolver }, 40)).toMatchObject({ status: 'timeout' });
  });
});
