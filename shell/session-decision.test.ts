import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { outputKeptCharactersMax, runUnreadMs, sessionIdleMs } from './limits.ts';
import { decideSession, openSession } from './session-decision.ts';
import type { SessionEffect, SessionInput, SessionState } from './session-state.ts';

const line = (run: number, text = 'tree'): SessionInput => ({
  ...{ type: 'line', run, text, access: 'read', refusal: null, over: null, nowMs: 0 },
});
const ask = (run: number, at: number, nowMs = 0): SessionInput => ({ type: 'ask', run, at, nowMs });

/** Plays the inputs one after the other; effects by type, the last refusal, the state. */
function play(...inputs: SessionInput[]) {
  let state: SessionState = openSession(80, 24, 0);
  const effects: SessionEffect[] = [];
  let refused: string | null = null;
  for (const input of inputs) {
    const step = decideSession(state, input);
    ({ state } = step);
    effects.push(...step.effects);
    refused = step.refused?.code ?? null;
  }
  const told = effects.map((effect) =>
    effect.type === 'keep' || effect.type === 'keep_line'
      ? `${effect.type} ${effect.event.type}`
      : effect.type === 'answer'
        ? `answer ${effect.answer.text ?? effect.answer.done?.code ?? '-'}`
        : effect.type,
  );
  return { state, effects, told, refused };
}

describe('a line', () => {
  test('is kept before it begins, and what it says before it is shown', () => {
    const { told } = play(
      line(1),
      ask(1, 1),
      { type: 'kept', run: 1 },
      { type: 'piece', run: 1, text: 'a' },
      ask(1, 2),
      { type: 'over', run: 1, code: 'ok', detail: '' },
    );
    expect(told).toEqual([
      ...['keep_line line', 'start', 'pull', 'keep output', 'answer a'],
      ...['pull', 'keep ended', 'answer ok'],
    ]);
  });

  test('whose record could not be written never begins, and says so', () => {
    const fault = { type: 'not_kept', run: 1, code: 'record_unreachable', detail: 'no core' } as const;
    const { told, state } = play(line(1), ask(1, 1), fault);
    expect(told).toEqual(['keep_line line', 'keep ended', 'answer record_unreachable']);
    expect(state.run?.phase).toBe('over');
  });

  test('that may not run is kept all the same', () => {
    const refusal = { code: 'read_only', detail: '' };
    const { told } = play({ ...line(1), refusal } as SessionInput, { type: 'kept', run: 1 }, ask(1, 1));
    expect(told).toEqual(['keep_line line', 'keep ended', 'answer read_only']);
  });

  test('that is asked for again, because its answer was lost, runs once', () => {
    expect(play(line(1), line(1)).told).toEqual(['keep_line line']);
    expect(play(line(1), line(1, 'other')).refused).toBe('line_runs');
    expect(play(line(2)).refused).toBe('no_such_run');
  });

  test('waits for the one before it', () => {
    expect(play(line(1), { type: 'kept', run: 1 }, line(2)).refused).toBe('line_runs');
  });

  test('that is cancelled ends as cancelled, whatever it says of it; before it began it never begins', () => {
    const cancel = { type: 'cancel', run: 1, nowMs: 0 } as const;
    const over = { type: 'over', run: 1, code: 'ok', detail: '' } as const;
    expect(play(line(1), { type: 'kept', run: 1 }, cancel, cancel, over, ask(1, 1)).told).toEqual([
      ...['keep_line line', 'start', 'end', 'keep ended', 'answer cancelled'],
    ]);
    expect(play(line(1), cancel, { type: 'kept', run: 1 }, ask(1, 1)).told).toEqual([
      ...['keep_line line', 'keep ended', 'answer cancelled'],
    ]);
  });

  test('whose output cannot be kept is ended', () => {
    const fault = { type: 'not_kept', run: 1, code: 'record_failed', detail: 'disk' } as const;
    const { told } = play(line(1), { type: 'kept', run: 1 }, fault, ask(1, 1));
    expect(told).toEqual(['keep_line line', 'start', 'end', 'keep ended', 'answer record_failed']);
  });

  test('keeps of its output what the bound allows, and counts the rest', () => {
    const text = 'x'.repeat(outputKeptCharactersMax - 1);
    const { effects } = play(
      line(1),
      { type: 'kept', run: 1 },
      { type: 'piece', run: 1, text },
      { type: 'piece', run: 1, text: 'abc' },
      { type: 'piece', run: 1, text: 'de' },
      { type: 'over', run: 1, code: 'ok', detail: '' },
    );
    const kept = effects.flatMap((effect) => (effect.type === 'keep' ? [effect.event] : []));
    expect(kept.slice(1)).toEqual([
      { type: 'output', run: 1, text: 'a' },
      { type: 'output_cut', run: 1, characters: 4 },
      { type: 'ended', run: 1, code: 'ok' },
    ]);
  });
});

