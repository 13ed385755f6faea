import { expect, test } from 'vitest';
import type { Cluster } from '../cluster/index.ts';
import { ActorSystem, manualClock } from '../runtime/index.ts';
import { archivedLookMs, rollupEveryMs, tendEveryMs } from './limits.ts';
import type { ArchiveStore } from './ports/archive-store.ts';
import type { TelemetryStore } from './ports/telemetry-store.ts';
import { upkeep } from './upkeep.ts';

function stage(hasArchive = false) {
  const clock = manualClock();
  const actors = new ActorSystem({ clock, node: 'core_1', boot: 1 });
  const done: string[] = [];
  const world = { epoch: null as number | null, more: 0, isAway: false };
  const telemetry: TelemetryStore = {
    async tend() {
      done.push('tend');
      return { made: [], moved: [], dropped: [], failed: [] };
    },
    async roll() {
      if (world.isAway) throw new Error('away');
      done.push('roll');
      world.more -= 1;
      return { rolledToMs: 0, more: world.more > 0 };
    },
    rollups: async () => [],
  };
  const coordination = { mine: () => world.epoch } as unknown as Cluster['coordination'];
  const archive: ArchiveStore = {
    async purge(keptMs) {
      done.push(`purge ${keptMs / 86_400_000} d`);
      return { checks: 1, devices: 0, rows: 3, failed: [] };
    },
  };
  actors.spawn(upkeep({ cluster: { coordination }, telemetry, archive: hasArchive ? archive : null }));
  const advance = async (ms: number) => {
    await clock.advance(ms);
    for (let k = 0; k < 20; k += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { advance, done, world };
}

test('a core that does not coordinate rolls and drops nothing; once it does, it tends first, then rolls', async () => {
  const { advance, done, world } = stage();
  await advance(10 * rollupEveryMs);
  expect(done).toEqual([]);
  world.epoch = 7;
  await advance(rollupEveryMs);
  expect(done).toEqual(['tend', 'roll']);
  await advance(rollupEveryMs);
  expect(done).toEqual(['tend', 'roll', 'roll']);
  world.epoch = null;
  await advance(10 * rollupEveryMs);
  expect(done.length).toBe(3);
});

test('what is behind is caught up without a pause', async () => {
  const { advance, done, world } = stage();
  world.epoch = 1;
  world.more = 5;
  await advance(rollupEveryMs);
  expect(done).toEqual(['tend', 'roll', 'roll', 'roll', 'roll', 'roll']);
});

test('a database that is away is tried again, and partitions are tended from time to time', async () => {
  const { advance, done, world } = stage();
  world.epoch = 1;
  world.isAway = true;
  await advance(rollupEveryMs);
  await advance(rollupEveryMs);
  expect(done).toEqual(['tend']);
  world.isAway = false;
  await advance(rollupEveryMs);
  expect(done).toEqual(['tend', 'roll']);
  await advance(tendEveryMs);
  expect(done.filter((what) => what === 'tend').length).toBe(2);
});

test('what was archived long ago is removed by the one that coordinates, and looked for from time to time', async () => {
  const { advance, done, world } = stage(true);
  await advance(rollupEveryMs);
  expect(done).toEqual([]);
  world.epoch = 1;
  await advance(rollupEveryMs);
  expect(done).toEqual(['tend', 'purge 30 d', 'roll']);
  await advance(archivedLookMs);
  expect(done.filter((what) => what === 'purge 30 d').length).toBe(2);
});
