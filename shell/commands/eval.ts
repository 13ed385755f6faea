/** `eval`: JavaScript in the node, for those who may and where it is allowed. How it is bounded is eval-code.ts's. */
import type { ShellCommand } from '../command.ts';
import { ShellError } from '../errors.ts';
import { evalCode } from '../eval-code.ts';
import { evalDeadlineMs } from '../limits.ts';

const usage = 'eval CODE';

export const evalCommand: ShellCommand = {
  ...{ name: 'eval', usage, summary: 'run JavaScript in this node, with `node` and `system` in reach' },
  examples: ['eval system.counts()', 'eval node.names.list({ kind: "tenant" }).length'],
  ...{ access: 'eval', deadlineMs: evalDeadlineMs },
  async *run({ node, words, signal }) {
    // One word, as it was written; several where the name was in quotes.
    const code = words.join(' ');
    if (code.trim() === '') throw new ShellError('bad_words', `something is missing; usage: ${usage}`);
    yield* await evalCode(code, node, signal);
  },
};
