/** `agents`: the programs in a customer's networks that are connected. */

import { answerRows } from '../answer-rows.ts';
import { askCore } from '../asking.ts';
import type { ShellCommand } from '../command.ts';
import { askDeadlineMs } from '../limits.ts';
import { readWords } from '../read-words.ts';
import { tenantNamed, tenantWords } from '../tenant-named.ts';

const usage = 'agents [TENANT] [--json]';

interface AgentRow {
  readonly id: string;
  readonly partition: string;
  readonly poller: string;
  readonly status: string;
}

const columns = {
  ID: (one: AgentRow) => one.id,
  PARTITION: (one: AgentRow) => one.partition,
  POLLER: (one: AgentRow) => one.poller,
  STATUS: (one: AgentRow) => one.status,
};

export const agentsCommand: ShellCommand = {
  ...{
    name: 'agents',
    usage,
    summary: "the agents in a tenant's networks that are connected",
    forTenants: true,
  },
  ...{ examples: ['agents default', 'agents default --json'], access: 'read', deadlineMs: askDeadlineMs },
  async *run(call) {
    const read = readWords(call.words, { usage, switches: ['json'], least: 0, most: 1 });
    const { tenant_id: tenant } = await tenantNamed(call, read.rest[0] ?? null);
    const rows = await askCore<AgentRow[]>(call, 'agents_list', { tenant });
    yield* answerRows(rows, { columns, json: (row) => ({ ...row }) }, read.has('json'));
  },
  complete: async (call, _word, at) => (at === 0 ? await tenantWords(call) : []),
};
