/** `links`: the open links of a node, with what went over them. */
import type { LinkView } from '../../cluster/index.ts';
import { answerRows } from '../answer-rows.ts';
import type { ShellCommand } from '../command.ts';
import { nodeWords } from '../find-actor.ts';
import { askDeadlineMs } from '../limits.ts';
import { showAge } from '../read-amount.ts';
import { readWords } from '../read-words.ts';

const usage = 'links [NODE] [--json]';

/** As narrow as it goes, to fit a terminal; `--json` has every figure whole. */
const columns = (nowMs: number) => ({
  NAME: (one: LinkView) => one.name,
  ROLE: (one: LinkView) => one.role,
  STATE: (one: LinkView) => one.state,
  DIALLED: (one: LinkView) => `${one.dialled ? 'to' : 'from'} ${one.address}`,
  FOR: (one: LinkView) => showAge(nowMs - Date.parse(one.since)),
  'RTT MS': (one: LinkView) => one.rttMs,
  'FRAMES IN/OUT': (one: LinkView) => `${one.framesIn}/${one.framesOut}`,
  'KIB IN/OUT': (one: LinkView) => `${kib(one.bytesIn)}/${kib(one.bytesOut)}`,
  QUEUED: (one: LinkView) => one.queuedBytes,
  REFUSED: (one: LinkView) => one.refused,
});

const kib = (bytes: number) => Math.round(bytes / 1_024);

/** Of the platform's operators alone: what goes over a link of ours is of all tenants together. */
export const linksCommand: ShellCommand = {
  ...{ name: 'links', usage, summary: 'the open links of a node, and what went over them' },
  ...{ examples: ['links', 'links poller_1 --json'], access: 'read', deadlineMs: askDeadlineMs },
  async *run({ node, words, ask }) {
    const read = readWords(words, { usage, switches: ['json'], least: 0, most: 1 });
    const nowMs = node.system.clock.wallMs();
    const rows = await ask<LinkView[]>(read.rest[0] ?? node.node, 'links', null);
    yield* answerRows(rows, { columns: columns(nowMs), json: (row) => ({ ...row }) }, read.has('json'));
  },
  complete: async (call, _word, at) => (at === 0 ? nodeWords(call) : []),
};
