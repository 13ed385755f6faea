/**
 * What a session of the shell does next. Pure: (state, input) -> state, effects. The words of it are in session-state.ts.
 * That nothing runs before its line is kept, and nothing is shown before it is kept, is decided here.
 */
import type { ShellErrorCode } from './errors.ts';
import { outputKeptCharactersMax, runUnreadMs, sessionIdleMs } from './limits.ts';
import type {
  NextAnswer,
  Outcome,
  RunState,
  SessionEffect,
  SessionInput,
  SessionState,
  SessionStep,
} from './session-state.ts';

const nothingYet: NextAnswer = { text: null, done: null };

const sentences: Partial<Record<ShellErrorCode, string>> = {
  cancelled: 'it was cancelled',
  deadline: 'it took longer than it may, and was ended',
  not_read: 'nobody asked for its output, so it was ended',
  session_ended: 'the session ended while it ran',
};

export function openSession(columns: number, rows: number, nowMs: number): SessionState {
  return {
    closed: null,
    columns,
    rows,
    isResized: false,
    refusedLines: 0,
    run: null,
    runs: 0,
    askedAtMs: nowMs,
  };
}

export function decideSession(state: SessionState, input: SessionInput): SessionStep {
  return withNotes(decide(state, input));
}

/**
 * A size is kept before what is shown in it, and how many lines came too fast before what came of the next, and neither by
 * itself: nobody waits for the record of one, so that whoever does nothing else would fill it for all.
 */
function withNotes(decided: SessionStep): SessionStep {
  const { state, effects } = decided;
  const { columns, rows, isResized, refusedLines: lines } = state;
  const at = effects.findIndex(({ type }) => type === 'keep' || type === 'keep_line');
  if (at < 0 || (!isResized && lines === 0)) return decided;
  const notes: SessionEffect[] = [];
  if (lines > 0) notes.push({ type: 'keep', event: { type: 'lines_refused', lines } });
  if (isResized) notes.push({ type: 'keep', event: { type: 'resized', columns, rows } });
  const all = [...effects.slice(0, at), ...notes, ...effects.slice(at)];
  return { ...decided, state: { ...state, isResized: false, refusedLines: 0 }, effects: all };
}

function decide(state: SessionState, input: SessionInput): SessionStep {
  if (state.closed !== null) return refuse(state, 'no_such_session', `the session ended: ${state.closed}`);
  switch (input.type) {
    case 'line':
      return line(state, input);
    case 'ask':
      return ask({ ...state, askedAtMs: input.nowMs }, input.run, input.at);
    case 'cancel':
      return cancel({ ...state, askedAtMs: input.nowMs }, input.run);
    case 'resize': {
      const { columns, rows } = input;
      const isResized = state.isResized || columns !== state.columns || rows !== state.rows;
      return step({ ...state, columns, rows, isResized, askedAtMs: input.nowMs });
    }
    case 'used':
      return step({ ...state, askedAtMs: input.nowMs });
    case 'look':
      return look(state, input.nowMs);
    case 'close':
      return close(state, input.reason);
    default: {
      const { run } = state;
      // What an earlier line still says is nobody's.
      if (run === null || run.id !== input.run) return step(state);
      return ofRun(state, run, input);
    }
  }
}

function line(state: SessionState, input: SessionInput & { type: 'line' }): SessionStep {
  const { run } = state;
  const used = { ...state, askedAtMs: input.nowMs };
  // The answer to the first was lost: it runs once.
  if (run !== null && run.id === input.run && run.text === input.text) return step(used);
  if (run !== null && run.phase !== 'over')
    return refuse(used, 'line_runs', `line ${run.id} runs still: cancel it first`);
  if (input.run !== state.runs + 1)
    return refuse(used, 'no_such_run', `the next line is number ${state.runs + 1}`);
  if (input.over !== null) {
    const { code, detail } = input.over;
    return refuse({ ...used, refusedLines: state.refusedLines + 1 }, code as ShellErrorCode, detail);
  }
  const begun: RunState = {
    ...{ id: input.run, text: input.text, phase: 'keeping', refusal: input.refusal },
    ...{ pieces: 0, held: null, isPulling: false, asked: null, ending: null, outcome: null },
    ...{ keptCharacters: 0, cutCharacters: 0 },
  };
  const event = { type: 'line', run: input.run, text: input.text, access: input.access } as const;
  return step({ ...used, run: begun, runs: input.run }, [{ type: 'keep_line', run: input.run, event }]);
}

function ask(state: SessionState, id: number, at: number): SessionStep {
  const { run } = state;
  if (run === null || run.id !== id) return refuse(state, 'no_such_run', `line ${id} is not the last one`);
  if (at === run.pieces && run.held !== null) return step(state, [answer({ text: run.held, done: null })]);
  if (at !== run.pieces + 1)
    return refuse(state, 'no_such_run', `the next piece of line ${id} is number ${run.pieces + 1}`);
  if (run.outcome !== null) return step(state, [answer({ text: null, done: run.outcome })]);
  const effects: SessionEffect[] = [];
  // One request waits at a time: an earlier one, whose asker is gone, is let go.
  if (run.asked !== null) effects.push(answer(nothingYet));
  const pulls = run.phase === 'running' && !run.isPulling && run.ending === null;
  if (pulls) effects.push({ type: 'pull', run: id });
  // What was read before is asked for no more.
  return step(
    { ...state, run: { ...run, asked: at, held: null, isPulling: run.isPulling || pulls } },
    effects,
  );
}