describe('pieces', () => {
  const begun = [line(1), { type: 'kept', run: 1 }] as const satisfies SessionInput[];

  test('are made when they are asked for, one at a time', () => {
    expect(play(...begun).told).not.toContain('pull');
    expect(play(...begun, ask(1, 1), ask(1, 1)).told.filter((one) => one === 'pull')).toHaveLength(1);
  });

  test('are given again until the next is asked for', () => {
    const piece = { type: 'piece', run: 1, text: 'a' } as const;
    expect(play(...begun, ask(1, 1), piece, ask(1, 1)).told.slice(-2)).toEqual(['answer a', 'answer a']);
    expect(play(...begun, ask(1, 1), piece, ask(1, 2), ask(1, 1)).refused).toBe('no_such_run');
    expect(play(...begun, ask(1, 3)).refused).toBe('no_such_run');
    expect(play(...begun, ask(2, 1)).refused).toBe('no_such_run');
  });

  test('that take long are waited for again', () => {
    const { told } = play(
      ...begun,
      ask(1, 1),
      { type: 'waited', run: 1, nowMs: 5 },
      { type: 'piece', run: 1, text: 'late' },
      ask(1, 1),
    );
    expect(told.slice(2)).toEqual(['pull', 'answer -', 'keep output', 'answer late']);
  });
});

describe('silence', () => {
  const later = (nowMs: number): SessionInput => ({ type: 'look', nowMs });

  test('ends a line that nobody reads, not one that somebody waits for', () => {
    const begun = [line(1), { type: 'kept', run: 1 }] as const satisfies SessionInput[];
    expect(play(...begun, later(runUnreadMs)).told).not.toContain('end');
    expect(play(...begun, later(runUnreadMs + 1)).told).toContain('end');
    expect(play(...begun, ask(1, 1), later(runUnreadMs + 1)).told).not.toContain('end');
  });

  test('ends a session that nobody uses', () => {
    expect(play(later(sessionIdleMs)).state.closed).toBe(null);
    expect(play(later(sessionIdleMs + 1)).state.closed).toBe('idle');
    expect(play({ type: 'used', nowMs: 5 }, later(sessionIdleMs + 4)).state.closed).toBe(null);
  });
});

test('a session that ends takes its line along, and then takes nothing', () => {
  const { told, refused } = play(
    line(1),
    ask(1, 1),
    { type: 'kept', run: 1 },
    { type: 'close', reason: 'revoked' },
    line(2),
  );
  expect(told.slice(3)).toEqual(['end', 'keep ended', 'answer session_ended', 'keep closed', 'finish']);
  expect(refused).toBe('no_such_session');
});

