/** `links`: the open links of a node, with what went over them. */
import type { LinkView } from '../../cluster/index.ts';
import { answerRows } from '../answer-rows.ts';
import type { ShellCommand } from '../command.ts';
import { nodeWords } from '../find-actor.ts';
import { askDeadlineMs } from '../limits.ts';
import { shortLinkColumns, wideLinkColumns } from '../link-columns.ts';
import { readWords } from '../read-words.ts';

const usage = 'links [NODE] [--wide] [--json]';

/** Of the platform's operators alone: what goes over a link of ours is of all tenants together. */
export const linksCommand: ShellCommand = {
  ...{ name: 'links', usage, summary: 'the open links of a node, and what went over them' },
  ...{ examples: ['links', 'links poller_1 --json'], access: 'read', deadlineMs: askDeadlineMs },
  async *run({ node, words, ask }) {
    const read = readWords(words, { usage, switches: ['json', 'wide'], least: 0, most: 1 });
    const nowMs = node.system.clock.wallMs();
    const rows = await ask<LinkView[]>(read.rest[0] ?? node.node, 'links', null);
    const columns = read.has('wide') ? wideLinkColumns : shortLinkColumns(nowMs);
    yield* answerRows(rows, { columns, json: (row) => ({ ...row }) }, read.has('json'));
  },
  complete: async (call, _word, at) => (at === 0 ? nodeWords(call) : []),
};
