import { expect, test } from 'vitest';
import { ActorSystem, defineActor, type ExitReason, type Info, manualClock, type Ref } from './index.ts';

interface CounterProtocol {
  start: [from: number];
  call: { value(): number; later(): number; slow(wait: Promise<void>): number; fail(text: string): void };
  cast: { add(n: number): void; stop(reason: string): void; boom(): void };
}

const counter = defineActor<{ n: number; infos: Info[] }, CounterProtocol>({
  name: 'counter',
  init: (_self, from) => ({ n: from, infos: [] }),
  call: {
    value: (self) => self.state.n,
    later(self) {
      const reply = self.replyLater();
      self.after(100, 'answer', null);
      self.state.infos.push = () => {
        reply.answer(self.state.n);
        return 0;
      };
      return reply;
    },
    async slow(self, wait) {
      await wait;
      return self.state.n;
    },
    fail(_self, text) {
      throw new Error(text);
    },
  },
  cast: {
    add(self, n) {
      self.state.n += n;
    },
    stop: (self, reason) => self.stop(reason),
    boom() {
      throw new Error('boom');
    },
  },
  info(self, info) {
    self.state.infos.push(info);
  },
});

interface WatcherProtocol {
  start: [target: Ref, how: 'monitor' | 'link', trap: boolean];
  call: { infos(): Info[] };
  cast: Record<never, never>;
}

const watcher = defineActor<{ infos: Info[] }, WatcherProtocol>({
  name: 'watcher',
  init(self, target, how, trap) {
    self.trapExit = trap;
    if (how === 'monitor') self.monitor(target);
    else self.link(target);
    return { infos: [] };
  },
  call: { infos: (self) => self.state.infos },
  cast: {},
  info(self, info) {
    self.state.infos.push(info);
  },
});

function system(options: ConstructorParameters<typeof ActorSystem>[0] = {}) {
  const clock = manualClock();
  return { clock, system: new ActorSystem({ clock, node: 'n1', boot: 7, ...options }) };
}

test('a cast changes the state and a later call sees it', async () => {
  const { system: actors } = system();
  const ref = actors.spawn(counter, 5);
  expect(actors.cast(ref).add(2)).toBe(true);
  expect(await actors.call(ref).value()).toBe(7);
});

test('a call that is answered later keeps the mailbox going meanwhile', async () => {
  const { system: actors, clock } = system();
  const ref = actors.spawn(counter, 1);
  const answer = actors.call(ref).later();
  actors.cast(ref).add(1);
  await clock.advance(99);
  await clock.advance(10);
  expect(await answer).toBe(2);
});

test('async handlers run one at a time', async () => {
  const { system: actors, clock } = system();
  const ref = actors.spawn(counter, 1);
  let open = () => {};
  const first = actors.call(ref).slow(
    new Promise((resolve) => {
      open = resolve;
    }),
  );
  const second = actors.call(ref).value();
  let done = false;
  second.then(() => {
    done = true;
  });
  await clock.settle();
  expect(done).toBe(false);
  open();
  expect(await first).toBe(1);
  expect(await second).toBe(1);
});

test('a call without an answer ends at its deadline, and the late answer is dropped', async () => {
  const { system: actors, clock } = system();
  const ref = actors.spawn(counter, 1);
  let open = () => {};
  const slow = actors.call(ref, 1_000).slow(
    new Promise((resolve) => {
      open = resolve;
    }),
  );
  const outcome = slow.catch((error: Error) => error.message);
  await clock.advance(999);
  await clock.advance(5);
  expect(await outcome).toContain('call_timeout');
  open();
  await clock.settle();
  expect(await actors.call(ref).value()).toBe(1);
});

test('a call to an actor that is not there, or of an earlier boot, is refused at once', async () => {
  const { system: actors } = system();
  const ref = actors.spawn(counter, 1);
  actors.cast(ref).stop('normal');
  await expect(actors.call(ref).value()).rejects.toMatchObject({ code: 'no_actor' });
  const { system: later } = system({ boot: 8 });
  later.spawn(counter, 1);
  await expect(later.call(ref).value()).rejects.toMatchObject({ code: 'no_actor' });
  expect(later.cast(ref).add(1)).toBe(false);
  expect(later.counts().deadLetters).toBe(1);
});

test('a call that its handler fails rejects with the reason and ends the actor', async () => {
  const { system: actors } = system();
  const ref = actors.spawn(counter, 1);
  const ended = actors.ended(ref);
  await expect(actors.call(ref).fail('no luck')).rejects.toMatchObject({
    code: 'handler_failed',
    detail: 'no luck',
  });
  expect(await ended).toBe('crash');
});

test('calls that wait in the mailbox of an actor that ends are told', async () => {
  const { system: actors } = system();
  const ref = actors.spawn(counter, 1);
  actors.cast(ref).boom();
  const waiting = actors.call(ref).value();
  await expect(waiting).rejects.toMatchObject({ code: 'no_actor' });
});

test('names of methods that a definition does not own are refused', async () => {
  const { system: actors } = system();
  const ref = actors.spawn(counter, 1);
  for (const method of ['constructor', '__proto__', 'toString', 'nothing']) {
    await expect(actors.sendCall(ref, method, [], 100)).rejects.toMatchObject({ code: 'no_such_method' });
  }
  expect(await actors.call(ref).value()).toBe(1);
});

test.each<[ExitReason, string]>([
  ['normal', 'normal'],
  ['shutdown', 'shutdown'],
  ['odd', 'odd'],
])('a monitor is told that its actor ended with %s', async (reason, told) => {
  const { system: actors, clock } = system();
  const ref = actors.spawn(counter, 1);
  const watching = actors.spawn(watcher, ref, 'monitor', false);
  await clock.settle();
  actors.cast(ref).stop(reason);
  await clock.settle();
  expect(await actors.call(watching).infos()).toMatchObject([{ type: 'down', reason: told }]);
});

