/** An agent node: runs checks, and sweeps for the platform. Loads no database, and nothing that reaches one. */
import { agent, sweepRunner } from '../../actors/index.ts';
import { createIcmpProber, createSweepPinger, findProber } from '../../checks/index.ts';
import { childOf, supervisor } from '../../runtime/index.ts';
import { agentFamilies, sweepFamilies } from '../role-families.ts';
import { declareStatus } from '../status.ts';
import { keepTree } from './keep-tree.ts';
import type { RoleContext, RunningRole } from './role.ts';
import { sessionJournal } from './session-journal.ts';

export async function start(context: RoleContext): Promise<RunningRole> {
  const { node, environment, log, clock } = context;
  declareStatus(node, null);
  const journal = sessionJournal(context, null);
  const program = await findProber(environment.PATH ?? '');
  if (program === null) log('warn', 'no fping and no ping on the PATH: icmp checks go to other agents', {});
  const icmp = program === null ? null : createIcmpProber(program);
  const pinger = program === null ? null : createSweepPinger(program);
  // A tenant's own node sweeps for nobody: its agents at the edge do.
  const isPlatforms = node.tenant === null;
  const tree = node.system.spawn(
    supervisor({ name: 'agent_tree', restartsMax: 10, withinMs: 30_000 }, [
      { id: 'agent', start: childOf(agent({ cluster: node, icmp })) },
      ...(isPlatforms
        ? [{ id: 'sweep_runner', start: childOf(sweepRunner({ cluster: node, clock, pinger })) }]
        : []),
    ]),
  );
  context.watch.metrics.add(agentFamilies(node));
  if (isPlatforms) context.watch.metrics.add(sweepFamilies(node));
  const stop = keepTree(context, tree);
  return {
    records: journal.records,
    async stop() {
      await stop();
      await Promise.all([icmp?.close(), pinger?.close()]);
      await journal.stop();
    },
  };
}
