/** `registry`: the names that the session's node knows, read from the map as the operator reads the answer. */
import type { NameEntry } from '../../cluster/index.ts';
import { answerRows } from '../answer-rows.ts';
import type { ShellCall, ShellCommand } from '../command.ts';
import { ShellError } from '../errors.ts';
import { nodeWords } from '../find-actor.ts';
import { askDeadlineMs } from '../limits.ts';
import { readWords } from '../read-words.ts';
import { tenantNamed } from '../tenant-named.ts';

const usage = 'registry [--tenant TENANT] [--kind KIND] [--node NODE] [--json]';

const columns = {
  TENANT: (one: NameEntry) => one.key.tenant,
  PARTITION: (one: NameEntry) => one.key.partition,
  KIND: (one: NameEntry) => one.key.kind,
  ID: (one: NameEntry) => one.key.id,
  NODE: (one: NameEntry) => one.node,
  ACTOR: (one: NameEntry) => one.ref.id,
};

const json = ({ key, node, ref, metadata }: NameEntry) => ({ ...key, node, actor: String(ref.id), metadata });

export const registryCommand: ShellCommand = {
  ...{ name: 'registry', usage, summary: 'the names of actors, and where they live', forTenants: true },
  ...{ examples: ['registry --kind tenant', 'registry --node core_1 --json | jq length'] },
  ...{ access: 'read', deadlineMs: askDeadlineMs },
  async *run(call) {
    const { node, words } = call;
    const read = readWords(words, {
      ...{ usage, values: ['tenant', 'kind', 'node'], switches: ['json'], least: 0, most: 0 },
    });
    const tenant = await tenantOf(call, read.value('tenant'));
    const [kind, at] = [read.value('kind'), read.value('node')];
    if (at !== null && !nodeWords(call).includes(at))
      throw new ShellError('no_such_node', `there is no node "${at}": see nodes`);
    const query = {
      ...(tenant !== null && { tenant }),
      ...(kind !== null && { kind }),
      ...(at !== null && { node: at }),
    };
    yield* answerRows(node.names.scan(query), { columns, json }, read.has('json'));
  },
};

/** Null: of all. Names of the platform itself have a tenant that is no row. */
async function tenantOf(call: ShellCall, named: string | null): Promise<string | null> {
  if (call.scope.tenant === null && (named === null || named === 'platform')) return named;
  if (named === null) return call.scope.tenant;
  return (await tenantNamed(call, named)).tenant_id;
}
