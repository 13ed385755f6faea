/**
 * Where the output of a line goes: to the terminal page by page, screen by screen where it lives, or into a program of this
 * machine. Takes the next piece when the last was taken, so that the node makes no more than is read.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { systemClock } from '../../runtime/index.ts';
import { harmless } from '../harmless.ts';
import { readingStillMs } from '../limits.ts';
import { afterKey, fitPage, moreMark, newPage, type Page } from './pager.ts';
import type { RemoteRun } from './remote-session.ts';
import type { Terminal } from './terminal.ts';

/** A piece that begins with it is a new screen. */
const formFeed = '\f';
const clearScreen = '\u001b[H\u001b[2J\u001b[3J';

/**
 * Resolves when all was shown, or the operator has seen enough. Rejects with what the line ended with. Keys are heard from
 * the start: a line whose node is slow to take it is cancelled as soon as it has.
 */
export async function showRun(begun: Promise<RemoteRun>, terminal: Terminal): Promise<void> {
  let onPageKey: ((key: string) => void) | null = null;
  let isQuit = false;
  let isLive = false;
  const cancel = () => {
    isQuit = true;
    void begun.then((run) => run.cancel()).catch(() => {});
  };
  const release = terminal.keys((key) => {
    if (onPageKey !== null) onPageKey(key);
    else if (key === '\u0003') cancel();
    else return false;
    return true;
  });
  const pause = async (run: RemoteRun): Promise<Page | 'quit'> => {
    await terminal.write(moreMark);
    const stop = readsStill(run);
    const answer = await new Promise<Page | 'quit'>((resolve) => {
      onPageKey = (key) => {
        const next = afterKey(key[0] ?? '', terminal.size().rows);
        if (next !== null) resolve(next);
      };
    });
    onPageKey = null;
    stop();
    await terminal.write(`\r${' '.repeat(moreMark.length)}\r`);
    return answer;
  };
  try {
    const run = await begun;
    isLive = run.live;
    const pages = terminal.isInteractive && !isLive;
    let page = newPage(terminal.size().rows);
    for await (const piece of run.output()) {
      if (isQuit) continue;
      const { isScreen, text: whole } = shown(piece);
      if (!pages || isScreen) {
        await terminal.write(isScreen && terminal.isInteractive ? `${clearScreen}${whole}` : whole);
        continue;
      }
      for (let text = whole; text !== '' && !isQuit; ) {
        const fitted = fitPage(text, page, terminal.size().columns);
        await terminal.write(fitted.now);
        ({ page } = fitted);
        text = fitted.later;
        if (text === '') break;
        const next = await pause(run);
        if (next === 'quit') cancel();
        else page = next;
      }
    }
  } catch (error) {
    // Whoever leaves a long answer is not told that it was left.
    if (!(isQuit && (error as { code?: string }).code === 'cancelled')) throw error;
    if (isLive || !terminal.isInteractive) return;
    await terminal.write('\n');
  } finally {
    release();
  }
}

/**
 * A node that a customer runs answers what it likes, and names come from everywhere: but for a new screen where a piece begins,
 * nothing of it moves the cursor. Not behind a pipe either: what is read there by `grep` is on the screen next.
 */
function shown(piece: string): { isScreen: boolean; text: string } {
  const isScreen = piece.startsWith(formFeed);
  return { isScreen, text: harmless(isScreen ? piece.slice(1) : piece) };
}

/** The node ends what nobody reads: whoever reads a page is there. */
function readsStill(run: RemoteRun): () => void {
  const clock = systemClock({ unref: true });
  let cancel = () => {};
  const again = () => {
    cancel = clock.timer(readingStillMs, () => {
      void run.stay().catch(() => {});
      again();
    });
  };
  again();
  return () => cancel();
}

/** Ctrl-C does not end the shell while a node is slow to take the line. */
async function interruptible(begun: Promise<RemoteRun>): Promise<RemoteRun> {
  const cancel = () => void begun.then((run) => run.cancel()).catch(() => {});
  process.on('SIGINT', cancel);
  try {
    return await begun;
  } finally {
    process.off('SIGINT', cancel);
  }
}

/** The program has the terminal meanwhile. When it ends before the output does, the line is cancelled. */
export async function pipeRun(begun: Promise<RemoteRun>, program: string): Promise<number> {
  const run = await interruptible(begun);
  const child = spawn('/bin/sh', ['-c', program], { stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = new Promise<number>((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 130)));
    child.on('error', () => resolve(127));
  });
  const { stdin } = child;
  let isGone = false;
  const cancel = () => {
    if (isGone) return;
    isGone = true;
    void run.cancel().catch(() => {});
  };
  stdin.on('error', cancel);
  void ended.then(cancel);
  process.on('SIGINT', cancel);
  try {
    for await (const piece of run.output()) {
      if (isGone || stdin.write(shown(piece).text)) continue;
      await Promise.race([once(stdin, 'drain').catch(() => {}), ended]);
    }
  } catch (error) {
    if (!(isGone && (error as { code?: string }).code === 'cancelled')) throw error;
  } finally {
    stdin.end();
    await ended;
    process.off('SIGINT', cancel);
  }
  return await ended;
}
