/** `links`: the open links of a node, with what went over them. */
import type { LinkView } from '../../cluster/index.ts';
import { answerRows } from '../answer-rows.ts';
import type { ShellCommand } from '../command.ts';
import { nodeWords } from '../find-actor.ts';
import { askDeadlineMs } from '../limits.ts';
import { readWords } from '../read-words.ts';

const usage = 'links [NODE] [--json]';

const columns = {
  NAME: (one: LinkView) => one.name,
  ROLE: (one: LinkView) => one.role,
  STATE: (one: LinkView) => one.state,
  DIALLED: (one: LinkView) => (one.dialled ? 'by us' : 'by it'),
  ADDRESS: (one: LinkView) => one.address,
  SINCE: (one: LinkView) => one.since,
  'RTT MS': (one: LinkView) => one.rttMs,
  FRAMES: (one: LinkView) => `${one.framesIn}/${one.framesOut}`,
  BYTES: (one: LinkView) => `${one.bytesIn}/${one.bytesOut}`,
  QUEUED: (one: LinkView) => one.queuedBytes,
  REFUSED: (one: LinkView) => one.refused,
};

/** Of the platform's operators alone: what goes over a link of ours is of all tenants together. */
export const linksCommand: ShellCommand = {
  ...{ name: 'links', usage, summary: 'the open links of a node, and what went over them' },
  ...{ examples: ['links', 'links poller_1 --json'], access: 'read', deadlineMs: askDeadlineMs },
  async *run({ node, words, ask }) {
    const read = readWords(words, { usage, switches: ['json'], least: 0, most: 1 });
    const rows = await ask<LinkView[]>(read.rest[0] ?? node.node, 'links', null);
    yield* answerRows(rows, { columns, json: (row) => ({ ...row }) }, read.has('json'));
  },
  complete: async (call, _word, at) => (at === 0 ? nodeWords(call) : []),
};
