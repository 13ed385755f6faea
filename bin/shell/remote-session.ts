/**
 * A session on one node, from the operator's end: lines go out, pieces of their output are asked for one by one, and none
 * is asked for before the last was taken. A session that its node no longer has is opened anew by the next line.
 */

import { systemClock } from '../../runtime/index.ts';
import {
  type CompleteAnswer,
  type LineAnswer,
  type NextAnswer,
  type OpenAnswer,
  quoteWord,
} from '../../shell/index.ts';
import { CommandFailure, codeOf } from '../failure.ts';
import { tooFastPauseMs, tooFastTriesMax } from '../limits.ts';
import type { Reach } from './reach.ts';

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface SessionWish {
  readonly write: boolean;
  size(): TerminalSize;
}

/** One line that runs. */
export interface RemoteRun {
  /** It goes on until it is cancelled. */
  readonly live: boolean;
  /** Pieces; ends, or throws the `CommandFailure` that the line ended with. */
  output(): AsyncGenerator<string, void, void>;
  cancel(): Promise<void>;
  /** While nobody asks for more: the node holds the line for its reader. */
  stay(): Promise<void>;
}

export class RemoteSession {
  readonly node: string;
  private readonly reach: Reach;
  private readonly wish: SessionWish;
  private opened: OpenAnswer | null = null;
  private runs = 0;

  constructor(reach: Reach, node: string, wish: SessionWish) {
    this.reach = reach;
    this.node = node;
    this.wish = wish;
  }

  /** What the node says of the session; opens it when there is none. */
  async open(): Promise<OpenAnswer> {
    if (this.opened !== null) return this.opened;
    const asked = { write: this.wish.write, ...this.wish.size() };
    this.opened = await inTime(() => this.reach.call<OpenAnswer>(this.node, 'shell_open', asked));
    this.runs = 0;
    return this.opened;
  }

  /** The node is gone, or its session is: the next line opens another. */
  forget(): void {
    this.opened = null;
  }

  async run(text: string): Promise<RemoteRun> {
    try {
      return await this.begin(text);
    } catch (error) {
      // It ended while nobody used it, or counts other lines than this end does: the line has not run.
      if (!['no_such_session', 'no_such_run'].includes(codeOf(error) ?? '')) throw error;
      this.forget();
      return await this.begin(text);
    }
  }

  /** What the last word of the line may become. */
  async complete(line: string): Promise<CompleteAnswer> {
    return await this.ask<CompleteAnswer>('shell_complete', { line });
  }

  async nodes(word: string): Promise<readonly string[]> {
    return (await this.complete(`explain node ${word === '' ? '' : quoteWord(word)}`)).words;
  }

  async resize(): Promise<void> {
    if (this.opened !== null) await this.ask('shell_resize', this.wish.size());
  }

  async close(): Promise<void> {
    if (this.opened === null) return;
    await this.ask('shell_close', {}).catch(() => {});
    this.forget();
  }

  private async begin(text: string): Promise<RemoteRun> {
    await this.open();
    const run = this.runs + 1;
    // What was refused has no number.
    const { live } = await inTime(() => this.ask<LineAnswer>('shell_line', { run, text }));
    this.runs = run;
    let at = 0;
    const next = () => this.ask<NextAnswer>('shell_next', { run, at: at + 1 });
    async function* output() {
      for (;;) {
        const { text: piece, done } = await next();
        if (done !== null) {
          if (done.code !== 'ok')
            throw new CommandFailure(done.code, done.detail, isUsage(done.code) ? 2 : 1);
          return;
        }
        if (piece === null) continue;
        at += 1;
        yield piece;
      }
    }
    return {
      live,
      output,
      cancel: async () => void (await this.ask('shell_cancel', { run })),
      stay: async () => void (at > 0 && (await this.ask('shell_next', { run, at }))),
    };
  }

  private async ask<T>(name: string, asked: object): Promise<T> {
    const session = this.opened?.session ?? '';
    try {
      return await this.reach.call<T>(this.node, name, { session, ...asked });
    } catch (error) {
      const code = codeOf(error) ?? '';
      if (
        ['node_down', 'no_such_node', 'call_timeout', 'unreachable', 'leaving', 'peer_refused'].includes(code)
      )
        this.forget();
      throw error;
    }
  }
}

/** A file of lines is said at the pace that the node allows: what came too fast has not run, and is said again a little later. */
async function inTime<T>(say: () => Promise<T>): Promise<T> {
  const clock = systemClock();
  for (let tries = 1; ; tries += 1) {
    try {
      return await say();
    } catch (error) {
      if (codeOf(error) !== 'too_fast' || tries === tooFastTriesMax) throw error;
    }
    await new Promise<void>((resolve) => void clock.timer(tooFastPauseMs, resolve));
  }
}

/** What the operator typed wrong, not what went wrong. */
function isUsage(code: string): boolean {
  return ['bad_line', 'bad_words', 'no_such_command'].includes(code);
}
