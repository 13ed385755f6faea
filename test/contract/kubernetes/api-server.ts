/**
 * A server for tests that speaks the part of the Kubernetes API that discovery uses: TLS, bearer tokens, list and watch of
 * EndpointSlices and Endpoints with resource versions, bookmarks, expiry. Written from the API's documentation and kept
 * apart from the client's code, so that the two cannot share a misunderstanding by sharing a line.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServerCertificate, serverCertificate } from './certificate.ts';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly terminating?: boolean;
  readonly ready?: boolean;
}

interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly name: string;
  readonly object: object;
}

type Kind = 'slices' | 'endpoints';
/** Answers a request instead of the server; false when it does not. */
type Stand = (request: IncomingMessage, response: ServerResponse) => boolean;

const namespace = 'noc';
const service = 'picket';
const bookmarkMs = 200;

export class KubernetesServer {
  /** As a pod has it: `token`, `ca.crt`, `namespace`. */
  readonly account = mkdtempSync(join(tmpdir(), 'picket-account-'));
  readonly requests: string[] = [];
  served: Kind[] = ['slices', 'endpoints'];
  /** Watches are ended after this, or after the asked time when that is shorter. */
  watchMs = 60_000;
  bookmarks = true;
  stand: Stand | null = null;
  private readonly certificate: ServerCertificate;
  private server: Server | null = null;
  private readonly watches = new Set<{ kind: Kind; response: ServerResponse }>();
  private port = 0;
  private token = '';
  private version = 100;
  private oldest = 100;
  private slices = new Map<string, object>();
  private endpoints = new Map<string, object>();
  private readonly changes: Record<Kind, Change[]> = { slices: [], endpoints: [] };

  private constructor(certificate: ServerCertificate) {
    this.certificate = certificate;
    writeFileSync(join(this.account, 'ca.crt'), certificate.ca);
    writeFileSync(join(this.account, 'namespace'), `${namespace}\n`);
    this.rotateToken();
  }

  static async start(): Promise<KubernetesServer> {
    const server = new KubernetesServer(await serverCertificate());
    await server.open();
    return server;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  get openWatches(): number {
    return this.watches.size;
  }

  /** Only the new one is good from now on; the file of the account has it. */
  rotateToken(): void {
    this.token = `token-${Math.random().toString(36).slice(2)}`;
    writeFileSync(join(this.account, 'token'), `${this.token}\n`);
  }

  /** The token is withdrawn, and the account does not know another. */
  withdrawToken(): void {
    this.token = 'withdrawn';
  }

  async open(): Promise<void> {
    const { cert, key } = this.certificate;
    const server = createServer({ cert, key }, (request, response) => this.answer(request, response));
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as { port: number }).port;
  }

  /** Ends every connection, as a server that is killed does. What it knew stays. */
  async shut(): Promise<void> {
    const { server } = this;
    this.server = null;
    if (server === null) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    this.watches.clear();
  }

  async close(): Promise<void> {
    await this.shut();
    rmSync(this.account, { recursive: true, force: true });
  }

  /** What was before is no longer known: a watch from an older version is answered with 410. */
  forgetHistory(): void {
    this.version += 1;
    this.oldest = this.version;
    this.changes.slices = [];
    this.changes.endpoints = [];
  }

  /** Cuts every watch without a word. */
  cutWatches(): void {
    for (const { response } of this.watches) response.destroy();
  }

  writeToWatches(text: string): void {
    for (const { response } of this.watches) response.write(text);
  }

  /** The service's endpoints from now on, by hundred in a slice. */
  set(endpoints: readonly Endpoint[]): void {
    const slices = new Map<string, object>();
    for (let from = 0; from < endpoints.length; from += 100) {
      slices.set(`picket-${from / 100}`, sliceOf(endpoints.slice(from, from + 100)));
    }
    this.slices = this.replace('slices', this.slices, slices);
    this.endpoints = this.replace('endpoints', this.endpoints, new Map([[service, subsetsOf(endpoints)]]));
  }

