import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AnyReplayForm,
  manualClock,
  type Random,
  Recorder,
  type ReplayForm,
  Rows,
  readRecord,
  replay,
  seededRandom,
  takeRecord,
} from './index.ts';
import {
  recordBaseAgainMs,
  recordBaseEveryMs,
  recordBurstBytes,
  recordBytesMax,
  recordBytesPerS,
  recordCheckpointBytesMax,
  recordEventBytesMax,
  recordKeptMs,
  recordKindBytesMax,
  recordPieceRows,
  recordSegmentMs,
} from './limits.ts';
import { hashText } from './recorder-form.ts';

/** A machine that is changed in place: keeps texts, answers their number, rolls dice, and fails when it is told to. */
interface Shelf {
  texts: string[];
  secret: string;
  rolls: number;
}
type ShelfEvent =
  | { type: 'add'; text: string; secret: string }
  | { type: 'take' }
  | { type: 'roll' }
  | { type: 'look' }
  | { type: 'break' };
type ShelfEffect = { type: 'has'; count: number; secret: string } | { type: 'rolled'; face: number };

function decide(shelf: Shelf, event: ShelfEvent, random: Random): { state: Shelf; effects: ShelfEffect[] } {
  if (event.type === 'break') throw new Error(`broken with ${shelf.secret}`);
  if (event.type === 'look') return { state: shelf, effects: [] };
  if (event.type === 'roll') {
    shelf.rolls += random.next();
    return { state: shelf, effects: [{ type: 'rolled', face: Math.floor(shelf.rolls * 6) }] };
  }
  if (event.type === 'add') {
    shelf.texts.push(event.text);
    shelf.secret = event.secret;
  } else shelf.texts.shift();
  const { length } = shelf.texts;
  return {
    state: shelf,
    effects: length % 3 === 0 ? [{ type: 'has', count: length, secret: shelf.secret }] : [],
  };
}

/** `large`: its texts are rows, so that a state of any size can be kept. */
const form = (kind = 'shelf', large = false): ReplayForm<Shelf, ShelfEvent, ShelfEffect> => ({
  kind,
  version: 1,
  weightBytes: (shelf) =>
    large ? shelf.texts.reduce((sum, { length }) => sum + length, 0) : shelf.texts.length,
  snapshot: ({ texts, rolls }) => ({ texts: large ? new Rows([...texts], (text) => text) : texts, rolls }),
  event: (event) => (event.type === 'add' ? { type: 'add', text: event.text, secret: '' } : event),
  effect: (effect) => (effect.type === 'has' ? { type: 'has', count: effect.count } : effect),
  changesNothing: (_, event) => event.type === 'look',
  restore(snapshot) {
    const { texts, rolls } = snapshot as { texts: string[]; rolls: number };
    return { texts: [...texts], rolls, secret: '' };
  },
  step: decide,
  tell: (effect) => (effect.type === 'has' ? `has ${effect.count}` : `rolled ${effect.face}`),
  witness: (subject) => (shelf, event) =>
    shelf.texts.includes(subject) ? [`is there after ${event?.type}`] : [],
});

function world(kinds: readonly string[] = ['shelf'], large = false) {
  const clock = manualClock();
  const recorder = new Recorder({ node: 'core_1', boot: 7, clock });
  const dice = seededRandom(1);
  const machines = kinds.map((kind) => {
    const recording = recorder.machine(form(kind, large));
    const shelf: Shelf = { texts: [], secret: '', rolls: 0 };
    const random = recording.random(dice);
    return (event: ShelfEvent) => recording.step(shelf, event, (s, e) => decide(s, e, random)).effects;
  });
  return { clock, recorder, machines, forms: kinds.map((kind) => form(kind, large)) as AnyReplayForm[] };
}

const add = (text: string): ShelfEvent => ({ type: 'add', text, secret: 'hunter2' });
const again = (recorder: Recorder, forms: AnyReplayForm[], more = {}) =>
  replay(readRecord(takeRecord(recorder)), forms, more);

