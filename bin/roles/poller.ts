/** A poller node: dispatches checks. Loads no database, and nothing that reaches one. */
import { poller, pollMsMax, sourcePoller, sourceTestMsMax } from '../../actors/index.ts';
import type { AgentDoor, EdgeListener } from '../../edge/index.ts';
import { childOf, supervisor } from '../../runtime/index.ts';
import { gatewayFamilies, pollerFamilies } from '../role-families.ts';
import { declareStatus } from '../status.ts';
import { keepTree } from './keep-tree.ts';
import type { RoleContext, RunningRole } from './role.ts';
import { sessionJournal } from './session-journal.ts';

export async function start(context: RoleContext): Promise<RunningRole> {
  const { node, flags } = context;
  const door = flags.gateway === undefined ? null : await openGateway(context, flags.gateway);
  declareStatus(node, null);
  const journal = sessionJournal(context, null);
  const tree = node.system.spawn(
    supervisor({ name: 'poller_tree', restartsMax: 10, withinMs: 30_000 }, [
      { id: 'poller', start: childOf(poller({ cluster: node })) },
      ...(node.tenant === null ? [{ id: 'source_poller', start: childOf(listenersPoller(context)) }] : []),
      ...(door === null ? [] : [door.child]),
    ]),
  );
  context.watch.metrics.add(pollerFamilies(node));
  const stopTree = keepTree(context, tree);
  const stop = async () => {
    await stopTree();
    await journal.stop();
  };
  const { records } = journal;
  if (door === null) return { records, stop };
  const { credentialChanged, trustChanged } = door;
  return { records, stop, credentialChanged, trustChanged };
}

/** Of the platform's pollers alone: what opens a tenant's agents goes to no node of a tenant. */
function listenersPoller({ node, trust, clock, log }: RoleContext) {
  return sourcePoller({
    cluster: node,
    async dialler() {
      const { openSourceDialler } = await import('../../edge/index.ts');
      const bounds = { pollMs: pollMsMax, testMs: sourceTestMsMax };
      return openSourceDialler({ system: node.system, cluster: node, clock, log, trust, ...bounds });
    },
  });
}

/** Loaded by those alone that have the door: it brings gRPC with it. */
async function openGateway({ node, trust, clock, log, watch }: RoleContext, listen: string) {
  const { gateway } = await import('../../edge/index.ts');
  let listener: EdgeListener | null = null;
  let door: AgentDoor | null = null;
  node.declare('edge_senders', {
    access: 'node',
    run: ({ tenant }: { tenant: string }) => door?.senders(tenant) ?? [],
  });
  node.declare('edge_door', { access: 'node', run: () => door?.totals() ?? null });
  watch.metrics.add(gatewayFamilies(() => door));
  const actor = gateway({
    system: node.system,
    cluster: node,
    clock,
    log,
    listen,
    trust,
    ask: (core, procedure, argument, timeoutMs) => node.procedures.ask(core, procedure, argument, timeoutMs),
    opened(now, agents) {
      listener = now;
      door = agents;
    },
  });
  return {
    child: { id: 'gateway', start: childOf(actor) },
    credentialChanged: () => listener?.renew(),
    trustChanged: () => listener?.trustChanged(),
  };
}
