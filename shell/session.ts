/**
 * One session of the shell on this node: performs what session-decision.ts decides. Writes the record in order, runs one
 * command at a time under its deadline, pulls its output when it is asked for, and answers requests for it. Between the
 * procedures (door.ts) and the commands.
 */
import type { Clock, Log } from '../runtime/index.ts';
import { messageOf } from '../runtime/index.ts';
import { ShellError, type ShellErrorCode } from './errors.ts';
import { endGraceMs, nextWaitMs, pieceCharactersMax } from './limits.ts';
import type { SessionEvent, SessionRecord } from './ports/session-record.ts';
import type { RecordBudget } from './record-budget.ts';
import { decideSession, openSession } from './session-decision.ts';
import type { NextAnswer, Outcome, SessionEffect, SessionInput, SessionState } from './session-state.ts';

/** A line that was judged, ready to begin. */
export interface Runnable {
  readonly access: string;
  readonly refusal: Outcome | null;
  /** Milliseconds; null: none. */
  readonly deadlineMs: number | null;
  begin(size: { columns: number; rows: number }, signal: AbortSignal): AsyncIterable<string>;
}

export interface SessionNeeds {
  readonly record: SessionRecord;
  readonly clock: Clock;
  readonly log: Log;
  readonly columns: number;
  readonly rows: number;
  readonly budget: RecordBudget;
  /** What ended a line, as its operator is told of it. */
  outcomeOf(error: unknown): Outcome;
  /** Once, when it has ended and its record is whole. */
  ended(): void;
}

interface Running {
  readonly id: number;
  readonly runnable: Runnable;
  readonly abort: AbortController;
  output: AsyncIterator<string> | null;
  /** What was longer than a piece may be. */
  rest: string;
  /** The piece that is made while the one before is on its way; what lives makes none: it would be old when it is read. */
  ahead: Promise<IteratorResult<string>> | null;
  /** Of its deadline: it runs while the node works for the line, not while the operator reads. */
  leftMs: number | null;
  cancelTimers: (() => void)[];
}

export class Session {
  private readonly needs: SessionNeeds;
  private state: SessionState;
  private running: Running | null = null;
  /** Everything is kept in the order in which it was decided. */
  private keeping: Promise<void> = Promise.resolve();
  /** Every request that is taken is answered once, in order. */
  private readonly replies: ((answer: NextAnswer) => void)[] = [];
  private cancelWait: () => void = () => {};

  constructor(needs: SessionNeeds) {
    this.needs = needs;
    this.state = openSession(needs.columns, needs.rows, needs.clock.monotonicMs());
  }

  get closed(): string | null {
    return this.state.closed;
  }

  /** Throws what refuses it. Its outcome, a refusal of the command included, is told by `next`. */
  line(run: number, text: string, runnable: Runnable): void {
    const { access, refusal } = runnable;
    const { budget } = this.needs;
    const before = this.state.runs;
    this.take({ type: 'line', run, text, access, refusal, over: budget.over(), nowMs: this.now() }, () => {
      if (this.state.runs === before) return;
      budget.line();
      const abort = new AbortController();
      const leftMs = runnable.deadlineMs;
      this.running = {
        id: run,
        runnable,
        abort,
        output: null,
        rest: '',
        ahead: null,
        leftMs,
        cancelTimers: [],
      };
    });
  }

  /** Waits for a piece for `nextWaitMs`; rejects with what refuses the request. */
  async next(run: number, at: number): Promise<NextAnswer> {
    return await new Promise((resolve, reject) => {
      try {
        this.take({ type: 'ask', run, at, nowMs: this.now() }, () => this.replies.push(resolve));
      } catch (error) {
        reject(error as Error);
        return;
      }
      if (this.state.run?.asked !== at) return;
      this.cancelWait = this.needs.clock.timer(nextWaitMs, () =>
        this.tell({ type: 'waited', run, nowMs: this.now() }),
      );
    });
  }

  cancel(run: number): void {
    this.take({ type: 'cancel', run, nowMs: this.now() });
  }

  resize(columns: number, rows: number): void {
    this.take({ type: 'resize', columns, rows, nowMs: this.now() });
  }

  /** Somebody is there: completion asks, and leaves no record. */
  used(): { columns: number; rows: number } {
    this.take({ type: 'used', nowMs: this.now() });
    return this.state;
  }

  look(): void {
    this.tell({ type: 'look', nowMs: this.now() });
  }

  /** Resolves when its record is whole. */
  close(reason: string): Promise<void> {
    this.tell({ type: 'close', reason });
    return this.keeping;
  }

  private now(): number {
    return this.needs.clock.monotonicMs();
  }

