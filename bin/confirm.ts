/** Asks a person before something is lost. A script, which has no terminal, has decided already. */
import { createInterface } from 'node:readline/promises';
import { CommandFailure } from './failure.ts';

/** Resolves when `--yes` was given, there is no terminal, or the answer is yes; rejects with `not_confirmed`. */
export async function confirm(question: string, yes: boolean | undefined): Promise<void> {
  if (yes === true || !process.stdin.isTTY || !process.stderr.isTTY) return;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // An answer that is broken off (Ctrl-C, Ctrl-D) is a no.
    const answer = await terminal.question(`${question} Type yes: `).catch(() => {
      process.stderr.write('\n');
      return 'no';
    });
    if (answer.trim().toLowerCase() !== 'yes')
      throw new CommandFailure('not_confirmed', 'nothing was changed');
  } finally {
    terminal.close();
  }
}
