import { expect, test } from 'vitest';
import { ActorSystem, defineActor, type Ref, type WhenFull } from './index.ts';
import { sliceMs, timerTickMs } from './limits.ts';
import { workClock } from './testing/work-clock.ts';

const messages = 1_000_000;
const burst = 1_000;
const places = 3_000;
const beatMs = 10;
/** What one message costs its receiver: a thousandth of a millisecond, so that the flood takes a second or more. */
const messageMs = 0.001;

interface SinkProtocol {
  start: [];
  call: { handled(): number };
  cast: { take(n: number): void };
}

interface FloodProtocol {
  start: [sink: Ref<SinkProtocol>];
  call: { refused(): number };
  cast: { send(from: number): void };
}

interface HeartProtocol {
  start: [];
  call: { beats(): number[] };
  cast: Record<never, never>;
}

function definitions(clock: ReturnType<typeof workClock>, whenFull: WhenFull) {
  const sink = defineActor<number, SinkProtocol>({
    name: 'sink',
    mailboxMessagesMax: places,
    whenFull,
    init: () => 0,
    call: { handled: (self) => self.state },
    cast: {
      take(self) {
        clock.work(messageMs);
        self.state += 1;
      },
    },
  });
  const flood = defineActor<{ sink: Ref<SinkProtocol>; refused: number }, FloodProtocol>({
    name: 'flood',
    init: (_self, to) => ({ sink: to, refused: 0 }),
    call: { refused: (self) => self.state.refused },
    cast: {
      send(self, from) {
        clock.work(burst * messageMs);
        for (let n = from; n < from + burst; n += 1) {
          if (!self.cast(self.state.sink).take(n)) self.state.refused += 1;
        }
        if (from + burst < messages) self.cast(self.ref).send(from + burst);
      },
    },
  });
  const heart = defineActor<number[], HeartProtocol>({
    name: 'heart',
    init(self) {
      self.after(beatMs, 'beat');
      return [];
    },
    call: { beats: (self) => self.state },
    cast: {},
    info(self) {
      self.state.push(self.monotonicMs());
      self.after(beatMs, 'beat');
    },
  });
  return { sink, flood, heart };
}

test.each<[WhenFull]>([['refuse'], ['drop_oldest'], ['drop_newest']])(
  'a million messages to a bounded mailbox under %s: each is handled or counted, and a heartbeat keeps its beat',
  async (policy) => {
    const clock = workClock();
    const actors = new ActorSystem({ clock });
    const { sink, flood, heart } = definitions(clock, policy);
    const to = actors.spawn(sink);
    const from = actors.spawn(flood, to);
    const beating = actors.spawn(heart);
    actors.cast(from).send(0);
    const cell = actors.find(to)!;
    const isDone = () => cell.handled + actors.counts().refused >= messages && cell.mailbox.length === 0;
    await clock.run(isDone);
    const endMs = clock.monotonicMs();
    const [handled, refused, beats] = await Promise.all([
      actors.call(to).handled(),
      actors.call(from).refused(),
      actors.call(beating).beats(),
    ]);
    expect(handled + actors.counts().full[policy]).toBe(messages);
    expect(handled).toBeGreaterThan(messages / 50);
    expect(actors.counts().full[policy]).toBeGreaterThan(messages / 10);
    // Only `refuse` tells the sender.
    expect(refused).toBe(policy === 'refuse' ? messages - handled : 0);
    expect(endMs).toBeGreaterThan(messages * messageMs);
    const gaps = beats.map((atMs, at) => atMs - (beats[at - 1] ?? 0));
    expect(beats.length).toBeGreaterThan(endMs / (beatMs * 3));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(beatMs + 3 * sliceMs + 2 * timerTickMs);
  },
);

test('handlers that take long leave the loop its turns, also within the turn of one actor', async () => {
  const clock = workClock();
  const actors = new ActorSystem({ clock });
  const { heart, sink } = definitions(clock, 'refuse');
  const beating = actors.spawn(heart);
  const slow = actors.spawn(
    defineActor<number, SinkProtocol>({ ...sink, cast: { take: () => clock.work(3) } }),
  );
  for (let n = 0; n < 200; n += 1) actors.cast(slow).take(n);
  await clock.run(() => actors.find(slow)!.mailbox.length === 0 && clock.monotonicMs() > 600);
  const beats = await actors.call(beating).beats();
  const gaps = beats.map((atMs, at) => atMs - (beats[at - 1] ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(beatMs + 3 * sliceMs + 2 * timerTickMs);
});

test('starting very many actors leaves the loop its turns', async () => {
  const clock = workClock();
  const actors = new ActorSystem({ clock });
  const many = 20_000;
  let begun = 0;
  const slow = defineActor<null, SinkProtocol>({
    name: 'slow',
    init() {
      clock.work(0.01);
      begun += 1;
      return null;
    },
    call: { handled: () => 0 },
    cast: { take() {} },
  });
  const beats: number[] = [];
  const beat = () => {
    beats.push(clock.monotonicMs());
    clock.timer(beatMs, beat);
  };
  clock.timer(beatMs, beat);
  for (let n = 0; n < many; n += 1) actors.spawn(slow);
  await clock.run(() => begun === many);
  const gaps = beats.map((atMs, at) => atMs - (beats[at - 1] ?? 0));
  expect(beats.length).toBeGreaterThan(clock.monotonicMs() / (beatMs * 2));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(beatMs + 2 * sliceMs);
});
