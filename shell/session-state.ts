/**
 * What a session of the shell is at any moment, what may happen to it, and what then is to be done: the protocol on one
 * screen. Decided by session-decision.ts, performed by session.ts. One line runs at a time; its output is pulled piece by
 * piece, so at most one piece that nobody has read exists.
 */
import type { ShellErrorCode } from './errors.ts';
import type { SessionEvent } from './ports/session-record.ts';

/** How a line ended: `ok`, or the code of an error with its sentence. */
export interface Outcome {
  readonly code: string;
  readonly detail: string;
}

export interface RunState {
  readonly id: number;
  readonly text: string;
  /** `keeping`: its record is being written, so it has not begun. */
  readonly phase: 'keeping' | 'running' | 'over';
  /** The line may not run, and why: it is written down all the same. */
  readonly refusal: Outcome | null;
  /** How many pieces came; the last of them is held until the next is asked for. */
  readonly pieces: number;
  readonly held: string | null;
  readonly isPulling: boolean;
  /** The number of the piece that a request waits for. */
  readonly asked: number | null;
  /** Why it was told to end. */
  readonly ending: ShellErrorCode | null;
  readonly outcome: Outcome | null;
  readonly keptCharacters: number;
  readonly cutCharacters: number;
}

export interface SessionState {
  /** Why it ended; null: it is open. */
  readonly closed: string | null;
  readonly columns: number;
  readonly rows: number;
  /** The size is another than the record says: it is told before what is kept next. */
  readonly isResized: boolean;
  readonly run: RunState | null;
  /** Lines that came too fast since something was kept last: they are told before what is kept next. */
  readonly refusedLines: number;
  /** The number of the last line. */
  readonly runs: number;
  /** Of the last request, monotonic milliseconds. */
  readonly askedAtMs: number;
}

export type SessionInput =
  /** `run`: one more than the last. The same line with the number of the last is the last one asked for again. */
  | {
      readonly type: 'line';
      readonly run: number;
      readonly text: string;
      readonly access: string;
      readonly refusal: Outcome | null;
      /** The session has said, or has had written down, as much as it may for now, and why: the line is not even kept. */
      readonly over: Outcome | null;
      readonly nowMs: number;
    }
  /** The record of the line is written. */
  | { readonly type: 'kept'; readonly run: number }
  /** Something of it could not be written. */
  | { readonly type: 'not_kept'; readonly run: number; readonly code: string; readonly detail: string }
  /** For piece `at`, counted from 1. */
  | { readonly type: 'ask'; readonly run: number; readonly at: number; readonly nowMs: number }
  /** The request has waited long enough: it is answered, and may be made again. */
  | { readonly type: 'waited'; readonly run: number; readonly nowMs: number }
  | { readonly type: 'piece'; readonly run: number; readonly text: string }
  | { readonly type: 'over'; readonly run: number; readonly code: string; readonly detail: string }
  | { readonly type: 'cancel'; readonly run: number; readonly nowMs: number }
  | { readonly type: 'deadline'; readonly run: number }
  | { readonly type: 'resize'; readonly columns: number; readonly rows: number; readonly nowMs: number }
  | { readonly type: 'used'; readonly nowMs: number }
  | { readonly type: 'look'; readonly nowMs: number }
  | { readonly type: 'close'; readonly reason: string };

/** What a request for a piece is answered with: text, the end, or neither: nothing came yet. */
export interface NextAnswer {
  readonly text: string | null;
  readonly done: Outcome | null;
}

export type SessionEffect =
  /** In order; what is answered after it was decided leaves when it is kept. */
  | { readonly type: 'keep'; readonly event: SessionEvent }
  /** The same, and tells `kept` or `not_kept`. */
  | { readonly type: 'keep_line'; readonly run: number; readonly event: SessionEvent }
  | { readonly type: 'start'; readonly run: number }
  | { readonly type: 'pull'; readonly run: number }
  /** The line is to end soon, by this code. */
  | { readonly type: 'end'; readonly run: number; readonly code: ShellErrorCode }
  | { readonly type: 'answer'; readonly answer: NextAnswer }
  /** Nothing more is kept. */
  | { readonly type: 'finish' };

export interface SessionStep {
  readonly state: SessionState;
  readonly effects: readonly SessionEffect[];
  /** The request is refused with this. */
  readonly refused: Outcome | null;
}
