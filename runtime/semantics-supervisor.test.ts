import { expect, test } from 'vitest';
import { childOf, defineActor, supervisor } from './index.ts';
import { codeOf, type ProbeProtocol, probe } from './testing/probe.ts';
import { tree, workerSpec } from './testing/tree.ts';

const failing = defineActor<string[], ProbeProtocol>({
  ...probe,
  init() {
    throw new Error('no luck');
  },
});

/** Never lets go by itself. */
const stubborn = defineActor<string[], ProbeProtocol>({
  ...probe,
  trapExit: true,
  init: () => [],
  terminate: () => new Promise(() => {}),
});

test('children start one after the other, in order', async () => {
  const { clock, log } = tree();
  await clock.settle();
  expect(log).toEqual(['start a', 'start b', 'start c']);
});

test('children stop in reverse order', async () => {
  const { actors, clock, noted, top } = tree();
  await clock.settle();
  noted();
  actors.exit(top, 'shutdown');
  await clock.settle();
  expect(noted()).toEqual(['end c', 'end b', 'end a']);
});

test('specs are judged before any child starts, and a bad one is bad_child_spec', () => {
  const log: string[] = [];
  const a = workerSpec('a', log);
  const make = (specs: object[], options: object = {}) =>
    supervisor({ name: 'top', ...options }, specs as never);
  const bad: [object[], object?][] = [
    [[a, a]],
    [[a, { ...a, id: '' }]],
    [[a, { ...a, id: 'b', shutdownMs: -1 }]],
    [[a, { ...a, id: 'b', shutdownMs: Number.NaN }]],
    [[a, { ...a, id: 'b', restart: 'always' }]],
    [[a, { ...a, id: 'b', start: null }]],
    [[a], { strategy: 'all' }],
    [[a], { restartsMax: Number.NaN }],
    [[a], { withinMs: 0 }],
  ];
  for (const [specs, options] of bad) {
    expect(() => make(specs, options)).toThrow(expect.objectContaining({ code: 'bad_child_spec' }));
  }
  expect(log).toEqual([]);
});

test('a child that cannot start ends its supervisor and the children before it', async () => {
  const { actors, clock, log, top } = tree({}, (notes) => [
    workerSpec('a', notes),
    { id: 'b', start: childOf(failing) },
    workerSpec('c', notes),
  ]);
  const ended = actors.ended(top);
  await clock.settle();
  expect(log).toEqual(['start a', 'end a']);
  expect(await ended).toBe('shutdown: start_failed');
});

test('a parent waits until the children of a nested supervisor run', async () => {
  const { clock, log } = tree({}, (notes) => [
    {
      id: 'nested',
      start: childOf(supervisor({ name: 'nested' }, [workerSpec('x', notes), workerSpec('y', notes)])),
    },
    workerSpec('z', notes),
  ]);
  await clock.settle();
  expect(log).toEqual(['start x', 'start y', 'start z']);
});

test('a nested supervisor whose child cannot start is a start that failed', async () => {
  const { actors, act, clock, spawn } = tree();
  await clock.settle();
  const trapping = spawn([], true);
  const nested = supervisor({ name: 'nested' }, [{ id: 'x', start: childOf(failing) }]);
  expect(await act(trapping, (self) => codeOf(self.startLink(nested)))).toBe('start_failed');
  expect(actors.counts().actors).toBe(5);
});

test('a child is asked to stop and has its shutdown time for it', async () => {
  const { actors, clock, noted, top } = tree();
  await clock.settle();
  noted();
  expect(await actors.call(top).stopChild('b')).toBe(true);
  await clock.settle();
  expect(noted()).toEqual(['end b']);
});

test('a child that does not stop in its shutdown time is killed', async () => {
  const { actors, child, clock, top } = tree({}, () => [
    { id: 's', shutdownMs: 50, start: childOf(stubborn) },
  ]);
  await clock.settle();
  const ended = actors.ended(await child('s'));
  actors.exit(top, 'shutdown');
  await clock.advance(49);
  expect(actors.counts().actors).toBe(2);
  await clock.advance(5);
  expect(await ended).toBe('killed');
  expect(actors.counts().actors).toBe(0);
});

