/** `drain`: a node gives away what it has and ends, as on SIGTERM. A launcher starts it again; a node by itself stays away. */
import type { ShellCommand } from '../command.ts';
import { nodeWords } from '../find-actor.ts';
import { askDeadlineMs } from '../limits.ts';
import { readWords } from '../read-words.ts';

const usage = 'drain NODE';

export const drainCommand: ShellCommand = {
  ...{ name: 'drain', usage, summary: 'have a node give away what it has, and end' },
  ...{ examples: ['drain poller_2'], access: 'write', deadlineMs: askDeadlineMs },
  async *run({ words, ask }) {
    // Named in full, so that nobody ends the node that they happen to sit in.
    const { rest } = readWords(words, { usage, least: 1, most: 1 });
    const name = rest[0]!;
    await ask(name, 'drain', null);
    yield `${name} drains and ends: see nodes\n`;
  },
  complete: async (call, _word, at) => (at === 0 ? nodeWords(call) : []),
};
