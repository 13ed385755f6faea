/** Fifty histories of the real cluster with every fault that the simulator knows, and the promise that a seed repeats. */
import { describe, expect, it } from 'vitest';
import { outsidePromises } from './event-loop.ts';
import { type HistoryReport, runHistory } from './history.ts';

const seedsInTest = 50;

function told(report: HistoryReport): string {
  return [`seed ${report.seed}, trace ${report.hash}`, ...report.failures].join('\n');
}

describe('a simulated cluster', () => {
  it('keeps its promises in fifty histories', { timeout: 300_000 }, async () => {
    for (let seed = 1; seed <= seedsInTest; seed += 1) {
      const report = await outsidePromises(() => runHistory({ seed }));
      expect(report.failures, told(report)).toEqual([]);
      // A history in which nothing happened proves nothing.
      expect(report.counts.answered).toBeGreaterThan(100);
      expect(report.counts.names).toBeGreaterThan(20);
      expect(report.counts.downs).toBeGreaterThan(0);
    }
  });

  it('goes the same way again from the same seed, and another way from another', async () => {
    const [first, again, other] = [7, 7, 8].map((seed) => () => runHistory({ seed }));
    const { hash, events } = await outsidePromises(first!);
    const repeated = await outsidePromises(again!);
    expect([repeated.hash, repeated.events]).toEqual([hash, events]);
    expect((await outsidePromises(other!)).hash).not.toBe(hash);
  });
});
