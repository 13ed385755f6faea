/**
 * What the tests let a cluster watch on loopback: a TCP listener, a web page, a name server. Each can be closed and
 * opened again on its port, and says something else when the test wants it.
 */
import { createSocket, type Socket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { delimiter, join } from 'node:path';

export interface Target {
  readonly port: number;
  open(): Promise<void>;
  close(): Promise<void>;
}

export interface TcpTarget extends Target {
  /** Connections so far. */
  taken(): number;
}

export interface HttpTarget extends Target {
  answer: { status: number; body: string };
}

export interface DnsTarget extends Target {
  /** The one A record of every name; null: it takes questions and answers none. */
  address: string | null;
}

export async function tcpTarget(): Promise<TcpTarget> {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.on('error', () => {});
    socket.destroy();
  });
  return { ...(await listening(server)), taken: () => count };
}

export async function httpTarget(): Promise<HttpTarget> {
  const target = { answer: { status: 200, body: 'all systems go' } };
  const server = createHttpServer((_, response) => {
    response.writeHead(target.answer.status, { connection: 'close' }).end(target.answer.body);
  });
  return Object.assign(target, await listening(server));
}

async function listening(server: Server): Promise<Target> {
  const open = (port: number) =>
    new Promise<void>((done, fail) => {
      server.once('error', fail);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', fail);
        done();
      });
    });
  await open(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    open: () => open(port),
    close: () => new Promise((done) => server.close(() => done())),
  };
}

export async function dnsTarget(address: string): Promise<DnsTarget> {
  let socket: Socket | null = null;
  const target: { address: string | null } = { address };
  const open = (port: number) =>
    new Promise<void>((done, fail) => {
      const opened = createSocket('udp4');
      socket = opened;
      opened.once('error', fail);
      opened.on('message', (question, from) => {
        if (target.address !== null) opened.send(answerTo(question, target.address), from.port, from.address);
      });
      opened.bind(port, '127.0.0.1', () => done());
    });
  const close = () =>
    new Promise<void>((done) => {
      if (socket === null) return done();
      socket.close(() => done());
      socket = null;
    });
  await open(0);
  const { port } = socket!.address();
  return Object.assign(target, { port, open: () => open(port), close });
}

/** RFC 1035 4.1: the question as it came, and one A record whose name points to it. What follows it (EDNS) is left out. */
function answerTo(question: Buffer, address: string): Buffer {
  let end = 12;
  while (question[end] !== 0) end += question[end]! + 1;
  const asked = question.subarray(12, end + 5);
  const head = Buffer.alloc(12);
  question.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8580, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(1, 6);
  const record = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]);
  return Buffer.concat([head, asked, record]);
}

/** Why no icmp check can run on this machine, or null. */
export function icmpMissing(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = ['fping', 'ping'].some((program) =>
    folders.some((folder) => existsSync(join(folder, program))),
  );
  return found ? null : 'neither fping nor ping is on the PATH';
}
