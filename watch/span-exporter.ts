/**
 * Ended steps on their way to a collector: a bounded queue, a batch at a time, and counts of what was taken and what was
 * dropped. A collector that is away or slow costs the node nothing but the queue. The library that speaks OTLP is loaded
 * when an address was given, and not before.
 */
import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { Clock, Log } from '../runtime/index.ts';
import { exportEveryMs, exportLastMs, exportTimeoutMs, spansBatchMax, spansQueuedMax } from './limits.ts';
import type { EndedSpan } from './tracer.ts';

export interface SpanExporter {
  readonly exported: number;
  /** Not exported: the queue was full, or the collector did not take them. */
  readonly dropped: number;
  readonly queued: number;
  take(span: EndedSpan): void;
  /** Waits a moment for what is queued. */
  close(): Promise<void>;
}

/** What sends one batch; rejects when the collector did not take it. */
export type SendSpans = (spans: readonly EndedSpan[]) => Promise<void>;

export function spanExporter(send: SendSpans, clock: Clock, log: Log): SpanExporter {
  const counts = { exported: 0, dropped: 0 };
  let queue: EndedSpan[] = [];
  let sending: Promise<void> | null = null;
  let isAway = false;
  let cancel: (() => void) | null = null;

  async function sendAll(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.slice(0, spansBatchMax);
      queue = queue.slice(spansBatchMax);
      try {
        await send(batch);
        counts.exported += batch.length;
        if (isAway) log('info', 'the trace collector takes spans again', {});
        isAway = false;
      } catch (error) {
        counts.dropped += batch.length;
        if (!isAway) log('warn', 'the trace collector takes no spans', { error: String(error) });
        isAway = true;
      }
    }
  }
  function sendNow(): Promise<void> {
    cancel?.();
    cancel = null;
    sending ??= sendAll().finally(() => {
      sending = null;
    });
    return sending;
  }
  return {
    get exported() {
      return counts.exported;
    },
    get dropped() {
      return counts.dropped;
    },
    get queued() {
      return queue.length;
    },
    take(span) {
      if (queue.length >= spansQueuedMax) {
        counts.dropped += 1;
        return;
      }
      queue.push(span);
      cancel ??= clock.timer(exportEveryMs, () => void sendNow());
    },
    async close() {
      const late = new Promise<void>((resolve) => void clock.timer(exportLastMs, resolve));
      await Promise.race([sendNow().then(() => sendNow()), late]);
    },
  };
}

export interface CollectorOptions {
  /** Base address of an OTLP/HTTP receiver: `http://127.0.0.1:4318`. */
  readonly url: string;
  /** What the node says of itself with every batch. */
  readonly resource: Readonly<Record<string, string>>;
  readonly version: string;
}

/** Rejects when the library cannot be loaded or refuses the address. */
export async function otlpSender({ url, resource, version }: CollectorOptions): Promise<SendSpans> {
  const { OTLPTraceExporter: Exporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const base = url.replace(/\/+$/, '');
  const exporter = new Exporter({
    url: base.endsWith('/v1/traces') ? base : `${base}/v1/traces`,
    timeoutMillis: exportTimeoutMs,
    concurrencyLimit: 1,
  });
  const about = resourceOf(resource);
  const scope = { name: 'picket', version };
  return (spans) =>
    new Promise((resolve, reject) => {
      exporter.export(
        spans.map((span) => readable(span, about, scope)),
        ({ code, error }) => (code === 0 ? resolve() : reject(error ?? new Error('not taken'))),
      );
    });
}

type Readable = Parameters<OTLPTraceExporter['export']>[0][number];

const kinds = { internal: 0, server: 1, client: 2 } as const;

function resourceOf(attributes: Readonly<Record<string, string>>): Readable['resource'] {
  const resource = {
    attributes,
    merge: () => resource,
    getRawAttributes: () => Object.entries(attributes),
  };
  return resource as Readable['resource'];
}

function readable(
  span: EndedSpan,
  resource: Readable['resource'],
  scope: { name: string; version: string },
): Readable {
  const { trace, parent, kind, name, startedWallMs, tookMs, facts, error } = span;
  const contextOf = (spanId: string, isRemote: boolean) => ({
    traceId: trace,
    spanId,
    traceFlags: 1,
    isRemote,
  });
  return {
    ...{ name, kind: kinds[kind], attributes: facts, resource, instrumentationScope: scope, ended: true },
    spanContext: () => contextOf(span.span, false),
    ...(parent !== null && { parentSpanContext: contextOf(parent, span.isParentRemote) }),
    startTime: timeOf(startedWallMs),
    endTime: timeOf(startedWallMs + tookMs),
    duration: timeOf(tookMs),
    status: error === null ? { code: 0 } : { code: 2, message: error },
    ...{ links: [], events: [], droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
  };
}

/** Seconds, and nanoseconds of the last. */
function timeOf(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1_000_000)];
}
