/**
 * The process: processor, memory, and how late its event loop is. The names are those of Prometheus' own client libraries
 * where they have one.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Family, type FamilyGroup, labelled, plain } from './family.ts';
import { loopDelayResolutionMs } from './limits.ts';

export interface ProcessNeeds {
  /** Unix milliseconds. */
  readonly startedWallMs: number;
  readonly version: string;
  readonly role: string;
}

export function processFamilies({ startedWallMs, version, role }: ProcessNeeds): FamilyGroup {
  const delay = monitorEventLoopDelay({ resolution: loopDelayResolutionMs });
  delay.enable();
  const lag = { p50: 0, p99: 0, max: 0 };
  const late = (ns: number) => Math.max(0, ns / 1e9 - loopDelayResolutionMs / 1_000) || 0;
  const memory = (part: 'rss' | 'heapUsed' | 'heapTotal' | 'external') => process.memoryUsage()[part];
  const cpu = (part: 'user' | 'system') => process.cpuUsage()[part] / 1e6;
  const families: Family[] = [
    labelled('gauge', 'picket_build_info', 'Always 1; the labels say what runs.', () => [
      { labels: { version, role, node_version: process.version }, value: 1 },
    ]),
    plain(
      'gauge',
      'process_start_time_seconds',
      'Start of the process, Unix seconds.',
      () => startedWallMs / 1_000,
    ),
    plain(
      'counter',
      'process_cpu_seconds_total',
      'Processor time of the process.',
      () => cpu('user') + cpu('system'),
    ),
    plain('gauge', 'process_resident_memory_bytes', 'Memory of the process that is in RAM.', () =>
      memory('rss'),
    ),
    plain('gauge', 'nodejs_heap_size_used_bytes', 'Heap that is in use.', () => memory('heapUsed')),
    plain('gauge', 'nodejs_heap_size_total_bytes', 'Heap that was taken from the system.', () =>
      memory('heapTotal'),
    ),
    plain('gauge', 'nodejs_external_memory_bytes', 'Memory of buffers outside of the heap.', () =>
      memory('external'),
    ),
    plain(
      'gauge',
      'nodejs_eventloop_lag_p50_seconds',
      'Lateness of the event loop since the scrape before: half were at most this.',
      () => lag.p50,
    ),
    plain(
      'gauge',
      'nodejs_eventloop_lag_p99_seconds',
      'Lateness of the event loop since the scrape before: 99 of 100 were at most this.',
      () => lag.p99,
    ),
    plain(
      'gauge',
      'nodejs_eventloop_lag_max_seconds',
      'Greatest lateness of the event loop since the scrape before.',
      () => lag.max,
    ),
  ];
  return {
    families,
    async ask() {
      lag.p50 = late(delay.percentile(50));
      lag.p99 = late(delay.percentile(99));
      lag.max = late(delay.max);
      delay.reset();
    },
  };
}
