import { expect, test } from 'vitest';
import type { Cluster } from '../cluster/index.ts';
import { ActorSystem, defineActor, manualClock, type Ref } from '../runtime/index.ts';
import { doorRowsPerSMax } from './limits.ts';
import type { SchedulerProtocol } from './messages.ts';
import { pollerDoor } from './poller-door.ts';
import type { ResultRow } from './ports/check.ts';

const row: ResultRow = {
  ...{ checkId: 'c', dueAtMs: 1, startedAtMs: 1, latencyMs: 1, status: 'success' },
  ...{ reason: null, agent: null, poller: null },
};

function stage() {
  const clock = manualClock();
  const actors = new ActorSystem({ clock, node: 'core_1', boot: 1 });
  let rows = 0;
  const scheduler = actors.spawn(
    defineActor<null, Pick<SchedulerProtocol, 'call' | 'cast'> & { start: [] }>({
      name: 'scheduler',
      init: () => null,
      call: { totals: () => ({}) as never, due: () => null, runNow: () => null },
      cast: {
        added() {},
        removed() {},
        changed() {},
        restored() {},
        terms() {},
        results(_self, told) {
          rows += told.length;
        },
        notRun() {},
        pollersChanged() {},
        agentNamed() {},
      },
    }),
  ) as Ref as Ref<SchedulerProtocol>;
  const keys: unknown[] = [];
  const cluster = { names: { register: (key: unknown) => keys.push(key) } } as unknown as Cluster;
  const door = actors.spawn(pollerDoor({ cluster }), 't', scheduler);
  const told = async (value: unknown) => {
    actors.cast(door).results(value as ResultRow[]);
    await clock.advance(1);
    return rows;
  };
  return { clock, actors, keys, told };
}

test('what is no row does not come in, and ends nothing', async () => {
  const { actors, told, keys } = stage();
  for (const value of [null, 5, 'x', {}, [null], [{ ...row, status: {} }]]) expect(await told(value)).toBe(0);
  expect(await told([row, 1, row])).toBe(2);
  expect(actors.counts().crashes).toBe(0);
  expect(keys).toEqual([{ tenant: 't', partition: 'default', kind: 'poller_door', id: 't' }]);
});

test('so many rows in a second and no more, rubbish among them', async () => {
  const { clock, told } = stage();
  const many = Array.from({ length: doorRowsPerSMax + 500 }, () => row);
  expect(await told(many)).toBe(doorRowsPerSMax);
  expect(await told(many.slice(0, 100))).toBeLessThan(doorRowsPerSMax + 20);
  await clock.advance(2_000);
  const before = await told([]);
  await told(Array.from({ length: doorRowsPerSMax }, () => 'rubbish'));
  expect(await told([row])).toBeLessThanOrEqual(before + 1);
});