  private replace(kind: Kind, before: Map<string, object>, after: Map<string, object>): Map<string, object> {
    const now = new Map<string, object>();
    const tell = (type: Change['type'], name: string, content: object) => {
      this.version += 1;
      const metadata = { name, namespace, resourceVersion: String(this.version) };
      const object = { metadata, ...content };
      const change = { version: this.version, type, name, object };
      this.changes[kind].push(change);
      for (const watch of this.watches) if (watch.kind === kind) writeEvent(watch.response, type, object);
      return object;
    };
    for (const [name, content] of after) {
      const known = before.get(name);
      const same = known !== undefined && JSON.stringify({ ...known, ...content }) === JSON.stringify(known);
      now.set(name, same ? known : tell(known === undefined ? 'ADDED' : 'MODIFIED', name, content));
    }
    for (const [name, object] of before) if (!after.has(name)) tell('DELETED', name, object);
    return now;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url!, this.url);
    this.requests.push(`${request.method} ${request.url}`);
    if (this.stand?.(request, response)) return;
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      refuse(response, 401, 'Unauthorized');
      return;
    }
    const kind = this.kindOf(url);
    if (kind === null) {
      refuse(response, 404, 'the server could not find the requested resource');
      return;
    }
    if (url.searchParams.get('watch') === 'true') {
      this.watch(kind, url, response);
      return;
    }
    const items = [...(kind === 'slices' ? this.slices : this.endpoints).values()];
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ kind: 'List', metadata: { resourceVersion: String(this.version) }, items }),
    );
  }

  private kindOf({ pathname, searchParams }: URL): Kind | null {
    const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
    const isOurs = (selector: string, wanted: string) => searchParams.get(selector) === wanted;
    if (pathname === slices && isOurs('labelSelector', `kubernetes.io/service-name=${service}`))
      return this.served.includes('slices') ? 'slices' : null;
    const endpoints = `/api/v1/namespaces/${namespace}/endpoints`;
    if (pathname === endpoints && isOurs('fieldSelector', `metadata.name=${service}`))
      return this.served.includes('endpoints') ? 'endpoints' : null;
    return null;
  }

  private watch(kind: Kind, url: URL, response: ServerResponse): void {
    response.setHeader('content-type', 'application/json');
    const from = Number(url.searchParams.get('resourceVersion'));
    if (from < this.oldest) {
      writeEvent(response, 'ERROR', status(410, 'Expired', `too old resource version: ${from}`));
      response.end();
      return;
    }
    response.flushHeaders();
    for (const { version, type, object } of this.changes[kind]) {
      if (version > from) writeEvent(response, type, object);
    }
    const watch = { kind, response };
    this.watches.add(watch);
    const forMs = Math.min(this.watchMs, Number(url.searchParams.get('timeoutSeconds') ?? 60) * 1_000);
    const end = setTimeout(() => response.end(), forMs);
    const mark = setInterval(() => {
      if (!this.bookmarks || url.searchParams.get('allowWatchBookmarks') !== 'true') return;
      writeEvent(response, 'BOOKMARK', { metadata: { resourceVersion: String(this.version) } });
    }, bookmarkMs);
    response.on('close', () => {
      clearTimeout(end);
      clearInterval(mark);
      this.watches.delete(watch);
    });
  }
}

/** A watch that has ended and is not closed yet is told nothing: the next one asks for what came after its version. */
function writeEvent(response: ServerResponse, type: string, object: object): void {
  if (response.writableEnded) return;
  response.write(`${JSON.stringify({ type, object })}\n`);
}

function status(code: number, reason: string, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}

function refuse(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(status(code, message, message)));
}

function sliceOf(endpoints: readonly Endpoint[]): object {
  return {
    addressType: 'IPv4',
    ports: portsOf(endpoints),
    endpoints: endpoints.map(({ host, ready = true, terminating = false }) => ({
      addresses: [host],
      conditions: { ready: ready && !terminating, serving: ready, terminating },
    })),
  };
}

function subsetsOf(endpoints: readonly Endpoint[]): object {
  const there = endpoints.filter(({ terminating }) => !terminating);
  const list = (ready: boolean) =>
    there.filter((one) => (one.ready ?? true) === ready).map(({ host }) => ({ ip: host }));
  return {
    subsets: [{ addresses: list(true), notReadyAddresses: list(false), ports: portsOf(endpoints) }],
  };
}

/** One slice has one set of ports for all of its endpoints, as services do. */
function portsOf(endpoints: readonly Endpoint[]): object[] {
  return [
    { name: 'http', port: 8080, protocol: 'TCP' },
    { name: 'picket', port: endpoints[0]?.port ?? 7400, protocol: 'TCP' },
  ];
}
