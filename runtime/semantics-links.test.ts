import { expect, test } from 'vitest';
import { gate, type Probe, probe, world } from './testing/probe.ts';

/** Two probes, the first linked to the second. */
async function pair(trap = false) {
  const all = world();
  const notes: string[] = [];
  const other = all.spawn();
  const linked = all.spawn(notes, trap);
  await all.act(linked, (self) => self.link(other));
  return { ...all, notes, linked, other };
}

test('an actor that ends abnormally ends the actors linked to it', async () => {
  const { end, isAlive, linked, other, actors } = await pair();
  const ended = actors.ended(linked);
  await end(other, 'odd');
  expect(isAlive(linked)).toBe(false);
  expect(await ended).toBe('odd');
});

test('a link works both ways, whoever made it', async () => {
  const { end, isAlive, linked, other } = await pair();
  await end(linked, 'odd');
  expect(isAlive(other)).toBe(false);
});

test('an actor that ends normally leaves the actors linked to it alone', async () => {
  const { end, isAlive, linked, other, notes } = await pair();
  await end(other, 'normal');
  expect(isAlive(linked)).toBe(true);
  expect(notes).toEqual([]);
});

test('shutdown passes over a link like any abnormal reason', async () => {
  const { end, isAlive, linked, other } = await pair();
  await end(other, 'shutdown');
  expect(isAlive(linked)).toBe(false);
});

test('a trapping actor is told the reason of a linked end and lives', async () => {
  const { end, isAlive, linked, other, notes } = await pair(true);
  await end(other, 'odd');
  expect(notes).toEqual(['exit odd']);
  expect(isAlive(linked)).toBe(true);
});

test('a trapping actor is told of a linked normal end', async () => {
  const { end, other, notes } = await pair(true);
  await end(other, 'normal');
  expect(notes).toEqual(['exit normal']);
});

test('kill cannot be trapped and others see killed', async () => {
  const { actors, clock, linked, other, notes } = await pair(true);
  const watching = actors.spawn(probe, notes, true);
  await actors.call(watching).ask((self) => self.link(linked));
  const ended = actors.ended(linked);
  actors.exit(linked, 'kill');
  expect(await ended).toBe('killed');
  await clock.settle();
  expect(notes).toEqual(['exit killed']);
  expect(actors.find(other)).toBe(null);
});

test('a reason of kill that comes over a link can be trapped', async () => {
  const { end, isAlive, linked, other, notes } = await pair(true);
  await end(other, 'kill');
  expect(notes).toEqual(['exit kill']);
  expect(isAlive(linked)).toBe(true);
});

test('a link that is asked for twice is one link', async () => {
  const { act, end, isAlive, linked, other } = await pair();
  await act(linked, (self) => self.link(other));
  await act(linked, (self) => self.unlink(other));
  await end(other, 'odd');
  expect(isAlive(linked)).toBe(true);
});

test('a link to oneself is no link', async () => {
  const { act, actors, spawn } = world();
  const ref = spawn([], true);
  await act(ref, (self) => self.link(self.ref));
  expect(actors.find(ref)?.ties?.links ?? null).toBe(null);
});

test('a link to an actor that is not there is an exit with no_actor', async () => {
  const { act, actors, clock, spawn, isAlive } = world();
  const gone = spawn();
  actors.exit(gone, 'kill');
  const notes: string[] = [];
  const trapping = spawn(notes, true);
  const plain = spawn();
  await act(trapping, (self) => self.link(gone));
  await act(plain, (self) => self.link(gone));
  await clock.settle();
  expect(notes).toEqual(['exit no_actor']);
  expect(isAlive(plain)).toBe(false);
});

test('after unlink neither end ends the other', async () => {
  const { act, end, isAlive, linked, other } = await pair();
  await act(linked, (self) => self.unlink(other));
  await end(linked, 'odd');
  expect(isAlive(other)).toBe(true);
});

test('an exit that is in the mailbox already is told after unlink', async () => {
  const { act, actors, clock, linked, other, notes } = await pair(true);
  await act(linked, (self) => {
    actors.exit(other, 'kill');
    self.unlink(other);
  });
  await clock.settle();
  expect(notes).toEqual(['exit killed']);
});

