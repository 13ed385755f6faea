import { expect, test } from 'vitest';
import {
  ActorSystem,
  childOf,
  defineActor,
  manualClock,
  Recorder,
  type Ref,
  readRecord,
  replay,
  supervisionForm,
  supervisor,
  takeRecord,
} from './index.ts';

const secret = 'hunter2';

const worker = defineActor<
  null,
  {
    start: [broken: () => boolean];
    call: Record<never, never>;
    cast: { fail(): void; end(reason: string): void };
  }
>({
  name: 'worker',
  init(_self, broken) {
    if (broken()) throw new Error(`cannot start with ${secret}`);
    return null;
  },
  call: {},
  cast: {
    fail() {
      throw new Error(`cannot handle ${secret}`);
    },
    end: (self, reason) => self.stop(reason),
  },
});

async function world() {
  const clock = manualClock();
  const system = new ActorSystem({ clock, node: 'core_1', boot: 7 });
  system.recorder = new Recorder({ node: 'core_1', boot: 7, clock });
  let broken = false;
  const top = system.spawn(
    supervisor({ name: 'top', restartsMax: 2, withinMs: 5_000 }, [
      { id: 'steady', start: childOf(worker, () => false) },
      { id: 'shaky', start: childOf(worker, () => broken) },
    ]),
  );
  await clock.settle();
  const shaky = async () =>
    (await system.call(top).children()).find(({ id }) => id === 'shaky')!.ref as Ref<{
      start: [];
      call: Record<never, never>;
      cast: { fail(): void; end(reason: string): void };
    }>;
  const taken = () => takeRecord(system.recorder!);
  const told = (explain?: string) =>
    replay(readRecord(taken()), [supervisionForm], explain === undefined ? {} : { explain });
  const breakStarts = () => {
    broken = true;
  };
  return { clock, system, top, shaky, taken, told, breakStarts };
}

test('a replay makes the decisions of a supervisor again, and tells why a child was started again', async () => {
  const { clock, system, shaky, taken, told } = await world();
  system.cast(await shaky()).fail();
  await clock.settle();
  system.cast(await shaky()).end(`a sentence with ${secret}`);
  await clock.settle();
  const { mismatches, decisions, counts } = told();
  expect(mismatches).toEqual([]);
  expect(counts).toMatchObject({ machines: 1, notStepped: 0, leftOut: 0 });
  expect(decisions.map(({ machine, text }) => `${machine.split('/')[1]} ${text}`)).toEqual([
    'top starts steady: the supervisor begins',
    'top starts shaky: steady runs',
    'top all children run',
    'top starts shaky: shaky ended (crash)',
    'top starts shaky: shaky ended (redacted)',
  ]);
  expect(told('shaky').reasons.map(({ text }) => text)).toEqual([
    'starts shaky: steady runs',
    'shaky runs',
    'shaky ended (crash), restarts so far 1',
    'starts shaky: shaky ended (crash)',
    'shaky runs, restarts so far 1',
    'shaky ended (redacted), restarts so far 2',
    'starts shaky: shaky ended (redacted)',
    'shaky runs, restarts so far 2',
  ]);
  expect(taken().join('\n')).not.toContain(secret);
});

test('a supervisor that gives up is replayed to its end, and no error text is in the record', async () => {
  const { clock, system, shaky, taken, told, breakStarts } = await world();
  breakStarts();
  system.cast(await shaky()).fail();
  await clock.advance(100);
  const { mismatches, decisions, reasons } = told('shaky');
  expect(mismatches).toEqual([]);
  expect(decisions.at(-1)!.text).toBe('ends: too many restarts in its window (intensity)');
  expect(reasons.at(-1)!.text).toBe('its supervisor ends: too many restarts in its window (intensity)');
  expect(taken().join('\n')).not.toContain(secret);
});

test('without a recorder a supervisor decides the same', async () => {
  const clock = manualClock();
  const system = new ActorSystem({ clock });
  const top = system.spawn(supervisor({ name: 'top' }, [{ id: 'a', start: childOf(worker, () => false) }]));
  await clock.settle();
  expect(await system.call(top).children()).toMatchObject([{ id: 'a', phase: 'running' }]);
});
