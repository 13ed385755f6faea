import { expect, test } from 'vitest';
import { inspectActor } from './index.ts';
import { gate, world } from './testing/probe.ts';
import { tree } from './testing/tree.ts';

test('an actor is shown with its queues, ties and shape, and nothing of what it holds', async () => {
  const { act, actors, clock, spawn } = world();
  const other = spawn();
  const ref = spawn(['a secret'], true);
  await act(ref, (self) => {
    self.link(other);
    self.monitor(other);
    self.after(1_000, 'later');
    self.register('named');
  });
  await act(other, (self) => self.monitor(ref));
  const { wait, open } = gate();
  actors
    .call(ref)
    .ask((self) => self.replyLater())
    .catch(() => {});
  actors.cast(ref).tell(() => wait);
  await clock.settle();
  actors.cast(ref).note('waits');
  const seen = inspectActor(actors, String(ref.id))!;
  expect(seen).toMatchObject({
    name: 'probe',
    registeredName: 'named',
    status: 'waiting',
    mailbox: { system: 0, user: 1 },
    handled: 3,
    trapExit: true,
    links: [String(other)],
    monitors: [String(other)],
    monitoredBy: [String(other)],
    timers: 1,
    owed: 1,
    state: '[string(8)]',
    parents: [],
  });
  expect(JSON.stringify(seen)).not.toContain('secret');
  open();
  await clock.settle();
  expect(inspectActor(actors, String(ref.id))).toMatchObject({ status: 'idle', handled: 4 });
  expect(inspectActor(actors, '999')).toBe(null);
});

test('a supervised actor is shown with its parents and its restarts', async () => {
  const { actors, child, clock, endChild, top } = tree();
  await clock.settle();
  await endChild('b', 'odd');
  const ref = await child('b');
  expect(inspectActor(actors, String(ref.id))).toMatchObject({
    restarts: 1,
    parents: [{ id: String(top.id), name: 'top' }],
  });
});
