import { expect, test } from 'vitest';
import { ActorTrace, type Span, type TraceEvent } from './index.ts';
import { traceWindowMs } from './limits.ts';
import { gate, world } from './testing/probe.ts';

function scene() {
  const all = world();
  const seen: TraceEvent[] = [];
  const trace = (id: number, perS = 1_000) =>
    ActorTrace.of(all.actors, id, { perS, onEvent: (event) => seen.push(event) });
  return { ...all, seen, trace };
}

test('a trace tells what comes, what goes and what is answered, with whom, and never what is in it', async () => {
  const { actors, act, clock, seen, spawn, trace } = scene();
  const [traced, other] = [spawn(), spawn()];
  await clock.settle();
  const tracing = trace(traced.id)!;
  await act(other, (self) => self.cast(traced).note('a secret'));
  await act(traced, (self) => self.cast(other).note('another secret'));
  await act(traced, (self) => self.monitor(other));
  actors.exit(other, 'kill');
  await clock.settle();
  tracing.end();
  actors.cast(traced).note('unseen');
  await clock.settle();
  expect(seen.map(({ way, kind, method, peer }) => `${way} ${kind} ${method} ${peer?.id ?? '-'}`)).toEqual([
    `in cast note ${other.id}`,
    'in call ask -',
    `out cast note ${other.id}`,
    'answered call ask -',
    'in call ask -',
    'answered call ask -',
    `in info down ${other.id}`,
  ]);
  expect(seen[0]!.text).toBe('(string(8))');
  expect(JSON.stringify(seen)).not.toContain('secret');
});

test('nothing is left of a trace that ended, and an actor has one at a time', async () => {
  const { actors, clock, spawn, trace } = scene();
  const ref = spawn();
  await clock.settle();
  const cell = actors.find(ref)!;
  const { behaviour } = cell;
  const first = trace(ref.id)!;
  expect(cell.behaviour).not.toBe(behaviour);
  expect(trace(ref.id)).toBe(null);
  expect(trace(999_999)).toBe(null);
  first.end();
  first.end();
  expect([cell.behaviour, cell.quiet, cell.traced]).toEqual([behaviour, true, false]);
  trace(ref.id)!.end();
});

test('as many messages are told as the rate allows, the others pass as if nobody looked and are counted', async () => {
  const { actors, clock, seen, spawn, trace } = scene();
  const ref = spawn();
  await clock.settle();
  const tracing = trace(ref.id, 100)!;
  for (let window = 0; window < 10; window += 1) {
    for (let n = 0; n < 500; n += 1) actors.cast(ref).note('x');
    await clock.advance(traceWindowMs + 1);
  }
  tracing.end();
  expect(seen).toHaveLength(100);
  expect(tracing.unseen).toBe(5_000 - 100);
  expect(await actors.call(ref).ask((self) => self.state.length)).toBe(5_000);
});

test('a message that waits is told when it is sent, and its answer when it comes, with the time between', async () => {
  const { actors, clock, seen, spawn, trace } = scene();
  const ref = spawn();
  await clock.settle();
  const tracing = trace(ref.id)!;
  const { wait, open } = gate();
  const answer = actors.call(ref).ask(() => wait.then(() => 'done'));
  await clock.advance(40);
  open();
  expect(await answer).toBe('done');
  tracing.end();
  expect(seen.map(({ way, afterMs }) => [way, afterMs])).toEqual([
    ['in', null],
    ['answered', 40],
  ]);
});

test('a traced mailbox is still bounded, by the same number', async () => {
  const { actors, clock, trace } = scene();
  const full = actors.spawn({
    ...{ name: 'full', mailboxMessagesMax: 3, init: () => null, call: {} },
    cast: { hold: (_self: unknown, until: Promise<void>) => until, note() {} },
  });
  await clock.settle();
  const { wait, open } = gate();
  const cast = actors.cast(full) as unknown as { hold(until: Promise<void>): boolean; note(): boolean };
  cast.hold(wait);
  await clock.settle();
  const tracing = trace(full.id)!;
  expect([cast.note(), cast.note(), cast.note(), cast.note()]).toEqual([true, true, true, false]);
  expect(actors.counts().refused).toBe(1);
  open();
  tracing.end();
});

test('an actor that ends while it is traced sends nothing more, and the trace knows', async () => {
  const { actors, clock, spawn, trace } = scene();
  const ref = spawn();
  await clock.settle();
  const { context } = actors.find(ref)!;
  const tracing = trace(ref.id)!;
  actors.exit(ref, 'kill');
  await clock.settle();
  expect(tracing.isAlive).toBe(false);
  expect(() => context.sendCast(ref, 'note', [])).toThrow('has ended');
  await expect(context.sendCall(ref, 'ask', [], 10)).rejects.toThrow('has ended');
  tracing.end();
  expect(() => context.sendCast(ref, 'note', [])).toThrow('has ended');
});

test('a call that is followed is followed through an actor that somebody traces', async () => {
  const { actors, clock, seen, spawn, trace } = scene();
  const ref = spawn();
  await clock.settle();
  const ran: string[] = [];
  let isIn = false;
  const span = (name: string): Span => ({
    trace: 't',
    header: name,
    run(work) {
      ran.push(name);
      isIn = true;
      try {
        return work();
      } finally {
        isIn = false;
      }
    },
    end: () => void ran.push(`${name} ended`),
  });
  const begin = (_kind: string, name: string) => span(name);
  actors.tracing = {
    isOn: true,
    isSampling: false,
    trace: () => 't',
    header: () => null,
    under: (_header, work) => work(),
    begin,
    root: begin,
    sampled: () => null,
  };
  const tracing = trace(ref.id)!;
  expect(await actors.call(ref).ask(() => isIn)).toBe(true);
  tracing.end();
  expect(ran.slice(0, 1)).toEqual(ran.filter((name) => !name.endsWith('ended')));
  expect(ran).toContain(`${ran[0]} ended`);
  expect(seen.map(({ way }) => way)).toEqual(['in', 'answered']);
});