test('an exit signal of normal from elsewhere is nothing', async () => {
  const { act, clock, isAlive, linked, other } = await pair();
  await act(other, (self) => self.unlink(linked));
  await act(other, (self) => self.exit(linked, 'normal'));
  await clock.settle();
  expect(isAlive(linked)).toBe(true);
});

test('an exit signal with a reason from elsewhere ends an actor that does not trap', async () => {
  const { act, clock, actors, spawn } = world();
  const from = spawn();
  const to = spawn();
  const ended = actors.ended(to);
  await act(from, (self) => self.exit(to, 'odd'));
  await clock.settle();
  expect(await ended).toBe('odd');
});

test('an exit signal of normal to oneself ends an actor', async () => {
  const { act, clock, isAlive, linked } = await pair();
  await act(linked, (self) => self.exit(self.ref, 'normal'));
  await clock.settle();
  expect(isAlive(linked)).toBe(false);
});

test('an exit signal of normal from the parent ends the child', async () => {
  const { act, clock, spawn, isAlive } = world();
  const parent = spawn();
  const child = await act(parent, (self) => self.spawn(probe));
  await act(parent, (self) => self.exit(child, 'normal'));
  await clock.settle();
  expect(isAlive(child)).toBe(false);
});

test('an exit from its parent asks a trapping actor to stop, and terminate runs', async () => {
  const { act, clock, spawn, isAlive } = world();
  const notes: string[] = [];
  const parent = spawn();
  const child = await act(parent, (self) => self.spawn(probe, notes, true));
  await clock.settle();
  await act(parent, (self) => self.exit(child, 'shutdown'));
  await clock.settle();
  expect(notes).toEqual(['terminate shutdown']);
  expect(isAlive(child)).toBe(false);
});

test('a trapping actor ends with its parent even when the parent ends normally', async () => {
  const { act, end, spawn, isAlive } = world();
  const notes: string[] = [];
  const parent = spawn();
  const child = await act(parent, (self) => self.startLink(probe, notes, true));
  await end(parent, 'normal');
  expect(notes).toEqual(['terminate normal']);
  expect(isAlive(child)).toBe(false);
});

test('an actor that does not trap outlives a parent that ends normally', async () => {
  const { act, end, spawn, isAlive } = world();
  const parent = spawn();
  const child = await act(parent, (self) => self.startLink(probe));
  await end(parent, 'normal');
  expect(isAlive(child)).toBe(true);
});

test('trapping is switched on and off by the actor itself', async () => {
  const { act, end, isAlive, spawn, linked, other, notes } = await pair();
  await act(linked, (self) => {
    self.trapExit = true;
  });
  await end(other, 'odd');
  const second = spawn();
  await act(linked, (self) => {
    self.trapExit = false;
    self.link(second);
  });
  await end(second, 'odd');
  expect(notes).toEqual(['exit odd']);
  expect(isAlive(linked)).toBe(false);
});

test('an actor that awaits is ended where it stands by a linked end', async () => {
  const { actors, end, isAlive, linked, other, notes, clock } = await pair();
  const { wait, open } = gate();
  actors.cast(linked).tell(async (self) => {
    await wait;
    self.state.push('went on');
  });
  await clock.settle();
  await end(other, 'odd');
  expect(isAlive(linked)).toBe(false);
  open();
  await clock.settle();
  expect(notes).toEqual(['went on']);
});

test('a chain of twenty thousand linked actors that await ends as a whole', async () => {
  const { actors, clock, spawn } = world();
  const { wait } = gate();
  let last: Probe | null = null;
  for (let n = 0; n < 20_000; n += 1) {
    const ref = spawn();
    const before: Probe | null = last;
    actors.cast(ref).tell(async (self) => {
      if (before !== null) self.link(before);
      await wait;
    });
    last = ref;
  }
  await clock.settle();
  expect(actors.counts().actors).toBe(20_000);
  actors.exit(last!, 'kill');
  await clock.settle();
  expect(actors.counts().actors).toBe(0);
});
