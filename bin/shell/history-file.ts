/**
 * The lines that were said before, newest first, in a file that only its owner reads: a line may hold what is nobody's
 * business. A file that cannot be read or written loses the history and nothing else.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { dataFolder } from '../data-folder.ts';
import { historyLinesMax } from '../limits.ts';
import type { Target } from '../operator-session.ts';

export interface History {
  /** Newest first. */
  readonly lines: string[];
  add(line: string): void;
}

/** In the data folder of a cluster of this machine, else at home. */
export function historyOf({ data, at }: Target): History {
  const folder = dataFolder(data);
  const path =
    at === undefined && existsSync(folder.path)
      ? folder.at('shell-history')
      : join(homedir(), '.picket-shell-history');
  return openHistory(path);
}

export function openHistory(path: string): History {
  const lines = read(path);
  return {
    lines,
    add(line) {
      if (line === '' || line === lines[0]) return;
      lines.unshift(line);
      lines.length = Math.min(lines.length, historyLinesMax);
      try {
        // A new file, so that its mode is ours whoever made the one before.
        writeFileSync(`${path}.next`, `${[...lines].reverse().join('\n')}\n`, { mode: 0o600 });
        renameSync(`${path}.next`, path);
      } catch {
        // The shell goes on without.
      }
    },
  };
}

function read(path: string): string[] {
  try {
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    return lines.slice(-historyLinesMax).reverse();
  } catch {
    return [];
  }
}
