import { expect, test } from 'vitest';
import { defineActor } from './index.ts';
import { codeOf, gate, type ProbeProtocol, type ProbeSelf, probe, world } from './testing/probe.ts';

/** Runs `act` in an async handler after its actor was killed. */
async function afterDeath<T>(all: ReturnType<typeof world>, act: (self: ProbeSelf) => T | Promise<T>) {
  const ref = all.spawn();
  const { wait, open } = gate();
  const outcome = new Promise<T>((resolve) => {
    all.actors.cast(ref).tell(async (self) => {
      await wait;
      resolve(await act(self));
    });
  });
  await all.clock.settle();
  all.actors.exit(ref, 'kill');
  open();
  return await outcome;
}

test('a handler that awaits past the death of its actor can do nothing any more', async () => {
  const all = world();
  const notes: string[] = [];
  const target = all.spawn(notes);
  const acts: ((self: ProbeSelf) => unknown)[] = [
    (self) => self.cast(target).note('x'),
    (self) => self.call(target).ask(() => 1),
    (self) => self.spawn(probe),
    (self) => self.spawnLink(probe),
    (self) => self.startLink(probe),
    (self) => self.link(target),
    (self) => self.unlink(target),
    (self) => self.monitor(target),
    (self) => self.demonitor(1),
    (self) => self.exit(target, 'kill'),
    (self) => self.stop(),
    (self) => self.after(1, 'tag'),
    (self) => self.pipe(Promise.resolve(), 'tag'),
    (self) => self.replyLater(),
    (self) => self.register('name'),
    (self) => {
      self.trapExit = true;
    },
  ];
  for (const act of acts) {
    const code = await afterDeath(all, (self) => codeOf((async () => await act(self))()));
    expect(code).toBe('actor_dead');
  }
  expect(notes).toEqual([]);
  expect(all.actors.counts().actors).toBe(1);
});

test('the signal of an actor fires at its end, with actor_dead as the reason', async () => {
  const all = world();
  const seen = await afterDeath(all, (self) => [self.signal.aborted, self.signal.reason.code]);
  expect(seen).toEqual([true, 'actor_dead']);
});

test('the answer of a call handler that settles after its death reaches nobody', async () => {
  const { actors, clock, spawn } = world();
  const ref = spawn();
  const { wait, open } = gate();
  const outcome = codeOf(actors.call(ref).ask(() => wait.then(() => 'answer')));
  await clock.settle();
  actors.exit(ref, 'kill');
  expect(await outcome).toBe('no_actor');
  open();
  await clock.settle();
});

test('timers end with their actor', async () => {
  const { act, actors, clock, spawn } = world();
  const notes: string[] = [];
  const ref = spawn(notes);
  await act(ref, (self) => self.after(10, 'tag'));
  expect(actors.wheel.length).toBe(1);
  actors.exit(ref, 'kill');
  expect(actors.wheel.length).toBe(0);
  await clock.advance(20);
  expect(notes).toEqual([]);
});

test('a timer tells once, not before its time', async () => {
  const { act, clock, spawn } = world();
  const notes: string[] = [];
  const ref = spawn(notes);
  await act(ref, (self) => self.after(10, 'tag'));
  await clock.advance(9);
  expect(notes).toEqual([]);
  await clock.advance(100);
  expect(notes).toEqual(['timeout tag']);
});

test('a timer that is cancelled does not tell', async () => {
  const { act, clock, spawn } = world();
  const notes: string[] = [];
  const ref = spawn(notes);
  const timer = await act(ref, (self) => self.after(10, 'tag'));
  await act(ref, (self) => self.cancel(timer));
  await clock.advance(20);
  expect(notes).toEqual([]);
});

test('a timeout that is in the mailbox already is told after cancel', async () => {
  const { actors, clock, spawn } = world();
  const notes: string[] = [];
  const ref = spawn(notes);
  const { wait, open } = gate();
  actors.cast(ref).tell(async (self) => {
    const timer = self.after(10, 'tag');
    await wait;
    self.cancel(timer);
  });
  await clock.advance(20);
  open();
  await clock.settle();
  expect(notes).toEqual(['timeout tag']);
});

test('a piped promise is told with its value or its error, and the mailbox goes on meanwhile', async () => {
  const { act, actors, clock, spawn } = world();
  const notes: string[] = [];
  const ref = spawn(notes);
  const { wait, open } = gate();
  await act(ref, (self) => {
    self.pipe(
      wait.then(() => 'value'),
      'good',
    );
    self.pipe(
      wait.then(() => Promise.reject(new Error('no luck'))),
      'bad',
    );
  });
  actors.cast(ref).note('meanwhile');
  await clock.settle();
  open();
  await clock.settle();
  expect(notes).toEqual(['meanwhile', 'done good value', 'done bad no luck']);
});

test('a piped promise that settles after the end of its actor is dropped, a rejected one too', async () => {
  const { act, actors, clock, spawn } = world();
  const notes: string[] = [];
  const ref = spawn(notes);
  const { wait, open } = gate();
  await act(ref, (self) =>
    self.pipe(
      wait.then(() => Promise.reject(new Error('late'))),
      'tag',
    ),
  );
  actors.exit(ref, 'kill');
  open();
  await clock.settle();
  expect(notes).toEqual([]);
});

