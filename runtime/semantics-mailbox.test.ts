import { expect, test } from 'vitest';
import { defineActor, Ref, type WhenFull } from './index.ts';
import { deadLettersLoggedPerS } from './limits.ts';
import { codeOf, gate, type Probe, type ProbeProtocol, probe, world } from './testing/probe.ts';

/** A probe with two places that is busy until `open`. */
async function full(whenFull: WhenFull) {
  const all = world();
  const notes: string[] = [];
  const { wait, open } = gate();
  const small = defineActor<string[], ProbeProtocol>({ ...probe, mailboxMessagesMax: 2, whenFull });
  const ref = all.actors.spawn(small, notes);
  await all.clock.settle();
  all.actors.cast(ref).tell(() => wait);
  await all.clock.settle();
  return { ...all, ref, notes, open };
}

test('a full mailbox under refuse answers false to a cast and mailbox_full to a call', async () => {
  const { actors, clock, ref, notes, open } = await full('refuse');
  expect([1, 2, 3].map((n) => actors.cast(ref).note(n))).toEqual([true, true, false]);
  expect(await codeOf(actors.call(ref).ask(() => 1))).toBe('mailbox_full');
  open();
  await clock.settle();
  expect(notes).toEqual(['1', '2']);
});

test('a full mailbox under drop_oldest gives up the oldest message, and tells its caller', async () => {
  const { actors, clock, ref, notes, open } = await full('drop_oldest');
  const oldest = codeOf(actors.call(ref).ask(() => 1));
  expect([1, 2, 3].map((n) => actors.cast(ref).note(n))).toEqual([true, true, true]);
  expect(await oldest).toBe('mailbox_full');
  open();
  await clock.settle();
  expect(notes).toEqual(['2', '3']);
});

test('a full mailbox under drop_newest takes nothing more and says nothing to a cast', async () => {
  const { actors, clock, ref, notes, open } = await full('drop_newest');
  expect([1, 2, 3].map((n) => actors.cast(ref).note(n))).toEqual([true, true, true]);
  open();
  await clock.settle();
  expect(notes).toEqual(['1', '2']);
});

test('what full mailboxes did not keep is counted by policy', async () => {
  for (const policy of ['refuse', 'drop_oldest', 'drop_newest'] as const) {
    const { actors, ref } = await full(policy);
    for (const n of [1, 2, 3, 4, 5]) actors.cast(ref).note(n);
    const none = { refuse: 0, drop_oldest: 0, drop_newest: 0 };
    expect(actors.counts()).toMatchObject({ refused: 3, full: { ...none, [policy]: 3 } });
  }
});

test('a full mailbox takes system messages', async () => {
  const { actors, clock, ref, notes, open, spawn } = await full('refuse');
  const watched = spawn();
  actors.relations.monitor(actors.find(ref)!, watched);
  for (const n of [1, 2, 3]) actors.cast(ref).note(n);
  actors.exit(watched, 'kill');
  open();
  await clock.settle();
  expect(notes).toEqual(['down killed', '1', '2']);
});

test('system messages go before user messages that wait', async () => {
  const { act, actors, clock, spawn } = world();
  const notes: string[] = [];
  const ref = spawn(notes);
  const { wait, open } = gate();
  await act(ref, (self) => self.after(5, 'tag'));
  actors.cast(ref).tell(() => wait);
  actors.cast(ref).note('sent first');
  await clock.advance(10);
  open();
  await clock.settle();
  expect(notes).toEqual(['timeout tag', 'sent first']);
});

test('messages of one sender to one receiver keep their order', async () => {
  const { act, clock, spawn } = world();
  const notes: string[] = [];
  const to = spawn(notes);
  const from = spawn();
  await act(from, (self) => {
    for (let n = 0; n < 1_000; n += 1) self.cast(to).note(n);
  });
  await clock.settle();
  expect(notes).toEqual(Array.from({ length: 1_000 }, (_, n) => String(n)));
});

test('a handler that awaits holds the next message back: one at a time', async () => {
  const { actors, clock, spawn } = world();
  const notes: string[] = [];
  const ref = spawn(notes);
  const { wait, open } = gate();
  actors.cast(ref).tell(async (self) => {
    self.state.push('begin');
    await wait;
    self.state.push('end');
  });
  actors.cast(ref).note('next');
  await clock.settle();
  expect(notes).toEqual(['begin']);
  open();
  await clock.settle();
  expect(notes).toEqual(['begin', 'end', 'next']);
});

