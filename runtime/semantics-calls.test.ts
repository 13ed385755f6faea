import { expect, test } from 'vitest';
import { type LaterReply, Ref } from './index.ts';
import { codeOf, gate, type Probe, world } from './testing/probe.ts';

test('a call to an actor that has ended fails with no_actor at once', async () => {
  const { actors, spawn } = world();
  const ref = spawn();
  actors.exit(ref, 'kill');
  expect(await codeOf(actors.call(ref).ask(() => 1))).toBe('no_actor');
});

test('a call to an actor that never was fails with no_actor at once', async () => {
  const { actors } = world();
  const ref = new Ref('n1', 7, 999) as Probe;
  expect(await codeOf(actors.call(ref).ask(() => 1))).toBe('no_actor');
});

test('a call to a ref of an earlier boot fails with no_actor at once', async () => {
  const { actors, spawn } = world();
  const { node, boot, id } = spawn();
  expect(await codeOf(actors.call(new Ref(node, boot - 1, id) as Probe).ask(() => 1))).toBe('no_actor');
});

test('a call to another node without a way to it fails with node_down at once', async () => {
  const { actors } = world();
  expect(await codeOf(actors.call(new Ref('n2', 1, 1) as Probe).ask(() => 1))).toBe('node_down');
});

test('a call that waits in the mailbox of an actor that ends is told no_actor', async () => {
  const { actors, spawn, clock } = world();
  const ref = spawn();
  await clock.settle();
  actors.cast(ref).tell((self) => self.stop('odd'));
  expect(await codeOf(actors.call(ref).ask(() => 1))).toBe('no_actor');
});

test('a call to an actor whose terminate is under way is told no_actor at its end', async () => {
  const { actors, clock, spawn } = world();
  const { wait, open } = gate();
  const ref = spawn();
  await clock.settle();
  const cell = actors.find(ref)!;
  Object.defineProperty(cell, 'definition', { value: { ...cell.definition, terminate: () => wait } });
  actors.cast(ref).tell((self) => self.stop('odd'));
  await clock.settle();
  let told: unknown = null;
  codeOf(actors.call(ref).ask(() => 1)).then((code) => {
    told = code;
  });
  await clock.settle();
  expect(told).toBe(null);
  open();
  await clock.settle();
  expect(told).toBe('no_actor');
});

test('a call to a busy actor ends at its deadline with call_timeout', async () => {
  const { actors, clock, spawn } = world();
  const ref = spawn();
  const { wait } = gate();
  actors.cast(ref).tell(() => wait);
  const outcome = codeOf(actors.call(ref, 100).ask(() => 1));
  await clock.advance(110);
  expect(await outcome).toBe('call_timeout');
});

test('a reply after the deadline is dropped', async () => {
  const { actors, clock, spawn } = world();
  const ref = spawn();
  const { wait, open } = gate();
  const outcomes: unknown[] = [];
  codeOf(actors.call(ref, 100).ask(() => wait.then(() => 'late'))).then((one) => outcomes.push(one));
  await clock.advance(110);
  open();
  await clock.settle();
  expect(outcomes).toEqual(['call_timeout']);
});

test('a call whose caller gave up is handled all the same', async () => {
  const { actors, clock, spawn } = world();
  const notes: string[] = [];
  const ref = spawn(notes);
  const { wait, open } = gate();
  actors.cast(ref).tell(() => wait);
  const outcome = codeOf(actors.call(ref, 100).ask((self) => self.state.push('handled')));
  await clock.advance(110);
  expect(await outcome).toBe('call_timeout');
  open();
  await clock.settle();
  expect(notes).toEqual(['handled']);
});

test('a call whose handler throws fails with handler_failed and ends the actor', async () => {
  const { actors, spawn } = world();
  const ref = spawn();
  const ended = actors.ended(ref);
  const failing = actors.call(ref).ask(() => {
    throw new Error('no luck');
  });
  await expect(failing).rejects.toMatchObject({ code: 'handler_failed', detail: 'no luck' });
  expect(await ended).toBe('crash');
});

test('a failed call that its caller does not catch ends the caller', async () => {
  const { actors, clock, spawn } = world();
  const gone = spawn();
  actors.exit(gone, 'kill');
  const caller = spawn();
  const ended = actors.ended(caller);
  actors.cast(caller).tell(async (self) => {
    await self.call(gone).ask(() => 1);
  });
  await clock.settle();
  expect(await ended).toBe('crash');
});

