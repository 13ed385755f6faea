/**
 * A trace collector for tests: an OTLP/HTTP receiver (opentelemetry-proto 1.x, JSON encoding) that takes what is right by the
 * protocol, refuses what is not, and keeps the spans. Knows none of the product's code.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface TakenSpan {
  /** `service.instance.id` of the resource. */
  readonly node: string;
  readonly trace: string;
  readonly id: string;
  /** Empty: none. */
  readonly parent: string;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client';
  readonly startedNs: bigint;
  readonly endedNs: bigint;
  readonly failed: boolean;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface Collector {
  readonly url: string;
  readonly spans: readonly TakenSpan[];
  /** Bodies that were not as the protocol says, with the reason. */
  readonly refused: readonly string[];
  close(): Promise<void>;
}

interface KeyValue {
  key: string;
  value: Record<string, unknown>;
}

interface JsonSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: KeyValue[];
  status?: { code?: number };
}

const kinds: Readonly<Record<number, TakenSpan['kind']>> = { 1: 'internal', 2: 'server', 3: 'client' };

export async function collector(): Promise<Collector> {
  const spans: TakenSpan[] = [];
  const refused: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      try {
        must(request.method === 'POST' && request.url === '/v1/traces', `${request.method} ${request.url}`);
        must(
          request.headers['content-type'] === 'application/json',
          `a body of ${request.headers['content-type']}`,
        );
        const whole = Buffer.concat(parts);
        const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(whole) : whole;
        spans.push(...spansOf(JSON.parse(body.toString('utf8'))));
        response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"partialSuccess":{}}');
      } catch (error) {
        refused.push(String(error));
        response.writeHead(400).end();
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    refused,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function spansOf(body: { resourceSpans: unknown[] }): TakenSpan[] {
  must(Array.isArray(body.resourceSpans), 'no resourceSpans');
  return (
    body.resourceSpans as { resource: { attributes: KeyValue[] }; scopeSpans: { spans: JsonSpan[] }[] }[]
  ).flatMap(({ resource, scopeSpans }) => {
    const about = plain(resource.attributes);
    must(about['service.name'] === 'picket', 'a service without its name');
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => taken(span, String(about['service.instance.id']))),
    );
  });
}

function taken(span: JsonSpan, node: string): TakenSpan {
  const { traceId: trace, spanId: id, parentSpanId: parent = '', name, kind } = span;
  must(/^[0-9a-f]{32}$/.test(trace) && /^[0-9a-f]{16}$/.test(id), `the ids ${trace} ${id}`);
  must(parent === '' || /^[0-9a-f]{16}$/.test(parent), `the parent ${parent}`);
  must(name !== '' && kinds[kind] !== undefined, `the kind ${kind} of ${name}`);
  const [startedNs, endedNs] = [BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano)];
  must(startedNs > 1_600_000_000_000_000_000n && endedNs >= startedNs, `the times of ${name}`);
  const facts = plain(span.attributes ?? []);
  return {
    node,
    trace,
    id,
    parent,
    name,
    kind: kinds[kind]!,
    startedNs,
    endedNs,
    failed: span.status?.code === 2,
    facts,
  };
}

function plain(attributes: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const forms = Object.keys(value);
      must(forms.length === 1 && /^(string|int|double|bool)Value$/.test(forms[0]!), `the value of ${key}`);
      return [key, Object.values(value)[0]];
    }),
  );
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not by the protocol: ${what}`);
}
