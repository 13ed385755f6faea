/**
 * An agent as the bench of the edge has thousands of: TLS, a session of HTTP/2 with gRPC's frames on it, a hello, a control stream
 * that stays open, a push now and then; when it loses its connection it comes back as agents do, after a while and later each time.
 */
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { type ConnectionOptions, connect } from 'node:tls';
import { type Credential, clientTlsOptions } from '../../certs/index.ts';
import { gatewayMethods } from '../../proto/index.ts';
import type { Clock } from '../../runtime/index.ts';
import { edgeConnectMs, edgeRetryMaxMs, edgeRetryMs } from '../limits.ts';
import { checkName } from './edge-tenants.ts';

export interface EdgeAgentNeeds {
  readonly clock: Clock;
  /** 0 to 1. */
  random(): number;
  /** The gateway is fine with it, or it lost its connection. */
  changed(isIn: boolean): void;
  pushed(tookMs: number, isStored: boolean): void;
}

const methods = gatewayMethods();

export class EdgeClient {
  readonly id: string;
  private readonly own: Credential;
  private readonly localAddress: string;
  private readonly needs: EdgeAgentNeeds;
  private session: ClientHttp2Session | null = null;
  private isIn = false;
  private isOver = false;
  private failures = 0;

  constructor(id: string, own: Credential, localAddress: string, needs: EdgeAgentNeeds) {
    this.id = id;
    this.own = own;
    this.localAddress = localAddress;
    this.needs = needs;
  }

  /** TLS alone, to a server that greets; resolves when it has. */
  bare(address: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = this.dial(address);
      socket.once('error', reject);
      socket.once('data', () => {
        socket.destroy();
        resolve();
      });
    });
  }

  /** Resolves when this try has come to its end, well or not. */
  connect(address: string): Promise<void> {
    if (this.isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const socket = this.dial(address);
      const cancel = this.needs.clock.timer(edgeConnectMs, () => socket.destroy());
      const settled = () => {
        cancel();
        resolve();
      };
      socket.on('error', () => {});
      socket.once('close', () => {
        settled();
        this.lost(address);
      });
      socket.once('secureConnect', () => {
        const session = connectHttp2('http://edge', { createConnection: () => socket });
        session.on('error', () => {});
        this.session = session;
        void this.greet(session).then((isWelcome) => {
          settled();
          if (!isWelcome) socket.destroy();
        });
      });
    });
  }

  async push(): Promise<void> {
    const { session, id: agentId } = this;
    if (session === null || !this.isIn) return;
    const item = { serviceName: checkName, available: true, message: Buffer.from('{"available":true}') };
    const service = { ...item, serviceType: 'tcp', responseTime: 7_000_000, source: 'status' };
    const startMs = performance.now();
    const status = await unary(session, 'PushStatus', { agentId, services: [service] });
    this.needs.pushed(performance.now() - startMs, status === '0');
  }

  end(): void {
    this.isOver = true;
    this.session?.destroy();
  }

  private dial(address: string) {
    const [host, port] = address.split(':');
    const { localAddress } = this;
    const options: ConnectionOptions & { localAddress: string } = {
      ...{ ...clientTlsOptions(this.own), host: host!, port: Number(port), localAddress },
      ALPNProtocols: ['h2'],
    };
    return connect(options);
  }

  private async greet(session: ClientHttp2Session): Promise<boolean> {
    if ((await unary(session, 'Hello', { agentId: this.id, version: '1', capabilities: ['tcp'] })) !== '0')
      return false;
    const control = open(session, 'ControlStream');
    control.on('data', () => {});
    control.write(framed('ControlStream', { hello: { agentId: this.id, capabilities: ['tcp'] } }));
    this.failures = 0;
    this.isIn = true;
    this.needs.changed(true);
    return true;
  }

  private lost(address: string): void {
    if (this.isIn) this.needs.changed(false);
    this.isIn = false;
    this.session = null;
    if (this.isOver) return;
    const latestMs = Math.min(edgeRetryMaxMs, edgeRetryMs * 2 ** this.failures);
    this.failures += 1;
    this.needs.clock.timer(this.needs.random() * latestMs, () => void this.connect(address));
  }
}

function open(session: ClientHttp2Session, method: string) {
  const { path } = methods[method]!;
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request(headers);
  stream.on('error', () => {});
  return stream;
}

function framed(method: string, message: object): Buffer {
  const bytes = methods[method]!.requestSerialize(message);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** The status that ended it; none when the connection did. */
function unary(session: ClientHttp2Session, method: string, message: object): Promise<string | null> {
  return new Promise((resolve) => {
    const stream = open(session, method);
    let status: string | null = null;
    const note = (headers: Record<string, unknown>) => {
      const said = headers['grpc-status'];
      if (typeof said === 'string') status = said;
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('data', () => {});
    stream.once('close', () => resolve(status));
    stream.end(framed(method, message));
  });
}
