import { expect, test } from 'vitest';
import { manualClock } from '../runtime/index.ts';
import { exportEveryMs, exportLastMs, spansBatchMax, spansQueuedMax } from './limits.ts';
import { spanExporter } from './span-exporter.ts';
import type { EndedSpan } from './tracer.ts';

const span: EndedSpan = {
  ...{ trace: 'a', span: 'b', parent: null, isParentRemote: false, kind: 'server', name: 'n' },
  ...{ startedWallMs: 0, tookMs: 1, facts: {}, error: null },
};

function scene(send: (spans: readonly EndedSpan[]) => Promise<void>) {
  const clock = manualClock();
  const said: string[] = [];
  const exporter = spanExporter(send, clock, (_level, message) => void said.push(message));
  return { clock, said, exporter };
}

test('spans go out in batches, a moment after the first', async () => {
  const batches: number[] = [];
  const { clock, exporter } = scene(async (spans) => void batches.push(spans.length));
  for (let count = 0; count < spansBatchMax + 3; count += 1) exporter.take(span);
  expect(batches).toEqual([]);
  await clock.advance(exportEveryMs);
  expect([batches, exporter.exported, exporter.queued]).toEqual([[spansBatchMax, 3], spansBatchMax + 3, 0]);
});

test('a collector that hangs costs the queue and no more: what has no place is dropped and counted', async () => {
  const { clock, exporter } = scene(() => new Promise(() => {}));
  exporter.take(span);
  await clock.advance(exportEveryMs);
  for (let count = 0; count < spansQueuedMax + 5; count += 1) exporter.take(span);
  expect([exporter.queued, exporter.dropped]).toEqual([spansQueuedMax, 5]);
  let closed = false;
  const closing = exporter.close().then(() => {
    closed = true;
  });
  await clock.advance(exportLastMs);
  await closing;
  expect(closed).toBe(true);
});

test('a collector that is away is told of once, and once when it is back', async () => {
  let isAway = true;
  const { clock, said, exporter } = scene(async () => {
    if (isAway) throw new Error('ECONNREFUSED');
  });
  for (const away of [true, true, false, false]) {
    isAway = away;
    exporter.take(span);
    await clock.advance(exportEveryMs);
  }
  expect(said).toEqual(['the trace collector takes no spans', 'the trace collector takes spans again']);
  expect([exporter.exported, exporter.dropped]).toEqual([2, 2]);
});