test('whatever happens: nothing starts before it is kept, answers follow questions, one end each, nothing after the finish', () => {
  const run = fc.integer({ min: 1, max: 3 });
  const inputs: fc.Arbitrary<SessionInput> = fc.oneof(
    fc.record({
      type: fc.constant('line' as const),
      run,
      text: fc.constantFrom('a', 'b'),
      access: fc.constant('read'),
      refusal: fc.constantFrom(null, { code: 'read_only', detail: '' }),
      over: fc.constantFrom(null, null, { code: 'too_fast', detail: '' }),
      nowMs: fc.nat(9),
    }),
    fc.record({ type: fc.constant('kept' as const), run }),
    fc.record({
      type: fc.constant('not_kept' as const),
      run,
      code: fc.constant('record_failed'),
      detail: fc.constant(''),
    }),
    fc.record({
      type: fc.constant('ask' as const),
      run,
      at: fc.integer({ min: 0, max: 3 }),
      nowMs: fc.nat(9),
    }),
    fc.record({ type: fc.constant('waited' as const), run, nowMs: fc.nat(9) }),
    fc.record({ type: fc.constant('piece' as const), run, text: fc.constantFrom('', 'xy') }),
    fc.record({ type: fc.constant('over' as const), run, code: fc.constant('ok'), detail: fc.constant('') }),
    fc.record({ type: fc.constant('cancel' as const), run, nowMs: fc.nat(9) }),
    fc.record({ type: fc.constant('deadline' as const), run }),
    fc.record({
      type: fc.constant('look' as const),
      nowMs: fc.constantFrom(0, runUnreadMs * 2, sessionIdleMs * 2),
    }),
    fc.record({ type: fc.constant('close' as const), reason: fc.constant('left') }),
  );
  fc.assert(
    fc.property(fc.array(inputs, { maxLength: 40 }), (all) => {
      let state = openSession(80, 24, 0);
      const kept = new Set<number>();
      const ended = new Map<number, number>();
      let waiting = 0;
      let finished = false;
      for (const input of all) {
        if (input.type === 'kept' && state.run?.id === input.run) kept.add(input.run);
        const { state: next, effects, refused } = decideSession(state, input);
        if (finished) expect(effects).toEqual([]);
        if (input.type === 'ask' && refused === null) waiting += 1;
        for (const effect of effects) {
          if (effect.type === 'start') expect(kept.has(effect.run)).toBe(true);
          if (effect.type === 'pull') expect(next.run?.phase).toBe('running');
          if (effect.type === 'answer') waiting -= 1;
          if (effect.type === 'finish') finished = true;
          if (effect.type === 'keep' && effect.event.type === 'ended')
            ended.set(effect.event.run, (ended.get(effect.event.run) ?? 0) + 1);
        }
        expect(waiting).toBe(next.run?.asked == null ? 0 : 1);
        state = next;
      }
      for (const [, times] of ended) expect(times).toBe(1);
    }),
    { numRuns: 2_000 },
  );
});

describe('a line that comes too fast', () => {
  const over = { code: 'too_fast', detail: '' };
  const early = (run: number) => ({ ...line(run), over }) as SessionInput;

  test('does not run and is not kept, and its number is free still', () => {
    const { told, refused, state } = play(early(1), early(1));
    expect([told, refused, state.runs, state.run]).toEqual([[], 'too_fast', 0, null]);
    expect(play(early(1), line(1)).refused).toBe(null);
  });

  test('is counted in the record before what is kept next, at the end of the session at the latest', () => {
    const close = { type: 'close', reason: 'left' } as const;
    for (const next of [line(1), close] as const) {
      const { effects, state } = play(early(1), early(1), early(1), next);
      expect(effects[0]).toEqual({ type: 'keep', event: { type: 'lines_refused', lines: 3 } });
      expect(effects.filter((one) => 'event' in one && one.event.type === 'lines_refused')).toHaveLength(1);
      expect(state.refusedLines).toBe(0);
    }
  });

  test('is none when it is the one that runs, asked for again', () => {
    expect(play(line(1), early(1)).refused).toBe(null);
  });
});

describe('a new size of the terminal', () => {
  const resize = (columns: number, rows = 24): SessionInput => ({ type: 'resize', columns, rows, nowMs: 0 });

  test('is kept before what is kept next, once, however often it changed', () => {
    const { effects, state } = play(resize(90), resize(100), line(1), { type: 'kept', run: 1 });
    const [first, second] = effects;
    expect(first).toEqual({ type: 'keep', event: { type: 'resized', columns: 100, rows: 24 } });
    expect(second?.type).toBe('keep_line');
    expect(effects).toHaveLength(3);
    expect(state.isResized).toBe(false);
  });

  test('by itself keeps nothing: nobody fills the record of all by resizing', () => {
    const { effects, state } = play(...Array.from({ length: 1_000 }, (_, n) => resize(1 + (n % 200))));
    expect([effects, state.columns]).toEqual([[], 200]);
    expect(play(resize(80), line(1)).told).toEqual(['keep_line line']);
  });

  test('is kept within a line that lives, and with the end of the session at the latest', () => {
    const piece = { type: 'piece', run: 1, text: 'a' } as const;
    const { told } = play(line(1), { type: 'kept', run: 1 }, resize(90), piece, resize(91), {
      ...{ type: 'close', reason: 'left' },
    });
    expect(told).toEqual([
      ...['keep_line line', 'start', 'keep resized', 'keep output'],
      ...['end', 'keep resized', 'keep ended', 'keep closed', 'finish'],
    ]);
  });
});
