import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ActorSystem,
  childOf,
  defineActor,
  manualClock,
  type Ref,
  type Strategy,
  supervisor,
} from './index.ts';
import { type SupervisionEvent, supervise, supervision } from './supervision.ts';

interface WorkerProtocol {
  start: [id: string, log: string[]];
  call: { ping(): string };
  cast: { end(reason: string): void };
}

const worker = defineActor<string, WorkerProtocol>({
  name: 'worker',
  trapExit: true,
  init(_self, id, log) {
    log.push(`start ${id}`);
    return id;
  },
  call: { ping: (self) => self.state },
  cast: { end: (self, reason) => self.stop(reason) },
  terminate() {},
});

function tree(strategy: Strategy, restarts: 'permanent' | 'transient' | 'temporary' = 'permanent') {
  const clock = manualClock();
  const actors = new ActorSystem({ clock });
  const log: string[] = [];
  const top = actors.spawn(
    supervisor(
      { name: 'top', strategy },
      ['a', 'b', 'c'].map((id) => ({ id, restart: restarts, start: childOf(worker, id, log) })),
    ),
  );
  const child = async (id: string) =>
    (await actors.call(top).children()).find((info) => info.id === id)!.ref as Ref<WorkerProtocol>;
  return { clock, actors, log, top, child };
}

test.each<[Strategy, string[]]>([
  ['one_for_one', ['b']],
  ['one_for_all', ['a', 'b', 'c']],
  ['rest_for_one', ['b', 'c']],
])('%s restarts what it should, in order', async (strategy, restarted) => {
  const { clock, actors, log, child } = tree(strategy);
  await clock.settle();
  expect(log).toEqual(['start a', 'start b', 'start c']);
  actors.cast(await child('b')).end('odd');
  await clock.settle();
  expect(log.slice(3)).toEqual(restarted.map((id) => `start ${id}`));
  expect(await actors.call(await child('c')).ping()).toBe('c');
});

test.each([
  ['permanent', 'normal', true],
  ['permanent', 'odd', true],
  ['transient', 'normal', false],
  ['transient', 'odd', true],
  ['temporary', 'odd', false],
] as const)('a %s child that ends with %s is restarted: %s', async (restart, reason, again) => {
  const { clock, actors, log, child } = tree('one_for_one', restart);
  await clock.settle();
  actors.cast(await child('b')).end(reason);
  await clock.settle();
  expect(log.length).toBe(again ? 4 : 3);
});

test('too many restarts in the window end the supervisor and its children', async () => {
  const { clock, actors, top, child } = tree('one_for_one');
  await clock.settle();
  const ended = actors.ended(top);
  const other = await child('a');
  for (let round = 0; round < 4; round += 1) {
    actors.cast(await child('b')).end('odd');
    await clock.settle();
  }
  expect(await ended).toBe('intensity');
  await expect(actors.call(other).ping()).rejects.toMatchObject({ code: 'no_actor' });
});

test('a child that does not stop in its time is killed', async () => {
  const clock = manualClock();
  const actors = new ActorSystem({ clock });
  interface StubbornProtocol {
    start: [];
    call: Record<never, never>;
    cast: Record<never, never>;
  }
  const stubborn = defineActor<null, StubbornProtocol>({
    name: 'stubborn',
    trapExit: true,
    init: () => null,
    call: {},
    cast: {},
    terminate: () => new Promise(() => {}),
  });
  const top = actors.spawn(
    supervisor({ name: 'top' }, [{ id: 's', shutdownMs: 50, start: childOf(stubborn) }]),
  );
  await clock.settle();
  const [info] = await actors.call(top).children();
  const ended = actors.ended(info!.ref!);
  actors.exit(top, 'shutdown');
  await clock.advance(60);
  expect(await ended).toBe('killed');
});

test('children that come and go by id', async () => {
  const clock = manualClock();
  const actors = new ActorSystem({ clock });
  const log: string[] = [];
  const top = actors.spawn(
    supervisor({ name: 'top', make: (id) => ({ id, start: childOf(worker, id, log) }) }, []),
  );
  const ref = (await actors.call(top).startChild('x')) as Ref<WorkerProtocol>;
  expect(await actors.call(ref).ping()).toBe('x');
  expect(await actors.call(top).startChild('x')).toBe(ref);
  expect(await actors.call(top).stopChild('x')).toBe(true);
  await clock.settle();
  expect(await actors.call(top).children()).toEqual([]);
  expect(await actors.call(top).stopChild('x')).toBe(false);
});

test('a spec that cannot be is refused before anything starts', () => {
  const log: string[] = [];
  const spec = { id: 'a', start: childOf(worker, 'a', log) };
  expect(() => supervisor({ name: 'top' }, [spec, spec])).toThrow('two children');
  expect(() => supervisor({ name: 'top' }, [{ ...spec, shutdownMs: Number.NaN }])).toThrow('shutdownMs');
  expect(log).toEqual([]);
});

test('whatever order children end in, one effect is under way at a time and an ended supervisor has no running child', () => {
  const ids = ['a', 'b', 'c'];
  fc.assert(
    fc.property(
      fc.constantFrom<Strategy>('one_for_one', 'one_for_all', 'rest_for_one'),
      fc.array(
        fc.record({
          id: fc.constantFrom(...ids),
          act: fc.constantFrom('exit', 'fail', 'answer', 'shutdown'),
        }),
        {
          maxLength: 40,
        },
      ),
      (strategy, acts) => {
        let state = supervision(
          { strategy, restartsMax: 3, withinMs: 1_000 },
          ids.map((id) => ({ id, restart: 'permanent' as const })),
        );
        let nowMs = 0;
        let ended = false;
        const underWay = new Map<string, string>();
        const running = new Set<string>();
        const apply = (event: SupervisionEvent) => {
          const decision = supervise(state, event);
          state = decision.state;
          for (const effect of decision.effects) {
            expect(ended).toBe(false);
            if (effect.type === 'start' || effect.type === 'stop') {
              expect(underWay.size).toBe(0);
              expect(running.has(effect.id)).toBe(effect.type === 'stop');
              underWay.set(effect.id, effect.type);
            }
            if (effect.type === 'end') {
              ended = true;
              expect([...running]).toEqual([]);
            }
          }
        };
        apply({ type: 'begin' });
        for (const { id, act } of acts) {
          nowMs += 100;
          if (ended) break;
          const [working] = underWay.keys();
          if (act === 'shutdown') apply({ type: 'shutdown', reason: 'shutdown' });
          else if (act === 'exit' && running.has(id)) {
            running.delete(id);
            underWay.delete(id);
            apply({ type: 'exited', id, reason: 'odd', nowMs });
          } else if (working !== undefined && (act === 'answer' || act === 'fail')) {
            const what = underWay.get(working);
            underWay.delete(working);
            if (what === 'stop') {
              running.delete(working);
              apply({ type: 'exited', id: working, reason: 'shutdown', nowMs });
            } else if (act === 'fail') apply({ type: 'start_failed', id: working, detail: 'x', nowMs });
            else {
              running.add(working);
              apply({ type: 'started', id: working });
            }
          }
        }
      },
    ),
  );
});
