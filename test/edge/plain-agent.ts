/**
 * An agent of the older kind that only listens, by hand over Node's HTTP/2 and from field numbers alone: it knows no line that the
 * product uses. What it answers, and how it misbehaves, each test says.
 */
import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { fieldsOf, textOf } from './plain-protobuf.ts';

export interface Question {
  readonly rpc: string;
  readonly name: string;
  readonly type: string;
  readonly agentId: string;
  readonly gatewayId: string;
  readonly details: string;
  readonly lastSequence: string;
}

export interface Answering {
  readonly stream: ServerHttp2Stream;
  /** One message, in its frame. */
  send(message: Buffer): void;
  /** Bytes as they are. */
  raw(bytes: Buffer): void;
  /** The status, and the end. */
  end(status?: number, detail?: string): void;
}

export type Behaviour = (question: Question, answer: Answering) => void;

export interface PlainAgent {
  readonly port: number;
  readonly asked: Question[];
  /** Connections that were made to it. */
  readonly connections: () => number;
  close(): Promise<void>;
}

/** `tls`: its certificate and key. It asks for ours, as those agents do, and `take` says whether it is let in. */
export async function listenAsAgent(
  tls: { cert: string | Buffer; key: string | Buffer; ca?: string },
  behave: Behaviour,
): Promise<PlainAgent> {
  const asked: Question[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Http2SecureServer = createSecureServer({
    ...tls,
    requestCert: true,
    rejectUnauthorized: tls.ca !== undefined,
    minVersion: 'TLSv1.3',
  });
  server.on('secureConnection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('sessionError', () => {});
  server.on('tlsClientError', () => {});
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const bytes: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (data: Buffer) => bytes.push(data));
    stream.once('end', () => {
      const request = Buffer.concat(bytes).subarray(5);
      const rpc = String(headers[':path']).replace('/monitoring.AgentService/', '');
      const question = {
        ...{ rpc, name: textOf(request, 1), type: textOf(request, 2), agentId: textOf(request, 3) },
        ...{ gatewayId: textOf(request, 4), details: textOf(request, 5) },
        lastSequence: rpc === 'GetStatus' ? '' : textOf(request, 6),
      };
      fieldsOf(request);
      asked.push(question);
      behave(question, answering(stream));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function answering(stream: ServerHttp2Stream): Answering {
  let told = { 'grpc-status': '0', 'grpc-message': '' };
  const begin = () => {
    if (stream.headersSent || stream.destroyed) return;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(told));
  };
  const write = (bytes: Buffer) => {
    begin();
    if (!stream.destroyed) stream.write(bytes);
  };
  return {
    stream,
    send(message) {
      const head = Buffer.alloc(5);
      head.writeUInt32BE(message.length, 1);
      write(Buffer.concat([head, message]));
    },
    raw: write,
    end(status = 0, detail = '') {
      told = { 'grpc-status': String(status), 'grpc-message': encodeURIComponent(detail) };
      begin();
      if (!stream.destroyed) stream.end();
    },
  };
}
