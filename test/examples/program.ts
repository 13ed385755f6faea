/** A program as a user starts it: a real process, its lines as they come, ended with the test at the latest. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Program {
  readonly child: ChildProcess;
  /** Standard output so far. */
  readonly lines: string[];
  readonly errors: string[];
  /** Resolves with the first line that fits, printed already or later; rejects when the program ends without it. */
  line(fits: RegExp): Promise<string>;
  /** Exit status, or the signal, once all output is read. */
  readonly ended: Promise<number | string>;
}

const running = new Set<ChildProcess>();
process.once('exit', endPrograms);

/** Ends what still runs. For `afterEach`. */
export function endPrograms(): void {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
}

export function node(args: readonly string[], cwd: string = root): Program {
  const child = spawn(process.execPath, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  running.add(child);
  const lines: string[] = [];
  const errors: string[] = [];
  const looks = new Set<() => void>();
  const look = () => {
    for (const one of [...looks]) one();
  };
  const reading = createInterface({ input: child.stdout! });
  reading.on('line', (line) => {
    lines.push(line);
    look();
  });
  createInterface({ input: child.stderr! }).on('line', (line) => errors.push(line));
  let isOver = false;
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (status, signal) => {
      running.delete(child);
      isOver = true;
      resolve(status ?? signal ?? 'unknown');
      look();
    });
  });
  const line = (fits: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const one = () => {
        const found = lines.find((text) => fits.test(text));
        if (found === undefined && !isOver) return;
        looks.delete(one);
        if (found !== undefined) resolve(found);
        else reject(new Error(`no line ${fits} in\n${[...lines, ...errors].join('\n')}`));
      };
      looks.add(one);
      one();
    });
  return { child, lines, errors, line, ended };
}

/** The blocks of one kind in a page of ours: what stands between the fences. */
export function blocksOf(page: string, kind: string): string[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    (found) => found[1]!,
  );
}

/** The commands that a page tells, without the `node`. */
export function commandsOf(page: string): string[][] {
  const lines = blocksOf(page, 'sh').flatMap((block) => block.trim().split('\n'));
  return lines.filter((line) => line.startsWith('node ')).map((line) => line.split(' ').slice(1));
}