test('each child has its own shutdown time, one after the other', async () => {
  const { actors, clock, top } = tree({}, () =>
    ['s', 't'].map((id) => ({ id, shutdownMs: 50, start: childOf(stubborn) })),
  );
  await clock.settle();
  actors.exit(top, 'shutdown');
  await clock.advance(60);
  expect(actors.counts().actors).toBe(2);
  await clock.advance(60);
  expect(actors.counts().actors).toBe(0);
});

test('a shutdown time of 0 kills at once', async () => {
  const { actors, child, clock, noted, top } = tree({}, (log) => [workerSpec('a', log, { shutdownMs: 0 })]);
  await clock.settle();
  noted();
  const ended = actors.ended(await child('a'));
  actors.call(top).stopChild('a');
  expect(await ended).toBe('killed');
  expect(noted()).toEqual([]);
});

test('a shutdown time of Infinity waits for ever', async () => {
  const { actors, clock, top } = tree({}, () => [
    { id: 's', shutdownMs: Number.POSITIVE_INFINITY, start: childOf(stubborn) },
  ]);
  await clock.settle();
  actors.exit(top, 'shutdown');
  await clock.advance(10_000_000);
  expect(actors.counts().actors).toBe(2);
});

test('a supervisor that is killed takes its children along', async () => {
  const { actors, clock, top } = tree();
  await clock.settle();
  actors.exit(top, 'kill');
  await clock.settle();
  expect(actors.counts().actors).toBe(0);
});

test('startChild starts a child by id and answers its ref; one that runs is answered as it is', async () => {
  const { actors, top, log } = tree({ make: (id) => workerSpec(id, log2) }, () => []);
  const log2: string[] = log;
  const ref = await actors.call(top).startChild('x');
  expect(await actors.call(top).startChild('x')).toBe(ref);
  expect(log).toEqual(['start x']);
});

test('startChild starts a child again that had ended well', async () => {
  const { actors, child, clock, endChild, noted, top } = tree({}, (log) => [
    workerSpec('a', log, { restart: 'transient' }),
  ]);
  await clock.settle();
  const first = await child('a');
  await endChild('a', 'normal');
  noted();
  const second = await actors.call(top).startChild('a');
  expect(noted()).toEqual(['start a']);
  expect(second).not.toBe(first);
});

test('startChild of a child that is being stopped starts it when it has stopped', async () => {
  const { actors, clock, noted, top } = tree();
  await clock.settle();
  noted();
  const stopping = actors.call(top).stopChild('b');
  const starting = actors.call(top).startChild('b');
  expect(await stopping).toBe(true);
  expect(await starting).not.toBe(null);
  expect(noted()).toEqual(['end b', 'start b']);
});

test('startChild of what cannot be made is refused and ends nobody', async () => {
  const { actors, clock, top } = tree({
    make(id) {
      if (id === 'odd') throw new Error('odd');
      return { id: '', start: childOf(probe) };
    },
  });
  await clock.settle();
  expect(await codeOf(actors.call(top).startChild('x'))).toBe('bad_child_spec');
  await expect(actors.call(top).startChild('odd')).rejects.toThrow('odd');
  expect(actors.counts().actors).toBe(4);
});

test('startChild of a child that cannot start tells why', async () => {
  const { actors, top } = tree({ make: (id) => ({ id, start: childOf(failing) }) }, () => []);
  expect(await codeOf(actors.call(top).startChild('x'))).toBe('start_failed');
});

test('stopChild answers when the stop has begun, and the child is forgotten when it has ended', async () => {
  const { actors, clock, infoOf, top } = tree();
  await clock.settle();
  expect(await actors.call(top).stopChild('b')).toBe(true);
  await clock.settle();
  expect(await infoOf('b')).toBe(undefined);
  expect(await actors.call(top).stopChild('b')).toBe(false);
});