/** Steps and pauses of any kind; texts from one to many bytes a character, the largest larger than may be kept. */
const moves = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.string({ unit: 'grapheme', maxLength: 30 }).map(add) },
    { weight: 2, arbitrary: fc.constant<ShelfEvent>({ type: 'take' }) },
    { weight: 2, arbitrary: fc.constant<ShelfEvent>({ type: 'roll' }) },
    { weight: 1, arbitrary: fc.constant<ShelfEvent>({ type: 'look' }) },
    { weight: 1, arbitrary: fc.nat(60_000).map((length) => add('x'.repeat(length))) },
    { weight: 1, arbitrary: fc.nat(recordEventBytesMax).map((length) => add('\u20ac'.repeat(length))) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: recordSegmentMs }).map((ms) => ({ pauseMs: ms })) },
  ),
  { maxLength: 120 },
);

test('a replay from any kept checkpoint gives the recorded effects, and the state of the next checkpoint', async () => {
  await fc.assert(
    fc.asyncProperty(moves, async (steps) => {
      const { clock, recorder, machines, forms } = world();
      const decided: number[] = [];
      for (const step of steps) {
        if ('pauseMs' in step) await clock.advance(step.pauseMs);
        else
          for (const effect of machines[0]!(step))
            decided.push('count' in effect ? effect.count : effect.face);
      }
      const lines = takeRecord(recorder);
      const told = replay(readRecord(lines), forms);
      expect(told.mismatches).toEqual([]);
      const asked = steps.filter((step) => 'type' in step && step.type !== 'look').length;
      expect(told.counts.stepped + told.counts.notStepped + told.counts.leftOut).toBe(asked);
      if (told.counts.notStepped + told.counts.leftOut === 0) {
        expect(told.decisions.map(({ text }) => Number(/\d+/.exec(text)))).toEqual(decided);
      }
      expect(lines.join('\n')).not.toContain('hunter2');
      requireCheckpoints(lines);
    }),
    { numRuns: 60 },
  );
});

/** Every entry follows a checkpoint of its machine in its own segment. */
function requireCheckpoints(lines: readonly string[]): void {
  let opened = new Set<string>();
  for (const line of readRecord(lines)) {
    if (line.type === 'segment') opened = new Set();
    else if (line.type === 'checkpoint') opened.add(line.checkpoint.machine);
    else if (line.type === 'entry') expect(opened).toContain(line.entry.machine);
  }
}

test('memory stays under its bound whatever comes, and no entry is kept without its checkpoint', async () => {
  const random = seededRandom(5);
  // What does not compress: digits of chance.
  const noise = Array.from({ length: 30_000 }, () => random.next().toString(36).slice(2)).join('');
  for (let run = 0; run < 2; run += 1) {
    const kinds = ['a', 'b', 'c', 'd', 'e', 'f'];
    const { clock, recorder, machines, forms } = world(kinds);
    let most = 0;
    for (let at = 0; at < 1_500; at += 1) {
      const length = Math.floor(random.next() ** 4 * recordEventBytesMax * 1.2);
      const from = Math.floor(random.next() * (noise.length - length));
      const machine = machines[Math.floor(random.next() ** 2 * kinds.length)]!;
      machine(add(noise.slice(from, from + length)));
      while (random.next() < 0.9) machine({ type: 'take' });
      if (random.next() < 0.3) await clock.advance(random.next() * 1_500);
      most = Math.max(most, recorder.bytes);
    }
    expect(most).toBeLessThanOrEqual(recordBytesMax);
    expect(most).toBeGreaterThan(recordBytesMax * 0.9);
    const { segments } = recorder.head();
    for (const kind of kinds) {
      const bytes = segments.filter((one) => one.kind === kind).reduce((sum, one) => sum + one.bytes, 0);
      expect(bytes).toBeLessThanOrEqual(recordKindBytesMax);
    }
    const lines = takeRecord(recorder);
    requireCheckpoints(lines);
    expect(replay(readRecord(lines), forms).mismatches).toEqual([]);
  }
});

test('what is older than it may be goes, whole segments at a time', async () => {
  const { clock, recorder, machines, forms } = world();
  for (let minute = 0; minute < 40; minute += 1) {
    for (let at = 0; at < 10; at += 1) machines[0]!(add(`m${minute}`));
    await clock.advance(60_000);
  }
  const { segments, takenAtMs } = recorder.head();
  expect(segments.length).toBe(recordKeptMs / 60_000);
  expect(segments[0]!.toMs).toBeGreaterThanOrEqual(takenAtMs - recordKeptMs);
  const { counts, mismatches } = again(recorder, forms);
  expect(mismatches).toEqual([]);
  expect(counts).toMatchObject({ notStepped: 0, checkpoints: segments.length - 1, leftOut: 0 });
});

