/**
 * A prober's process: started without a shell and without our environment, read line by line in bounded memory, and
 * ended with SIGKILL, which no prober can put off. Knows nothing of ICMP.
 */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { limits } from './limits.ts';

export interface ChildEnd {
  /** Null when it was killed or never started. */
  readonly code: number | null;
  /** Its last words on stderr, or why it did not start. */
  readonly said: string;
}

export interface Child {
  kill(): void;
}

/** `onEnd` is called once, after the last line, when the process is gone (or never came to be). */
export function startChild(
  path: string,
  args: readonly string[],
  input: string,
  onLine: (line: string) => void,
  onEnd: (end: ChildEnd) => void,
): Child {
  // The locale decides how numbers and messages are written, so it is fixed.
  const child = spawn(path, args, { stdio: 'pipe', shell: false, env: { LC_ALL: 'C' } });
  let said = '';
  let ended = false;
  const end = (code: number | null) => {
    if (ended) return;
    ended = true;
    onEnd({ code, said });
  };
  readLines(child.stdout, onLine);
  readLines(child.stderr, (line) => {
    if (line.trim() !== '') said = line.trim();
  });
  child.on('error', (error) => {
    said = error.message;
    // Of a process that never started there is no `close` to wait for.
    if (child.pid === undefined) end(null);
  });
  child.on('close', end);
  // A process that ends early leaves its input unread; its end says so better than the pipe does.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return { kill: () => void child.kill('SIGKILL') };
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(0, limits.childLineCharsMax);
    for (const line of lines) onLine(line);
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
