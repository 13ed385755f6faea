/**
 * A real terminal for tests: a tmux of its own, keys into it and what it shows out of it. Leaves no server behind.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { script, until } from './picket.ts';

/** Why there is no terminal here; null when there is one. */
export const terminalMissing = missing();

function missing(): string | null {
  try {
    execFileSync('tmux', ['-V'], { stdio: 'pipe' });
    return null;
  } catch {
    return 'no tmux on the PATH';
  }
}

export interface Screen {
  /** Keys as tmux names them (`Enter`, `Tab`, `C-c`), or text. */
  keys(...keys: string[]): void;
  type(text: string): void;
  /** What is to be seen now, without blank lines at the end. */
  text(): string;
  /** Waits until the screen shows it, and gives the screen. */
  shows(what: string | RegExp): Promise<string>;
  resize(columns: number, rows: number): void;
  close(): void;
}

let screens = 0;

/** `picket ARGS` in a terminal; when it has ended the screen shows `EXIT n`. */
export function openScreen(args: readonly string[], columns = 100, rows = 24): Screen {
  screens += 1;
  const socket = join(tmpdir(), `picket-tmux-${process.pid}-${screens}`);
  const tmux = (...words: string[]) =>
    execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...words], { encoding: 'utf8', stdio: 'pipe' });
  const quoted = [process.execPath, script, ...args].map((word) => `'${word}'`).join(' ');
  tmux(
    ...['new-session', '-d', '-x', String(columns), '-y', String(rows)],
    `env -u DATABASE_URL -u TMUX TERM=screen ${quoted}; echo EXIT $?; sleep 600`,
  );
  const text = () => tmux('capture-pane', '-p').trimEnd();
  return {
    text,
    keys: (...keys) => void tmux('send-keys', ...keys),
    type: (typed) => void tmux('send-keys', '-l', typed),
    shows: (what) =>
      until(`the screen shows ${String(what)}`, 20_000, () => {
        const now = text();
        if (typeof what === 'string' ? now.includes(what) : what.test(now)) return now;
        throw new Error(`it shows\n${now}`);
      }),
    resize: (width, height) => void tmux('resize-window', '-x', String(width), '-y', String(height)),
    close() {
      tmux('kill-server');
      rmSync(socket, { force: true });
    },
  };
}
