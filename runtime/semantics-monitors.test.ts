import { expect, test } from 'vitest';
import { Ref } from './index.ts';
import { type Probe, world } from './testing/probe.ts';

/** A probe that monitors another. */
async function watched() {
  const all = world();
  const notes: string[] = [];
  const target = all.spawn();
  const watching = all.spawn(notes);
  const monitor = await all.act(watching, (self) => self.monitor(target));
  return { ...all, notes, target, watching, monitor };
}

test('a monitor is told once, with the reason, whether the end was normal or not', async () => {
  for (const reason of ['normal', 'shutdown', 'odd']) {
    const { end, target, notes } = await watched();
    await end(target, reason);
    expect(notes).toEqual([`down ${reason}`]);
  }
});

test('a monitor is told of a crash with the text of what was thrown', async () => {
  const { actors, clock, target, notes } = await watched();
  actors.cast(target).tell(() => {
    throw new Error('no luck');
  });
  await clock.settle();
  expect(notes).toEqual(['down crash: no luck']);
});

test('a monitor of an actor that is not there is told no_actor at once', async () => {
  const { act, actors, clock, spawn } = world();
  const gone = spawn();
  actors.exit(gone, 'kill');
  const notes: string[] = [];
  const watching = spawn(notes);
  await act(watching, (self) => self.monitor(gone));
  await clock.settle();
  expect(notes).toEqual(['down no_actor']);
});

test('a ref of an earlier boot is monitored as one that is not there', async () => {
  const { act, clock, spawn } = world();
  const now = spawn();
  const notes: string[] = [];
  const watching = spawn(notes);
  await act(watching, (self) => self.monitor(new Ref(now.node, now.boot - 1, now.id)));
  await clock.settle();
  expect(notes).toEqual(['down no_actor']);
});

test('an actor that monitors twice is told twice', async () => {
  const { act, end, target, watching, notes } = await watched();
  await act(watching, (self) => self.monitor(target));
  await end(target, 'odd');
  expect(notes).toEqual(['down odd', 'down odd']);
});

test('a monitor works one way: the end of the watcher is nothing to the watched', async () => {
  const { end, isAlive, target, watching } = await watched();
  await end(watching, 'odd');
  expect(isAlive(target)).toBe(true);
});

test('a monitor does not end its watcher', async () => {
  const { end, isAlive, target, watching } = await watched();
  await end(target, 'odd');
  expect(isAlive(watching)).toBe(true);
});

test('demonitor ends the telling', async () => {
  const { act, end, target, watching, monitor, notes } = await watched();
  await act(watching, (self) => self.demonitor(monitor));
  await end(target, 'odd');
  expect(notes).toEqual([]);
});

test('a down that is in the mailbox already is told after demonitor', async () => {
  const { act, actors, clock, target, watching, monitor, notes } = await watched();
  await act(watching, (self) => {
    actors.exit(target, 'kill');
    self.demonitor(monitor);
  });
  await clock.settle();
  expect(notes).toEqual(['down killed']);
});

test('a monitor of oneself tells nothing', async () => {
  const { act, actors, clock, spawn } = world();
  const notes: string[] = [];
  const ref = spawn(notes);
  await act(ref, (self) => self.monitor(self.ref));
  actors.exit(ref, 'kill');
  await clock.settle();
  expect(notes).toEqual([]);
});

test('the name of an actor is free before its monitors are told', async () => {
  const { act, actors, clock, end, spawn } = world();
  const named = spawn();
  await act(named, (self) => self.register('one'));
  const found: unknown[] = [];
  const watching: Probe = spawn();
  await act(watching, (self) => {
    self.monitor(named);
    self.state.push = () => found.push(self.whereis('one'));
  });
  await end(named, 'odd');
  await clock.settle();
  expect(found).toEqual([null]);
  expect(actors.whereis('one')).toBe(null);
});

test('a down goes before a cast that the dead actor had sent earlier', async () => {
  const { act, actors, clock, target, watching, notes } = await watched();
  await act(watching, () => {
    actors.cast(watching).note('sent before');
    actors.exit(target, 'kill');
  });
  await clock.settle();
  expect(notes).toEqual(['down killed', 'sent before']);
});
