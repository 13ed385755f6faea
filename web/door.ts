/**
 * The HTTP server of the door: every request and upgrade is judged first, then answered from the page's files, the
 * health pages, or handed over as a WebSocket. Limits on heads, times and connections are set here.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { followed, type Log, messageOf, type Tracing } from '../runtime/index.ts';
import { type Answer, refusalAnswer, writeAnswer, writeBareAnswer } from './answers.ts';
import type { Refusal } from './errors.ts';
import type { HealthPages } from './health.ts';
import { judgeHead, judgeUpgrade, pathOf, type RequestHead } from './judgement.ts';
import {
  connectionsMax,
  headerBytesMax,
  headersTimeoutMs,
  keepAliveTimeoutMs,
  requestTimeoutMs,
  socketMessageBytesMax,
  timeoutsCheckMs,
} from './limits.ts';

export interface DoorNeeds {
  readonly files: ReadonlyMap<string, Answer>;
  readonly health: HealthPages;
  readonly log: Log;
  /** The port that it listens on, once it does. */
  readonly port: () => number;
  /** Gives each request an id; null: none has one. */
  readonly tracing: Tracing | null;
  /** Told of each request's answer. */
  readonly answered: (status: number) => void;
  /** Why no socket may come now, or null. */
  readonly refuseSocket: () => Refusal | null;
  readonly onSocket: (socket: WebSocket) => void;
}

export function createDoor(needs: DoorNeeds): Server {
  const { log } = needs;
  const server = createServer(
    {
      maxHeaderSize: headerBytesMax,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: timeoutsCheckMs,
    },
    (request, response) => {
      const head = headOf(request);
      const refused = judgeHead(head, needs.port());
      if (refused !== null) log('debug', 'a request was refused', { code: refused.code });
      const close = refused !== null || hasBody(request);
      const write = (answer: Answer, ends: boolean) => {
        needs.answered(answer.status);
        writeAnswer(response, answer, ends);
      };
      if (refused !== null) write(refusalAnswer(refused), true);
      else void answerFollowed(needs, pathOf(head.target)).then((answer) => write(answer, close));
    },
  );
  server.maxConnections = connectionsMax;
  server.on('upgrade', upgrader(needs));
  server.on('clientError', (error: NodeJS.ErrnoException, connection) => {
    if (error.code === 'ECONNRESET') connection.destroy();
    else writeBareAnswer(connection, refusalAnswer(refusalOfClientError(error.code)));
  });
  return server;
}

function upgrader(needs: DoorNeeds) {
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: socketMessageBytesMax,
    // Compression costs memory per socket and mixes secrets with what others choose.
    perMessageDeflate: false,
    autoPong: false,
  });
  return (request: IncomingMessage, connection: Duplex, first: Buffer) => {
    connection.on('error', () => connection.destroy());
    const refused = judgeUpgrade(headOf(request), needs.port()) ?? needs.refuseSocket();
    if (refused !== null) {
      needs.log('debug', 'a socket was refused', { code: refused.code });
      writeBareAnswer(connection, refusalAnswer(refused));
      return;
    }
    webSockets.handleUpgrade(request, connection, first, needs.onSocket);
  };
}

/** The answer, under an id that the log has too; a fault of ours is told with it. */
async function answerFollowed(needs: DoorNeeds, path: string): Promise<Answer> {
  const span = needs.tracing?.root('server', `GET ${needs.files.has(path) ? path : named(path)}`) ?? null;
  try {
    return await followed(span, () => answerOf(needs, path));
  } catch (error) {
    const request = span === null ? {} : { request: span.trace };
    needs.log('error', 'a request failed', { path, error: messageOf(error), ...request });
    const where = span === null ? '' : ` (request id ${span.trace})`;
    return refusalAnswer({ status: 500, code: 'internal', detail: `see the log of this node${where}` });
  }
}

/** A span's name is one of few, whatever a stranger asks for. */
function named(path: string): string {
  return path.startsWith('/health/') ? '/health' : '/other';
}

async function answerOf({ files, health }: DoorNeeds, path: string): Promise<Answer> {
  switch (path) {
    case '/health/live':
      return health.live();
    case '/health/ready':
      return health.ready();
    case '/health/cluster':
      return health.cluster();
    case '/live':
      return refusalAnswer({ status: 426, code: 'upgrade_required', detail: '/live is a WebSocket' });
    default:
      return (
        files.get(path) ??
        refusalAnswer({ status: 404, code: 'not_found', detail: 'nothing is served under this path' })
      );
  }
}

function headOf({ method, url, headersDistinct }: IncomingMessage): RequestHead {
  return {
    method: method ?? '',
    target: url ?? '',
    hosts: headersDistinct.host ?? [],
    origins: headersDistinct.origin ?? [],
  };
}

/** Nobody reads it; the connection ends with the answer, so that it is not mistaken for the next request. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

function refusalOfClientError(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW')
    return { status: 431, code: 'head_too_large', detail: `a head has at most ${headerBytesMax} bytes` };
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: 408, code: 'too_slow', detail: 'the request did not come in time' };
  return { status: 400, code: 'bad_request', detail: 'this is not an HTTP request' };
}
