/** `eval`: JavaScript in the node, for those who may and where it is allowed. How it is bounded is eval-code.ts's. */
import type { ShellCommand } from '../command.ts';
import { evalCode } from '../eval-code.ts';
import { evalDeadlineMs } from '../limits.ts';
import { readWords } from '../read-words.ts';

const usage = "eval 'CODE'";

export const evalCommand: ShellCommand = {
  ...{ name: 'eval', usage, summary: 'run JavaScript in this node, with `node` and `system` in reach' },
  examples: ["eval 'system.counts()'", "eval 'await node.names.list({}).length'"],
  ...{ access: 'eval', deadlineMs: evalDeadlineMs },
  async *run({ node, words, signal }) {
    const { rest } = readWords(words, { usage, least: 1, most: 256 });
    yield* await evalCode(rest.join(' '), node, signal);
  },
};
