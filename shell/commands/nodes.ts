/** `nodes`: the members of the cluster as the session's node sees them. */
import type { Member } from '../../cluster/index.ts';
import { answerRows } from '../answer-rows.ts';
import type { ShellCommand } from '../command.ts';
import { mayNameNode } from '../find-actor.ts';
import { lookDeadlineMs } from '../limits.ts';
import { readWords } from '../read-words.ts';

const usage = 'nodes [--json]';

export const nodesCommand: ShellCommand = {
  ...{ name: 'nodes', usage, summary: 'the nodes of the cluster, as this one sees them' },
  ...{
    examples: ['nodes', 'nodes --json | jq .'],
    access: 'read',
    forTenants: true,
    deadlineMs: lookDeadlineMs,
  },
  async *run({ node, scope, words }) {
    const read = readWords(words, { usage, switches: ['json'], least: 0, most: 0 });
    const members = node.members.list().filter(({ name }) => mayNameNode(scope.tenant, name));
    // Where the platform's machines are is not for a customer's operator.
    const own = (one: Member) => scope.tenant === null || one.tenant === scope.tenant;
    const columns = {
      NAME: (one: Member) => one.name,
      ROLE: (one: Member) => one.role,
      STATUS: (one: Member) => one.status,
      ADDRESS: (one: Member) => (own(one) ? one.address : null),
      PID: (one: Member) => (own(one) ? one.pid : null),
      'RTT MS': (one: Member) => (own(one) ? one.rttMs : null),
      'LAST SEEN': (one: Member) => new Date(one.lastSeenMs).toISOString(),
    };
    const json = (one: Member) => ({
      ...{ name: one.name, role: one.role, status: one.status, tenant: one.tenant },
      ...(own(one) && { boot: one.boot, address: one.address, pid: one.pid, rtt_ms: one.rttMs }),
      last_seen: new Date(one.lastSeenMs).toISOString(),
    });
    yield* answerRows(members, { columns, json }, read.has('json'));
  },
};