test('a name belongs to one actor and is refused to a second with name_taken', async () => {
  const { act, actors, spawn } = world();
  const first = spawn();
  await act(first, (self) => self.register('one'));
  const refused = await act(spawn(), (self) => codeOf((async () => self.register('one'))()));
  expect(refused).toBe('name_taken');
  expect(actors.whereis('one')).toBe(first);
});

test('a name is free when its actor has ended', async () => {
  const { act, actors, spawn } = world();
  const first = spawn();
  await act(first, (self) => self.register('one'));
  actors.exit(first, 'kill');
  const second = spawn();
  await act(second, (self) => self.register('one'));
  expect(actors.whereis('one')).toBe(second);
});

test('an actor has one name: a second one takes the place of the first', async () => {
  const { act, actors, spawn } = world();
  const ref = spawn();
  await act(ref, (self) => self.register('one'));
  await act(ref, (self) => self.register('two'));
  expect([actors.whereis('one'), actors.whereis('two')]).toEqual([null, ref]);
});

test('a crash report carries the method, shapes of arguments and state, and the path, never values', async () => {
  const { act, actors, clock, logs, spawn } = world();
  const parent = spawn();
  const child = await act(parent, (self) => self.spawn(probe, ['the secret state']));
  actors.sendCast(child, 'tell', ['a secret argument']);
  await clock.settle();
  const report = logs.find(({ message }) => message === 'actor crashed')!.fields;
  expect(report).toMatchObject({
    path: 'probe > probe',
    during: 'tell',
    arguments: '[string(17)]',
    state: '[string(16)]',
  });
  expect(JSON.stringify({ ...report, stack: '' })).not.toContain('secret');
  expect(actors.counts().crashes).toBe(1);
});

const failing = defineActor<string[], ProbeProtocol>({
  ...probe,
  init() {
    throw new Error('no luck');
  },
});

test('init that throws is a start_failed for the starter, and a crash', async () => {
  const { act, actors, spawn } = world();
  const trapping = spawn([], true);
  const code = await act(trapping, (self) => codeOf(self.startLink(failing)));
  expect(code).toBe('start_failed');
  expect(actors.counts().crashes).toBe(1);
});

test('init that throws ends a linked starter that does not trap', async () => {
  const { actors, clock, spawn } = world();
  const starter = spawn();
  const ended = actors.ended(starter);
  actors.cast(starter).tell((self) => void self.spawnLink(failing));
  await clock.settle();
  expect(await ended).toBe('crash');
});

test('stop lets the present handler finish', async () => {
  const { actors, isAlive, spawn } = world();
  const notes: string[] = [];
  const ref = spawn(notes);
  const answer = actors.call(ref).ask((self) => {
    self.stop('normal');
    self.state.push('finished');
    return 'answer';
  });
  expect(await answer).toBe('answer');
  expect(notes).toEqual(['finished', 'terminate normal']);
  expect(isAlive(ref)).toBe(false);
});

test('stop outside of a handler ends the actor, whatever its last message was', async () => {
  const { act, actors, clock, isAlive, spawn } = world();
  for (const last of ['ask', 'nothing']) {
    const ref = spawn();
    const { wait, open } = gate();
    await act(ref, (self) => void wait.then(() => self.stop('normal')));
    if (last === 'nothing') actors.sendCast(ref, last, []);
    await clock.settle();
    open();
    await clock.settle();
    expect(isAlive(ref)).toBe(false);
  }
});

test('terminate runs when an actor stops itself or crashes, never after kill', async () => {
  const { actors, clock, spawn } = world();
  const seen: string[][] = [];
  for (const how of ['stop', 'crash', 'kill']) {
    const notes: string[] = [];
    const ref = spawn(notes);
    await clock.settle();
    if (how === 'kill') actors.exit(ref, 'kill');
    actors.cast(ref).tell((self) => {
      if (how === 'crash') throw new Error('no luck');
      self.stop('odd');
    });
    await clock.settle();
    seen.push(notes);
  }
  expect(seen).toEqual([['terminate odd'], ['terminate crash'], []]);
});

test('terminate does not run when an actor that does not trap is ended by a signal', async () => {
  const { actors, clock, spawn } = world();
  const notes: string[] = [];
  const ref = spawn(notes);
  await clock.settle();
  actors.exit(ref, 'odd');
  await clock.settle();
  expect(notes).toEqual([]);
  expect(actors.find(ref)).toBe(null);
});

test('terminate that throws is logged and does not hold the end up', async () => {
  const { actors, clock, logs } = world();
  const bad = defineActor<string[], ProbeProtocol>({
    ...probe,
    terminate() {
      throw new Error('in terminate');
    },
  });
  const ref = actors.spawn(bad);
  await clock.settle();
  const ended = actors.ended(ref);
  actors.cast(ref).tell((self) => self.stop('odd'));
  expect(await ended).toBe('odd');
  expect(logs.some(({ message }) => message === 'terminate failed')).toBe(true);
});

test('a child that was spawned without a link outlives its parent', async () => {
  const { act, end, isAlive, spawn } = world();
  const parent = spawn();
  const child = await act(parent, (self) => self.spawn(probe));
  await end(parent, 'odd');
  expect(isAlive(child)).toBe(true);
});
