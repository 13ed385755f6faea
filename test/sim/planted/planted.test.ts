/**
 * The simulator tried: each planted fault is found by the history of its kept seed, which without the fault goes well. The
 * seeds are the first that find it; `find-planted.ts` finds them again when load or faults have changed.
 */
import { describe, expect, it } from 'vitest';
import { outsidePromises } from '../event-loop.ts';
import { runHistory } from '../history.ts';
import { plantedFaults } from './all.ts';
import { keptSeeds } from './kept-seeds.ts';

const withoutFault = new Map<number, readonly string[]>();

describe('a planted fault is found', () => {
  for (const { name, plant } of plantedFaults) {
    it(name, { timeout: 60_000 }, async () => {
      const seed = keptSeeds[name]!;
      const { failures } = await outsidePromises(() => runHistory({ seed, plant }));
      expect(failures, `seed ${seed} no longer shows it`).not.toEqual([]);
      const well = withoutFault.get(seed) ?? (await outsidePromises(() => runHistory({ seed }))).failures;
      withoutFault.set(seed, well);
      expect(well).toEqual([]);
    });
  }

  it('for each fault, and no seed is kept for one that is not there', () => {
    expect(Object.keys(keptSeeds).sort()).toEqual(plantedFaults.map(({ name }) => name).sort());
  });
});
