import { expect, test } from 'vitest';
import { childOf, defineActor, type Restart, supervisor } from './index.ts';
import { zombieWaitMs } from './limits.ts';
import { gate, type ProbeProtocol, probe } from './testing/probe.ts';
import { tree, workerSpec } from './testing/tree.ts';

/** What is noted after child `b` of a, b, c has ended with the reason. */
async function afterEnd(
  strategy: 'one_for_one' | 'one_for_all' | 'rest_for_one',
  restart: Restart,
  reason = 'odd',
) {
  const { clock, endChild, noted } = tree({ strategy }, (log) =>
    ['a', 'b', 'c'].map((id) => workerSpec(id, log, { restart })),
  );
  await clock.settle();
  noted();
  await endChild('b', reason);
  return noted();
}

test('one_for_one starts the child that ended again, and no other', async () => {
  expect(await afterEnd('one_for_one', 'permanent')).toEqual(['end b', 'start b']);
});

test('one_for_all stops the others in reverse order and starts all in order', async () => {
  const all = ['end b', 'end c', 'end a', 'start a', 'start b', 'start c'];
  expect(await afterEnd('one_for_all', 'permanent')).toEqual(all);
});

test('rest_for_one stops and starts the child that ended and those after it', async () => {
  expect(await afterEnd('rest_for_one', 'permanent')).toEqual(['end b', 'end c', 'start b', 'start c']);
});

test('a permanent child is started again whatever its reason', async () => {
  for (const reason of ['normal', 'shutdown', 'odd'])
    expect(await afterEnd('one_for_one', 'permanent', reason)).toContain('start b');
});

test('a transient child is started again only when it ended abnormally', async () => {
  for (const reason of ['normal', 'shutdown', 'shutdown: done'])
    expect(await afterEnd('one_for_one', 'transient', reason)).toEqual(['end b']);
  expect(await afterEnd('one_for_one', 'transient', 'odd')).toContain('start b');
});

test('a temporary child is never started again, and is forgotten', async () => {
  const { clock, endChild, infoOf, noted } = tree({}, (log) => [
    workerSpec('a', log),
    workerSpec('b', log, { restart: 'temporary' }),
  ]);
  await clock.settle();
  await endChild('b', 'odd');
  expect(noted()).toEqual(['start a', 'start b', 'end b']);
  expect(await infoOf('b')).toBe(undefined);
});

test('a temporary sibling that is stopped with the others is not started again', async () => {
  const { clock, endChild, infoOf, noted } = tree({ strategy: 'one_for_all' }, (log) => [
    workerSpec('a', log),
    workerSpec('b', log, { restart: 'temporary' }),
    workerSpec('c', log),
  ]);
  await clock.settle();
  noted();
  await endChild('a', 'odd');
  expect(noted()).toEqual(['end a', 'end c', 'end b', 'start a', 'start c']);
  expect(await infoOf('b')).toBe(undefined);
});

test('a transient sibling that had ended well is started again with the others', async () => {
  const { clock, endChild, noted } = tree({ strategy: 'one_for_all' }, (log) => [
    workerSpec('a', log),
    workerSpec('b', log, { restart: 'transient' }),
  ]);
  await clock.settle();
  await endChild('b', 'normal');
  noted();
  await endChild('a', 'odd');
  expect(noted()).toEqual(['end a', 'start a', 'start b']);
});

test('more restarts than restartsMax within withinMs end the supervisor with intensity', async () => {
  const { actors, clock, endChild, top, logs } = tree({ restartsMax: 2, withinMs: 1_000 });
  await clock.settle();
  const ended = actors.ended(top);
  for (let round = 0; round < 3; round += 1) await endChild('b', 'odd');
  expect(await ended).toBe('intensity');
  expect(actors.counts().actors).toBe(0);
  expect(logs.at(-1)).toMatchObject({ message: 'supervisor ends', fields: { reason: 'intensity' } });
});

test('restarts that are further apart than withinMs are forgiven', async () => {
  const { clock, endChild, infoOf } = tree({ restartsMax: 1, withinMs: 1_000 });
  await clock.settle();
  for (let round = 0; round < 5; round += 1) {
    await endChild('b', 'odd');
    await clock.advance(1_001);
  }
  expect(await infoOf('b')).toMatchObject({ phase: 'running', restarts: 5 });
});

test('an intensity that is exceeded escalates: the parent starts the whole supervisor again', async () => {
  const { actors, clock, noted, infoOf, top } = tree({}, (log) => [
    {
      id: 'nested',
      start: childOf(
        supervisor({ name: 'nested', restartsMax: 0 }, [workerSpec('x', log), workerSpec('y', log)]),
      ),
    },
  ]);
  await clock.settle();
  noted();
  const nested = (await infoOf('nested'))!.ref!;
  const children = (await actors.call(nested as typeof top).children()).map((one) => one.ref!);
  actors.sendCast(children[0]!, 'end', ['odd']);
  await clock.settle();
  expect(noted()).toEqual(['end x', 'end y', 'start x', 'start y']);
  expect(await infoOf('nested')).toMatchObject({ phase: 'running', restarts: 1 });
});

test('a child that ends before its start was heard is restarted, and counts', async () => {
  let starts = 0;
  const hasty = defineActor<string[], ProbeProtocol>({
    ...probe,
    init(self) {
      starts += 1;
      if (starts === 1) self.stop('odd');
      return [];
    },
  });
  const { clock, infoOf } = tree({}, () => [{ id: 'h', start: childOf(hasty) }]);
  await clock.settle();
  expect(starts).toBe(2);
  expect(await infoOf('h')).toMatchObject({ phase: 'running', restarts: 1 });
});

test('a restart waits until the last handler of the dead child has settled', async () => {
  const { actors, child, clock, noted } = tree();
  await clock.settle();
  noted();
  const { wait, open } = gate();
  const ref = await child('b');
  actors.cast(ref).wait(wait);
  await clock.settle();
  actors.exit(ref, 'kill');
  await clock.advance(zombieWaitMs - 10);
  expect(noted()).toEqual([]);
  open();
  await clock.settle();
  expect(noted()).toEqual(['start b']);
  expect(actors.counts().zombies).toBe(0);
});

test('a handler that does not settle in time is counted as a zombie, and the restart goes on', async () => {
  const { actors, child, clock, logs, noted } = tree();
  await clock.settle();
  noted();
  const ref = await child('b');
  actors.cast(ref).wait(new Promise(() => {}));
  await clock.settle();
  actors.exit(ref, 'kill');
  await clock.advance(zombieWaitMs + 10);
  expect(noted()).toEqual(['start b']);
  expect(actors.counts().zombies).toBe(1);
  expect(logs.some(({ message }) => message === 'an ended actor is still running')).toBe(true);
});

test('a restarted child has a new ref; the old one reaches nobody', async () => {
  const { actors, child, clock, endChild } = tree();
  await clock.settle();
  const before = await child('b');
  await endChild('b', 'odd');
  expect(actors.cast(before).end('odd')).toBe(false);
  expect((await child('b')).id).not.toBe(before.id);
});

test('an exit from somebody who is no child is nothing to a supervisor', async () => {
  const { actors, act, clock, noted, spawn, top } = tree();
  await clock.settle();
  noted();
  const stranger = spawn();
  await act(stranger, (self) => self.exit(top, 'odd'));
  await clock.settle();
  expect(noted()).toEqual([]);
  expect(actors.find(top)).not.toBe(null);
});