test('a call of a method that is not there fails with no_such_method and ends nobody', async () => {
  const { actors, spawn, isAlive } = world();
  const ref = spawn();
  expect(await codeOf(actors.sendCall(ref, 'nothing', [], 100))).toBe('no_such_method');
  expect(isAlive(ref)).toBe(true);
});

test('calls of one caller are handled in the order of their sending', async () => {
  const { actors, spawn } = world();
  const ref = spawn();
  const order: number[] = [];
  await Promise.all([1, 2, 3].map((n) => actors.call(ref).ask(() => order.push(n))));
  expect(order).toEqual([1, 2, 3]);
});

test('a reply that is given later leaves the mailbox open meanwhile', async () => {
  const { actors, spawn } = world();
  const ref = spawn();
  const replies: LaterReply[] = [];
  const later = actors.call(ref).ask((self) => {
    replies.push(self.replyLater());
    return replies[0];
  });
  expect(await actors.call(ref).ask(() => 'meanwhile')).toBe('meanwhile');
  replies[0]!.answer('then');
  expect(await later).toBe('then');
});

test('a reply that is given later is given once', async () => {
  const { actors, spawn } = world();
  const ref = spawn();
  const answer = actors.call(ref).ask((self) => {
    const reply = self.replyLater();
    reply.answer(1);
    reply.answer(2);
    reply.fail(new Error('three'));
    return reply;
  });
  expect(await answer).toBe(1);
});

test('a handler that asked for replyLater is not answered by what it returns', async () => {
  const { actors, clock, spawn } = world();
  const ref = spawn();
  let reply: LaterReply | null = null;
  let told: unknown = null;
  actors
    .call(ref)
    .ask((self) => {
      reply = self.replyLater();
      return 'returned';
    })
    .then((value) => {
      told = value;
    });
  await clock.settle();
  expect(told).toBe(null);
  reply!.answer('given');
  await clock.settle();
  expect(told).toBe('given');
});

test('a reply that is owed fails with no_actor when the actor ends', async () => {
  const { actors, clock, end, spawn } = world();
  const ref = spawn();
  const outcome = codeOf(actors.call(ref).ask((self) => self.replyLater()));
  await clock.settle();
  await end(ref, 'normal');
  expect(await outcome).toBe('no_actor');
});

test('replyLater outside of the handler of a call is refused', async () => {
  const { actors, clock, spawn } = world();
  const ref = spawn();
  let thrown: unknown = null;
  actors.cast(ref).tell((self) => {
    try {
      self.replyLater();
    } catch (error) {
      thrown = error;
    }
  });
  await clock.settle();
  expect(String(thrown)).toContain('only for the handler of a call');
});

test('a handler that kills its own actor leaves no caller waiting', async () => {
  const { actors, spawn } = world();
  const ref = spawn();
  expect(await codeOf(actors.call(ref).ask((self) => self.exit(self.ref, 'kill')))).toBe('no_actor');
});

test('an actor that awaits a call to itself waits for the deadline', async () => {
  const { actors, clock, spawn } = world();
  const ref = spawn();
  const outcome = actors.call(ref).ask((self) => codeOf(self.call(ref, 100).ask(() => 1)));
  await clock.advance(110);
  expect(await outcome).toBe('call_timeout');
});

test('a call that cannot be encoded fails with its error, once', async () => {
  const copy = (value: unknown) => structuredClone(value);
  const { actors, clock, spawn, isAlive } = world({ copy });
  const ref = spawn();
  await clock.settle();
  const stray: unknown[] = [];
  const note = (error: unknown) => stray.push(error);
  process.on('unhandledRejection', note);
  await expect(actors.call(ref, 100).ask(() => 1)).rejects.toThrow('could not be cloned');
  await clock.advance(200);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(stray).toEqual([]);
  expect(isAlive(ref)).toBe(true);
});

test('an answer that cannot be encoded fails its call and ends nobody', async () => {
  let isOn = false;
  const copy = (value: unknown) => (isOn ? structuredClone(value) : value);
  const { actors, spawn, isAlive } = world({ copy });
  const ref = spawn();
  const answer = actors.call(ref).ask(() => {
    isOn = true;
    return () => 'a function';
  });
  await expect(answer).rejects.toThrow('could not be cloned');
  isOn = false;
  expect(isAlive(ref)).toBe(true);
  expect(await actors.call(ref).ask(() => 'goes on')).toBe('goes on');
});
