import { expect, test } from 'vitest';
import { ActorSystem, defineActor, manualClock, Ref } from './index.ts';

interface NoteProtocol {
  start: [trace: string[]];
  call: { where(): string };
  cast: { note(word: string): void; also(word: string): void };
}

const noter = defineActor<string[], NoteProtocol>({
  name: 'noter',
  init(_self, trace) {
    trace.push('init');
    return trace;
  },
  call: { where: (self) => self.ref.node },
  cast: {
    note: (self, word) => void self.state.push(word),
    also: (self, word) => void self.state.push(`also ${word}`),
  },
});

test('a ref of another system in the same process reaches nobody here, though its actor is alive', async () => {
  const [a, b] = [new ActorSystem({ node: 'a' }), new ActorSystem({ node: 'b' })];
  const trace: string[] = [];
  const ref = a.spawn(noter, trace);
  expect(await a.call(ref).where()).toBe('a');
  expect(b.cast(ref).note('stray')).toBe(false);
  await expect(b.call(ref).where()).rejects.toMatchObject({ code: 'node_down' });
  expect(trace).toEqual(['init']);
});

test('the ref of a start and one of the same address that came from elsewhere reach the same actor', async () => {
  const actors = new ActorSystem();
  const trace: string[] = [];
  const ref = actors.spawn(noter, trace);
  const copy = new Ref(ref.node, ref.boot, ref.id) as Ref<NoteProtocol>;
  expect(copy).toEqual(ref);
  actors.cast(ref).note('1');
  actors.cast(copy).note('2');
  await actors.call(copy).where();
  expect(trace).toEqual(['init', '1', '2']);
});

test('handlers are told apart by name, however their messages take turns', async () => {
  const actors = new ActorSystem();
  const trace: string[] = [];
  const ref = actors.spawn(noter, trace);
  for (const word of ['1', '2']) {
    actors.cast(ref).note(word);
    actors.cast(ref).also(word);
    // A call of that name is not there, nor is a cast of a call's name.
    (actors.cast(ref) as unknown as { where(): boolean }).where();
  }
  await expect((actors.call(ref) as unknown as { note(): Promise<void> }).note()).rejects.toMatchObject({
    code: 'no_such_method',
  });
  expect(trace).toEqual(['init', '1', 'also 1', '2', 'also 2']);
  expect(actors.counts().deadLetters).toBe(2);
});

test('an actor that is killed before its first turn never runs init, and messages that waited are dead letters', async () => {
  const clock = manualClock();
  const actors = new ActorSystem({ clock });
  const trace: string[] = [];
  const ref = actors.spawn(noter, trace);
  actors.cast(ref).note('1');
  actors.exit(ref, 'kill');
  await clock.settle();
  expect(trace).toEqual([]);
  expect(actors.counts()).toMatchObject({ actors: 0, deadLetters: 1 });
});

test('what an idle actor was told is counted, and one that was told nothing counts nothing', async () => {
  const clock = manualClock();
  const actors = new ActorSystem({ clock });
  const ref = actors.spawn(noter, []);
  await clock.settle();
  const cell = actors.find(ref)!;
  expect([cell.handled, cell.busyMs]).toEqual([0, 0]);
  actors.cast(ref).note('1');
  await clock.settle();
  expect([cell.handled, cell.busyMs]).toEqual([1, 0]);
});

test('a crash in init reports the shape of its arguments and not what they hold', async () => {
  const clock = manualClock();
  const logged: Readonly<Record<string, unknown>>[] = [];
  const actors = new ActorSystem({ clock, log: (_level, _message, fields) => logged.push(fields) });
  interface Failing {
    start: [secret: string];
    call: Record<never, never>;
    cast: Record<never, never>;
  }
  const failing = defineActor<null, Failing>({
    name: 'failing',
    init() {
      throw new Error('no');
    },
    call: {},
    cast: {},
  });
  actors.spawn(failing, 'hidden');
  await clock.settle();
  expect(logged).toMatchObject([{ during: 'init', arguments: '[string(6)]' }]);
});
