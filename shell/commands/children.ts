/** `children`: the supervised children of the cluster, where each runs, in which state and why. */
import type { ChildReport } from '../../cluster/index.ts';
import { answerRows } from '../answer-rows.ts';
import type { ShellCall, ShellCommand } from '../command.ts';
import { askDeadlineMs } from '../limits.ts';
import { readWords } from '../read-words.ts';

const usage = 'children [--kind KIND] [--state STATE] [--json]';

const columns = {
  ID: (one: ChildReport) => one.id,
  KIND: (one: ChildReport) => one.kind,
  TENANT: (one: ChildReport) => one.tenant,
  NODE: (one: ChildReport) => one.node,
  OWNER: (one: ChildReport) => one.owner,
  STATE: (one: ChildReport) => one.state,
  RESTARTS: (one: ChildReport) => one.restarts,
  'NEXT S': (one: ChildReport) =>
    one.nextAttemptMs === null ? null : (one.nextAttemptMs / 1_000).toFixed(1),
  REASON: (one: ChildReport) => one.reason,
};

export const childrenCommand: ShellCommand = {
  ...{
    name: 'children',
    usage,
    summary: 'what the supervisor of the cluster runs where, and what not and why',
  },
  examples: ['children', 'children --state failed', 'children --kind meter --json'],
  ...{ access: 'read', forTenants: true, deadlineMs: askDeadlineMs },
  async *run(call) {
    const read = readWords(call.words, {
      ...{ usage, values: ['kind', 'state'], switches: ['json'], least: 0, most: 0 },
    });
    const state = read.value('state');
    const kind = read.value('kind');
    const rows = (await childrenOf(call, kind)).filter((row) => state === null || row.state === state);
    const json = ({ nextAttemptMs, sinceMs, ...row }: ChildReport) => ({
      ...{ ...row, since_ms: sinceMs, next_attempt_ms: nextAttemptMs },
    });
    yield* answerRows(rows, { columns, json }, read.has('json'));
  },
};

/** Of one tenant: as this node sees them, for what their nodes tell is of all tenants together. */
async function childrenOf({ node, scope, ask }: ShellCall, kind: string | null): Promise<ChildReport[]> {
  if (scope.tenant === null) return await ask(node.node, 'children', kind === null ? null : { kind });
  const unknown = { restarts: null, sinceMs: null, nextAttemptMs: null, reason: null };
  return node.supervisor
    .list(kind)
    .filter(({ tenant }) => tenant === scope.tenant)
    .map((row) => ({ ...row, ...unknown }));
}