test('a monitor of an actor that is not there is told at once', async () => {
  const { system: actors, clock } = system();
  const ref = actors.spawn(counter, 1);
  actors.exit(ref, 'kill');
  const watching = actors.spawn(watcher, ref, 'monitor', false);
  await clock.settle();
  expect(await actors.call(watching).infos()).toMatchObject([{ type: 'down', reason: 'no_actor' }]);
});

test.each<[ExitReason, boolean, string]>([
  ['odd', false, 'dies'],
  ['odd', true, 'exit odd'],
  ['normal', false, 'lives'],
  ['normal', true, 'exit normal'],
])('a link of an actor that ends with %s, trapping %s: %s', async (reason, trap, outcome) => {
  const { system: actors, clock } = system();
  const ref = actors.spawn(counter, 1);
  const linked = actors.spawn(watcher, ref, 'link', trap);
  await clock.settle();
  actors.cast(ref).stop(reason);
  await clock.settle();
  const infos = await actors
    .call(linked, 10)
    .infos()
    .catch((error) => error.code);
  if (outcome === 'dies') expect(infos).toBe('no_actor');
  else if (outcome === 'lives') expect(infos).toEqual([]);
  else expect(infos).toMatchObject([{ type: 'exit', reason }]);
});

test('kill cannot be trapped and others see killed', async () => {
  const { system: actors, clock } = system();
  const ref = actors.spawn(counter, 1);
  const trapping = actors.spawn(watcher, ref, 'link', true);
  await clock.settle();
  const ended = actors.ended(trapping);
  actors.exit(trapping, 'kill');
  expect(await ended).toBe('killed');
  await expect(actors.call(ref).value()).rejects.toMatchObject({ code: 'no_actor' });
});

test('a handler that awaits past its death can send nothing and its signal has fired', async () => {
  const { system: actors, clock } = system();
  const target = actors.spawn(counter, 0);
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const outcomes: string[] = [];
  interface SleeperProtocol {
    start: [];
    call: Record<never, never>;
    cast: { go(): void };
  }
  const sleeper = actors.spawn(
    defineActor<null, SleeperProtocol>({
      name: 'sleeper',
      init: () => null,
      call: {},
      cast: {
        async go(self) {
          const { signal } = self;
          await gate;
          outcomes.push(`aborted ${signal.aborted}`);
          for (const act of [
            () => self.cast(target).add(1),
            () => self.spawn(counter, 1),
            () => self.monitor(target),
            () => self.after(1, 'x'),
            () => self.register('name'),
          ]) {
            try {
              act();
              outcomes.push('did');
            } catch (error) {
              outcomes.push((error as { code: string }).code);
            }
          }
          await self
            .call(target)
            .value()
            .catch((error) => outcomes.push(error.code));
        },
      },
    }),
  );
  actors.cast(sleeper).go();
  await clock.settle();
  actors.exit(sleeper, 'kill');
  open();
  await clock.settle();
  expect(outcomes).toEqual(['aborted true', ...Array(6).fill('actor_dead')]);
  expect(await actors.call(target).value()).toBe(0);
});

test.each([
  ['refuse', false, [0, 1]],
  ['drop_newest', true, [0, 1]],
  ['drop_oldest', true, [1, 2]],
] as const)('a full mailbox under the policy %s', async (whenFull, accepted, kept) => {
  const { system: actors, clock } = system();
  const seen: number[] = [];
  interface SinkProtocol {
    start: [];
    call: Record<never, never>;
    cast: { take(n: number): void };
  }
  const ref = actors.spawn(
    defineActor<null, SinkProtocol>({
      name: 'sink',
      mailboxMessagesMax: 2,
      whenFull,
      init: () => null,
      call: {},
      cast: {
        take(_self, n) {
          seen.push(n);
        },
      },
    }),
  );
  const answers = [0, 1, 2].map((n) => actors.cast(ref).take(n));
  expect(answers).toEqual([true, true, accepted]);
  await clock.settle();
  expect(seen).toEqual(kept);
  expect(actors.counts().refused).toBe(1);
});

test('a sender is not taken for a promise', async () => {
  const { system: actors } = system();
  const ref = actors.spawn(counter, 1);
  const sender = actors.cast(ref);
  expect(await sender).toBe(sender);
});

test('a local name finds its actor, is refused to a second one, and is free after the end', async () => {
  const { system: actors, clock } = system();
  interface NamedProtocol {
    start: [name: string];
    call: Record<never, never>;
    cast: Record<never, never>;
  }
  const named = defineActor<null, NamedProtocol>({
    name: 'named',
    init(self, name) {
      self.register(name);
      return null;
    },
    call: {},
    cast: {},
  });
  const first = actors.spawn(named, 'one');
  const second = actors.spawn(named, 'one');
  const ended = actors.ended(second);
  expect(await ended).toBe('crash');
  expect(actors.whereis('one')).toBe(first);
  actors.exit(first, 'kill');
  await clock.settle();
  expect(actors.whereis('one')).toBe(null);
});

test('actors that call each other without end leave the event loop its turns', async () => {
  const actors = new ActorSystem();
  const ref = actors.spawn(counter, 1);
  let calling = true;
  let calls = 0;
  const loop = (async () => {
    while (calling) {
      await actors.call(ref).value();
      calls += 1;
    }
  })();
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  calling = false;
  await loop;
  expect(calls).toBeGreaterThan(0);
});
