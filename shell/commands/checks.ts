/** `checks`: what a tenant has checked, and how it stands. */
import type { CheckView } from '../../actors/messages.ts';
import { answerRows } from '../answer-rows.ts';
import { askCore } from '../asking.ts';
import type { ShellCommand } from '../command.ts';
import { askDeadlineMs } from '../limits.ts';
import { readWords } from '../read-words.ts';
import { tenantNamed, tenantWords } from '../tenant-named.ts';

const usage = 'checks [TENANT] [--json]';

const columns = {
  ID: (one: CheckView) => one.id,
  NAME: (one: CheckView) => one.name,
  KIND: (one: CheckView) => one.kind,
  TARGET: (one: CheckView) => (one.port === null ? one.target : `${one.target}:${one.port}`),
  'EVERY MS': (one: CheckView) => one.interval_ms,
  STATE: (one: CheckView) => (one.enabled ? one.state : 'disabled'),
};

export const checksCommand: ShellCommand = {
  ...{ name: 'checks', usage, summary: 'the checks of a tenant and their states', forTenants: true },
  ...{
    examples: ['checks default', 'checks default --json | jq .'],
    access: 'read',
    deadlineMs: askDeadlineMs,
  },
  async *run(call) {
    const read = readWords(call.words, { usage, switches: ['json'], least: 0, most: 1 });
    const { tenant_id: tenant } = await tenantNamed(call, read.rest[0] ?? null);
    const rows = await askCore<CheckView[]>(call, 'check_list', { tenant });
    yield* answerRows(rows, { columns, json: (row) => ({ ...row }) }, read.has('json'));
  },
  complete: async (call, _word, at) => (at === 0 ? await tenantWords(call) : []),
};
