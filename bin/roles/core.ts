/** A core node: coordinates, holds tenants, writes the database, and answers operators. */
import { startCore } from '../../actors/index.ts';
import { declareMonitor } from '../procedures.ts';
import { openRoleStore } from './database.ts';
import type { RoleContext, RunningRole } from './role.ts';
import { stopTree } from './stop-tree.ts';

export async function start(context: RoleContext): Promise<RunningRole> {
  const { node, flags } = context;
  const store = openRoleStore(context);
  const ownMachineTenant = flags.ownMachineTenant ?? null;
  const core = startCore(node.system, { cluster: node, ...store, ownMachineTenant });
  declareMonitor(node, store, core, ownMachineTenant);
  return {
    async stop() {
      await stopTree(node.system, core.ref);
      await store.close();
    },
  };
}