test('a cast to an actor that has ended is false and a dead letter', async () => {
  const { actors, spawn } = world();
  const ref = spawn();
  actors.exit(ref, 'kill');
  expect(actors.cast(ref).note(1)).toBe(false);
  expect(actors.counts().deadLetters).toBe(1);
});

test('a cast to a ref of an earlier boot is false and a dead letter', async () => {
  const { actors, spawn } = world();
  const { node, boot, id } = spawn();
  expect(actors.cast(new Ref(node, boot - 1, id) as Probe).note(1)).toBe(false);
  expect(actors.counts().deadLetters).toBe(1);
});

test('casts that wait in the mailbox of an actor that ends are dead letters', async () => {
  const { actors, clock, spawn } = world();
  const ref = spawn();
  await clock.settle();
  actors.cast(ref).tell((self) => self.stop('normal'));
  actors.cast(ref).note(1);
  actors.cast(ref).note(2);
  await clock.settle();
  expect(actors.counts().deadLetters).toBe(2);
});

test('a cast of a method that is not there is a dead letter and ends nobody', async () => {
  const { actors, clock, isAlive, spawn } = world();
  const ref = spawn();
  actors.sendCast(ref, 'nothing', []);
  await clock.settle();
  expect(actors.counts().deadLetters).toBe(1);
  expect(isAlive(ref)).toBe(true);
});

test('dead letters are counted always and logged at most so many times in a second', async () => {
  const { actors, clock, logs, spawn } = world();
  const ref = spawn();
  actors.exit(ref, 'kill');
  for (let n = 0; n < 100; n += 1) actors.cast(ref).note(n);
  expect(actors.counts().deadLetters).toBe(100);
  expect(logs.filter(({ message }) => message === 'dead letter')).toHaveLength(deadLettersLoggedPerS);
  await clock.advance(1_000);
  actors.cast(ref).note(1);
  expect(logs.at(-1)).toMatchObject({ message: 'dead letter', fields: { total: 101, method: 'note' } });
});

test('a message that names what every object inherits finds no method', async () => {
  const { actors, spawn } = world();
  const ref = spawn();
  for (const method of ['constructor', '__proto__', 'toString']) {
    expect(await codeOf(actors.sendCall(ref, method, [], 100))).toBe('no_such_method');
  }
});

test('messages that come before init has ended wait for it', async () => {
  const { actors, clock } = world();
  const notes: string[] = [];
  const { wait, open } = gate();
  const slow = defineActor<string[], ProbeProtocol>({
    ...probe,
    async init() {
      await wait;
      notes.push('init');
      return notes;
    },
  });
  const ref = actors.spawn(slow);
  actors.cast(ref).note('message');
  await clock.settle();
  expect(notes).toEqual([]);
  open();
  await clock.settle();
  expect(notes).toEqual(['init', 'message']);
});

test('a system message without a handler for it is dropped', async () => {
  const { actors, clock } = world();
  const { info: _, ...deaf } = probe;
  const ref = actors.spawn(defineActor<string[], ProbeProtocol>(deaf));
  await actors.call(ref).ask((self) => self.after(1, 'tag'));
  await clock.advance(5);
  expect(await actors.call(ref).ask(() => 'lives')).toBe('lives');
});

test('a local message is handed over as it is, not copied', async () => {
  const { actors, clock, spawn } = world();
  const ref = spawn();
  const value = { n: 1 };
  const seen: unknown[] = [];
  actors.cast(ref).tell(() => seen.push(value) as never);
  await clock.settle();
  expect(seen[0]).toBe(value);
});

test('an actor with many messages leaves others their turns', async () => {
  const { actors, clock, spawn } = world();
  const order: string[] = [];
  const busy = spawn();
  const other = spawn();
  await clock.settle();
  for (let n = 0; n < 1_000; n += 1) actors.cast(busy).tell(() => void order.push('busy'));
  actors.cast(other).tell(() => void order.push('other'));
  await clock.settle();
  expect(order).toHaveLength(1_001);
  expect(order.indexOf('other')).toBeLessThan(300);
});