  /** What a caller asks for: a refusal is thrown. `between`: before the effects are performed. */
  private take(input: SessionInput, between: () => void = () => {}): void {
    const { state, effects, refused } = decideSession(this.state, input);
    this.state = state;
    if (refused !== null) throw new ShellError(refused.code as ShellErrorCode, refused.detail);
    between();
    this.perform(effects);
  }

  /** What happens by itself: after the end of the session it is nobody's. */
  private tell(input: SessionInput): void {
    const { state, effects } = decideSession(this.state, input);
    this.state = state;
    this.perform(effects);
  }

  private perform(effects: readonly SessionEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'keep':
          this.keep(effect.event, null);
          break;
        case 'keep_line':
          this.keep(effect.event, effect.run);
          break;
        case 'start':
          this.start(effect.run);
          break;
        case 'pull':
          if (this.running?.id === effect.run) void this.pull(this.running);
          break;
        case 'end':
          this.end(effect.run);
          break;
        case 'answer':
          this.answer(effect.answer);
          break;
        case 'finish':
          this.keeping = this.keeping.then(() => this.finish());
      }
    }
  }

  /** Leaves when everything that was decided before is kept. */
  private answer(answer: NextAnswer): void {
    const reply = this.replies.shift();
    this.cancelWait();
    void this.keeping.then(() => reply?.(answer));
  }

  private keep(event: SessionEvent, line: number | null): void {
    const { record, clock, log, budget } = this.needs;
    budget.kept(event);
    const run = 'run' in event ? event.run : (this.state.run?.id ?? 0);
    this.keeping = this.keeping
      .then(() => record.write(event, clock.wallMs()))
      .then(
        () => line !== null && this.tell({ type: 'kept', run: line }),
        (error: unknown) => {
          const { code = 'record_failed' } = error as { code?: string };
          const why = { event: event.type, code, error: messageOf(error) };
          log('warn', 'the record of a session was not written', why);
          const { detail } = this.needs.outcomeOf(error);
          this.tell({ type: 'not_kept', run, code, detail });
        },
      )
      .then(() => {});
  }

  private async finish(): Promise<void> {
    try {
      await this.needs.record.end();
    } catch (error) {
      this.needs.log('warn', 'the record of a session was not ended', { error: messageOf(error) });
    }
    this.needs.ended();
  }

  private start(id: number): void {
    const { running } = this;
    if (running?.id !== id) return;
    const { runnable, abort } = running;
    try {
      running.output = runnable.begin(this.state, abort.signal)[Symbol.asyncIterator]();
    } catch (error) {
      this.over(id, error);
    }
  }

  private async pull(running: Running): Promise<void> {
    const { id } = running;
    const hold = this.countDown(running);
    try {
      while (running.rest === '') {
        const { value, done } = await (running.ahead ?? running.output!.next());
        running.ahead = null;
        if (done === true) {
          this.over(id, null);
          return;
        }
        running.rest = value;
      }
    } catch (error) {
      this.over(id, error);
      return;
    } finally {
      hold();
    }
    const text = running.rest.slice(0, pieceCharactersMax);
    running.rest = running.rest.slice(text.length);
    this.tell({ type: 'piece', run: id, text });
    if (running.rest === '' && running.leftMs !== null && this.running === running) this.makeAhead(running);
  }

  /** One piece, and no further before this one was asked for. */
  private makeAhead(running: Running): void {
    if (running.abort.signal.aborted) return;
    running.ahead = running.output!.next();
    // Told to whoever asks for it.
    running.ahead.catch(() => {});
  }

  /** The line's deadline goes on until the answer is called. */
  private countDown(running: Running): () => void {
    const { id, leftMs, cancelTimers } = running;
    if (leftMs === null) return () => {};
    const sinceMs = this.now();
    const cancel = this.needs.clock.timer(leftMs, () => this.tell({ type: 'deadline', run: id }));
    cancelTimers.push(cancel);
    return () => {
      cancel();
      cancelTimers.splice(cancelTimers.indexOf(cancel), 1);
      running.leftMs = Math.max(0, leftMs - (this.now() - sinceMs));
    };
  }

  /** The command hears it by its signal; one that does not end then is left to itself. */
  private end(id: number): void {
    const { running } = this;
    if (running?.id !== id) return;
    running.abort.abort();
    const { output } = running;
    const over = () => this.over(id, null);
    running.cancelTimers.push(this.needs.clock.timer(endGraceMs, over));
    void Promise.resolve(output?.return?.()).then(over, over);
  }

  private over(id: number, error: unknown): void {
    const { running } = this;
    if (running?.id !== id) return;
    this.running = null;
    for (const cancel of running.cancelTimers) cancel();
    // What still runs must not go on unseen.
    running.abort.abort();
    const { code, detail } = error === null ? { code: 'ok', detail: '' } : this.needs.outcomeOf(error);
    this.tell({ type: 'over', run: id, code, detail });
  }
}
