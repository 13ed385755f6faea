/** `tenants`: who the customers are; for an operator of one tenant, that one. */

import { answerRows } from '../answer-rows.ts';
import { askCore } from '../asking.ts';
import type { ShellCommand } from '../command.ts';
import { askDeadlineMs } from '../limits.ts';
import { readWords } from '../read-words.ts';
import { type TenantRow, tenantNamed } from '../tenant-named.ts';

const usage = 'tenants [--json]';

const columns = {
  ID: (one: TenantRow) => one.tenant_id,
  SLUG: (one: TenantRow) => one.slug,
  NAME: (one: TenantRow) => one.name,
  STATUS: (one: TenantRow) => one.status,
};

export const tenantsCommand: ShellCommand = {
  ...{ name: 'tenants', usage, summary: 'the tenants and their states', forTenants: true },
  ...{ examples: ['tenants', 'tenants --json'], access: 'read', deadlineMs: askDeadlineMs },
  async *run(call) {
    const read = readWords(call.words, { usage, switches: ['json'], least: 0, most: 0 });
    const rows =
      call.scope.tenant === null
        ? await askCore<TenantRow[]>(call, 'tenant_list', null)
        : [await tenantNamed(call, null)];
    yield* answerRows(rows, { columns, json: (row) => ({ ...row }) }, read.has('json'));
  },
};