test('a storm is counted, not recorded, past its allowance; and what came before it is still there', async () => {
  const { clock, recorder, machines, forms } = world();
  machines[0]!(add('before'));
  await clock.advance(1_000);
  const steps = 20_000;
  for (let at = 0; at < steps; at += 1)
    machines[0]!(at % 2 === 0 ? add(`storm ${at}`.padEnd(200)) : { type: 'take' });
  const stormy = again(recorder, forms);
  expect(stormy.counts.leftOut).toBeGreaterThan(1_000);
  expect(stormy.counts.leftOut + stormy.counts.stepped).toBe(steps + 1);
  expect(stormy.gaps[0]!.types).toMatchObject({ add: expect.any(Number), take: expect.any(Number) });
  await clock.advance((recordBurstBytes / recordBytesPerS) * 1_000);
  machines[0]!(add('after'));
  machines[0]!({ type: 'roll' });
  const { counts, mismatches, decisions } = again(recorder, forms);
  expect(mismatches).toEqual([]);
  expect(counts).toMatchObject({ leftOut: stormy.counts.leftOut, stepped: stormy.counts.stepped + 2 });
  expect(decisions.at(-1)!.effect).toBe('rolled');
});

test('a state that is too large and has no rows is not kept: its events can be read and are told as not stepped', () => {
  const { recorder, machines, forms } = world();
  for (let at = 0; at < 40; at += 1) machines[0]!(add('x'.repeat(10_000)));
  const told = again(recorder, forms);
  expect(takeRecord(recorder).some((line) => line.includes('"omittedBytes"'))).toBe(true);
  expect(told.counts.notStepped).toBeGreaterThan(0);
  expect(told.mismatches).toEqual([]);
  expect(recordCheckpointBytesMax).toBeLessThan(400_000);
});

describe('a state that is too large for one line', () => {
  const word = (n: number) => `${n} `.padEnd(100, 'abcdefghij');
  const rows = 8_000;

  /** 800 kB of rows, added over half a minute so that no event of them is left out. */
  async function filled() {
    const all = world(['shelf'], true);
    for (let at = 0; at < rows; at += 1) {
      if (at % 200 === 0) await all.clock.advance(1_000);
      all.machines[0]!(add(word(at)));
    }
    return all;
  }

  test('is kept in pieces, between which entries go on, and is compared with the next one', async () => {
    const { clock, recorder, machines, forms } = await filled();
    for (let at = 0; at < 60; at += 1) {
      machines[0]!({ type: 'roll' });
      machines[0]!(at % 2 === 0 ? add(word(at)) : { type: 'take' });
      await clock.advance(20_000);
    }
    const lines = takeRecord(recorder);
    const pieces = lines.filter((line) => line.includes('"piece":')).length;
    expect(pieces).toBeGreaterThan(2 * (rows / recordPieceRows));
    const { counts, mismatches } = replay(readRecord(lines), forms);
    expect(mismatches).toEqual([]);
    // What came before the first base that is kept follows from nothing.
    expect(counts.stepped).toBeGreaterThan(2 * counts.notStepped);
    expect(counts.checkpoints).toBeGreaterThan(0);
    expect(recorder.bytes).toBeLessThanOrEqual(recordBytesMax);
    const pieceBetween = lines.findIndex(
      (line, at) => line.includes('"piece":') && lines[at - 1]!.startsWith('{"n"'),
    );
    expect(pieceBetween).toBeGreaterThan(0);
  });

  test('is whole in a record that is taken while it is written', async () => {
    const { clock, recorder, machines, forms } = await filled();
    await clock.advance(recordBaseEveryMs);
    machines[0]!(add('the first'));
    machines[0]!({ type: 'roll' });
    const { counts, mismatches, decisions } = again(recorder, forms);
    expect(mismatches).toEqual([]);
    expect(counts.stepped).toBeGreaterThan(1);
    expect(decisions.at(-1)!.text).toMatch(/^rolled/);
  });

  test('is kept again after a gap, but not at once', async () => {
    const { clock, recorder, machines, forms } = await filled();
    await clock.advance(1_000);
    const gap = () => machines[0]!(add('x'.repeat(recordEventBytesMax)));
    gap();
    machines[0]!({ type: 'roll' });
    machines[0]!({ type: 'take' });
    await clock.advance(5_000);
    gap();
    machines[0]!({ type: 'roll' });
    const before = again(recorder, forms).counts.stepped;
    machines[0]!({ type: 'roll' });
    expect(again(recorder, forms).counts.stepped).toBe(before);
    await clock.advance(recordBaseAgainMs);
    machines[0]!({ type: 'roll' });
    machines[0]!({ type: 'roll' });
    const { counts, mismatches } = again(recorder, forms);
    expect(mismatches).toEqual([]);
    expect(counts.stepped).toBe(before + 2);
  });

  test('does not follow over a segment that is missing', async () => {
    const { clock, recorder, machines, forms } = await filled();
    await clock.advance(recordBaseEveryMs);
    for (let at = 0; at < 9; at += 1) {
      machines[0]!({ type: 'roll' });
      await clock.advance(recordSegmentMs / 2);
    }
    const head = recorder.head();
    const missing = head.segments.at(-2)!.number;
    const source = {
      head: () => head,
      segment: (number: number) => (number === missing ? null : recorder.segment(number)),
    };
    const whole = again(recorder, forms).counts;
    const { counts, mismatches } = replay(readRecord(takeRecord(source)), forms);
    expect(mismatches).toEqual([]);
    expect(counts.notStepped).toBeGreaterThan(whole.notStepped);
  });
});