function cancel(state: SessionState, id: number): SessionStep {
  const { run } = state;
  if (run === null || run.id !== id || run.phase === 'over') return step(state);
  return end(state, run, 'cancelled');
}

function end(state: SessionState, run: RunState, code: ShellErrorCode): SessionStep {
  if (run.ending !== null) return step(state);
  const next = { ...state, run: { ...run, ending: code } };
  // One that has not begun is over as soon as its line is kept.
  return step(next, run.phase === 'running' ? [{ type: 'end', run: run.id, code }] : []);
}

function ofRun(
  state: SessionState,
  run: RunState,
  input: SessionInput & { type: 'kept' | 'not_kept' | 'waited' | 'piece' | 'over' | 'deadline' },
): SessionStep {
  if (run.phase === 'over') return step(state);
  switch (input.type) {
    case 'kept':
      return kept(state, run);
    case 'not_kept': {
      const { code, detail } = input;
      const effects: SessionEffect[] =
        run.phase === 'running' ? [{ type: 'end', run: run.id, code: 'record_failed' }] : [];
      return over(state, run, { code, detail }, effects);
    }
    case 'waited': {
      if (run.asked === null) return step(state);
      const waited = { ...state, askedAtMs: input.nowMs, run: { ...run, asked: null } };
      return step(waited, [answer(nothingYet)]);
    }
    case 'piece':
      return piece(state, run, input.text);
    case 'deadline':
      return end(state, run, 'deadline');
    case 'over': {
      const outcome = run.ending === null ? input : endedBy(run.ending);
      return over(state, run, { code: outcome.code, detail: outcome.detail }, []);
    }
  }
}

function kept(state: SessionState, run: RunState): SessionStep {
  if (run.phase !== 'keeping') return step(state);
  if (run.ending !== null) return over(state, run, endedBy(run.ending), []);
  if (run.refusal !== null) return over(state, run, run.refusal, []);
  const pulls = run.asked !== null;
  const effects: SessionEffect[] = [{ type: 'start', run: run.id }];
  if (pulls) effects.push({ type: 'pull', run: run.id });
  return step({ ...state, run: { ...run, phase: 'running', isPulling: pulls } }, effects);
}

function piece(state: SessionState, run: RunState, text: string): SessionStep {
  const room = outputKeptCharactersMax - run.keptCharacters;
  const shown = text.slice(0, room);
  const effects: SessionEffect[] = [];
  if (shown !== '') effects.push({ type: 'keep', event: { type: 'output', run: run.id, text: shown } });
  const pieces = run.pieces + 1;
  if (run.asked === pieces) effects.push(answer({ text, done: null }));
  const next: RunState = {
    ...{ ...run, pieces, held: text, isPulling: false, asked: null },
    keptCharacters: run.keptCharacters + shown.length,
    cutCharacters: run.cutCharacters + text.length - shown.length,
  };
  return step({ ...state, run: next }, effects);
}

function over(
  state: SessionState,
  run: RunState,
  outcome: Outcome,
  before: readonly SessionEffect[],
): SessionStep {
  const { id, cutCharacters: characters } = run;
  const effects: SessionEffect[] = [...before];
  if (characters > 0) effects.push({ type: 'keep', event: { type: 'output_cut', run: id, characters } });
  effects.push({ type: 'keep', event: { type: 'ended', run: id, code: outcome.code } });
  if (run.asked !== null) effects.push(answer({ text: null, done: outcome }));
  return step({ ...state, run: { ...run, phase: 'over', outcome, asked: null, isPulling: false } }, effects);
}

function look(state: SessionState, nowMs: number): SessionStep {
  const { run } = state;
  const idleMs = nowMs - state.askedAtMs;
  if (run !== null && run.phase !== 'over') {
    return run.asked === null && idleMs > runUnreadMs ? end(state, run, 'not_read') : step(state);
  }
  return idleMs > sessionIdleMs ? close(state, 'idle') : step(state);
}

function close(state: SessionState, reason: string): SessionStep {
  const { run } = state;
  const effects: SessionEffect[] = [];
  let left: SessionState = state;
  if (run !== null && run.phase !== 'over') {
    const before: SessionEffect[] =
      run.phase === 'running' ? [{ type: 'end', run: run.id, code: 'session_ended' }] : [];
    const ended = over(state, run, endedBy('session_ended'), before);
    left = ended.state;
    effects.push(...ended.effects);
  }
  effects.push({ type: 'keep', event: { type: 'closed', reason } }, { type: 'finish' });
  return step({ ...left, closed: reason }, effects);
}

function endedBy(code: ShellErrorCode): Outcome {
  return { code, detail: sentences[code] ?? code };
}

function answer(one: NextAnswer): SessionEffect {
  return { type: 'answer', answer: one };
}

function step(state: SessionState, effects: readonly SessionEffect[] = []): SessionStep {
  return { state, effects, refused: null };
}

function refuse(state: SessionState, code: ShellErrorCode, detail: string): SessionStep {
  return { state, effects: [], refused: { code, detail } };
}
