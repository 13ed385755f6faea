/**
 * What operators' commands ask of a core about agents in customers' networks: who is connected, by the names that every node
 * knows and what the doors of the pollers say of each; and a command for one of them. Each command is logged with who sent it.
 */
import { edgeCandidateOf } from '../actors/index.ts';
import { type Caller, type ClusterNode, type NameEntry, ProcedureError } from '../cluster/index.ts';
import type { DoorTotals, EdgeAgentProtocol, SenderOfDoor } from '../edge/index.ts';
import type { Log, Ref } from '../runtime/index.ts';
import type { Store } from '../store/index.ts';
import { type AgentView, agentView, type CommandView, commandView, type DoorView } from './agent-views.ts';
import { agentPayloadBytesMax, statusAnswerMs } from './limits.ts';
import { findTenant, judgeWrite, text } from './named-tenant.ts';
import { nameOf } from './procedure-answers.ts';

export interface AgentNamed {
  tenant: string;
  agent: string;
  /** Null: whichever has one of this id. */
  partition: string | null;
}

export interface AgentCommandAsked extends AgentNamed {
  type: string;
  /** JSON; empty for none. */
  payload: string;
  /** Whole seconds. */
  ttlS: number;
}

type Needs = { node: ClusterNode; store: Pick<Store, 'tenants'>; log: Log };

export function declareAgents(needs: Needs): void {
  const { node, store, log } = needs;
  node.declare('agents_list', {
    access: 'read',
    run: async ({ tenant }: { tenant: string }) => await list(needs, tenant),
  });
  node.declare('agents_show', {
    access: 'read',
    async run(asked: AgentNamed): Promise<AgentView> {
      const { id, slug } = await findTenant(store, asked.tenant);
      const entry = find(node, id, asked);
      return agentView(slug, entry, (await sendersOf(node, entry.node, id)).get(keyOf(entry)));
    },
  });
  node.declare('agents_doors', { access: 'read', run: () => doors(node) });
  node.declare('agent_command', {
    access: 'write',
    async run(asked: AgentCommandAsked, caller: Caller): Promise<CommandView> {
      const row = await findTenant(store, asked.tenant);
      judgeWrite(row);
      const type = text(asked.type);
      const payload = Buffer.from(text(asked.payload));
      if (payload.length > agentPayloadBytesMax)
        throw new ProcedureError('bad_argument', `a payload has at most ${agentPayloadBytesMax} bytes`);
      const entry = find(node, row.id, asked);
      const to = node.system.call(entry.ref as Ref<EdgeAgentProtocol>, statusAnswerMs);
      const id = await to.order(type, payload, asked.ttlS);
      if (id === null)
        throw new ProcedureError('agent_busy', `agent ${entry.key.id} has too many commands under way`);
      const who = { tenant: row.id, agent: entry.key.id, partition: entry.key.partition };
      log('info', 'a command was sent to an agent', { ...who, type, command: id, by: nameOf(caller) });
      return await stateOf(node, entry, id);
    },
  });
  node.declare('agent_command_state', {
    access: 'read',
    async run(asked: AgentNamed & { id: string }): Promise<CommandView> {
      const { id } = await findTenant(store, asked.tenant);
      return await stateOf(node, find(node, id, asked), text(asked.id));
    },
  });
}

async function stateOf(node: ClusterNode, entry: NameEntry, id: string): Promise<CommandView> {
  const order = await node.system.call(entry.ref as Ref<EdgeAgentProtocol>, statusAnswerMs).orderState(id);
  if (order !== null) return commandView(entry.key.id, order);
  throw new ProcedureError('no_such_command', `agent ${entry.key.id} knows no command "${id}" any more`);
}

async function list({ node, store }: Needs, tenant: string): Promise<AgentView[]> {
  const { id, slug } = await findTenant(store, tenant);
  const entries = agentsOf(node, id);
  const pollers = [...new Set(entries.map((one) => one.node))];
  const said = new Map<string, SenderOfDoor>();
  for (const of of await Promise.all(pollers.map((one) => sendersOf(node, one, id))))
    for (const [key, one] of of) said.set(key, one);
  const views = entries.map((entry) => agentView(slug, entry, said.get(keyOf(entry))));
  return views.sort((a, b) => `${a.partition}/${a.id}`.localeCompare(`${b.partition}/${b.id}`));
}

/** Of the agents of a tenant that are connected now; a tenant's own nodes are none of them. */
function agentsOf({ names }: ClusterNode, tenant: string): NameEntry[] {
  return names.list({ tenant, kind: 'agent' }).filter((entry) => edgeCandidateOf(entry) !== null);
}

function find(node: ClusterNode, tenantId: string, { agent, partition }: AgentNamed): NameEntry {
  const named = agentsOf(node, tenantId).filter(
    ({ key }) => key.id === agent && (partition === null || key.partition === partition),
  );
  if (named.length === 1) return named[0]!;
  const where = named.map(({ key }) => key.partition).join(', ');
  if (named.length > 1)
    throw new ProcedureError(
      'bad_argument',
      `${agent} is in several partitions (${where}): name one with --partition`,
    );
  throw new ProcedureError(
    'no_such_agent',
    `no agent "${agent}" is connected: see picket agents list, and picket package list for those that may`,
  );
}

const keyOf = ({ key }: Pick<NameEntry, 'key'>) => `${key.partition}/${key.id}`;

/** By partition and id; none when the poller does not answer. */
async function sendersOf(
  node: ClusterNode,
  poller: string,
  tenant: string,
): Promise<Map<string, SenderOfDoor>> {
  try {
    const asked = node.procedures.ask(poller, 'edge_senders', { tenant }, statusAnswerMs);
    const rows = (await asked) as SenderOfDoor[];
    return new Map(rows.map((row) => [`${row.partition}/${row.id}`, row]));
  } catch {
    return new Map();
  }
}

async function doors(node: ClusterNode): Promise<DoorView[]> {
  const pollers = node.names.list({ kind: 'gateway' }).map((entry) => entry.node);
  const answers = await Promise.all(
    pollers.map((poller) =>
      node.procedures.ask(poller, 'edge_door', null, statusAnswerMs).then(
        (totals) => [doorView(poller, totals as DoorTotals)],
        () => [],
      ),
    ),
  );
  return answers.flat();
}

function doorView(poller: string, { agents, connections, heldBytes, refused }: DoorTotals): DoorView {
  return { poller, agents, connections, held_bytes: heldBytes, refused };
}