test('an event that is changed afterwards, or by the step itself, is kept as it was', () => {
  const { recorder, machines, forms } = world();
  const event = add('as it was') as { text: string };
  machines[0]!(event as ShelfEvent);
  event.text = 'as it is';
  expect(takeRecord(recorder).join('\n')).toContain('as it was');
  expect(takeRecord(recorder).join('\n')).not.toContain('as it is');
  expect(again(recorder, forms).mismatches).toEqual([]);
});

test('a step that throws is recorded as one, throws on, and throws again in the replay', () => {
  const { recorder, machines, forms } = world();
  machines[0]!(add('a'));
  expect(() => machines[0]!({ type: 'break' })).toThrow('broken with hunter2');
  const lines = takeRecord(recorder);
  expect(lines.join('\n')).not.toContain('hunter2');
  expect(replay(readRecord(lines), forms)).toMatchObject({ mismatches: [], counts: { stepped: 2 } });
});

test('another decision than the recorded one is told with its machine, entry, and both hashes', () => {
  const { recorder, machines, forms } = world();
  for (const text of ['a', 'b', 'c', 'd']) machines[0]!(add(text));
  const changed = forms.map((one) => ({
    ...one,
    effect: (effect: ShelfEffect) => ({ ...effect, count: 4 }),
  }));
  const hash = (count: number) =>
    hashText(JSON.stringify([{ type: 'has', count }]))
      .toString(16)
      .padStart(8, '0');
  const { mismatches, counts } = again(recorder, changed);
  expect(mismatches).toEqual([
    { node: 'core_1', machine: 'shelf', what: 'effects', n: 3, expected: hash(3), got: expect.any(String) },
  ]);
  // What follows from a state that went another way is not compared.
  expect(counts).toMatchObject({ stepped: 3, notStepped: 1 });
});

test('a state that went another way is told at the next checkpoint', async () => {
  const { clock, recorder, machines, forms } = world();
  machines[0]!(add('a'));
  await clock.advance(recordSegmentMs);
  machines[0]!(add('b'));
  const changed = forms.map((one) => ({ ...one, step: (state: Shelf) => ({ state, effects: [] }) }));
  expect(again(recorder, changed).mismatches).toMatchObject([{ what: 'state', n: 1, machine: 'shelf' }]);
});

test('steps until an instant, and tells of one subject', async () => {
  const { clock, recorder, machines, forms } = world();
  for (const text of ['a', 'b', 'c']) {
    machines[0]!(add(text));
    await clock.advance(1_000);
  }
  const untilMs = clock.wallMs() - 2_000;
  expect(again(recorder, forms, { untilMs }).counts.stepped).toBe(2);
  const { reasons } = again(recorder, forms, { explain: 'b' });
  expect(reasons.map(({ text }) => text)).toEqual(['is there after add', 'is there after add']);
});
