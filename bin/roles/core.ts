/** A core node: coordinates, holds tenants, writes the database, and answers operators. */
import { startCore } from '../../actors/index.ts';
import { declareDatabase } from '../database-procedures.ts';
import { declarePeople } from '../people-procedures.ts';
import { declareMonitor } from '../procedures.ts';
import { declareStatus } from '../status.ts';
import { dailyBackups } from './daily-backups.ts';
import { openRoleStore } from './database.ts';
import { keepTree } from './keep-tree.ts';
import type { RoleContext, RunningRole } from './role.ts';
import { roleRing } from './role-ring.ts';

export async function start(context: RoleContext): Promise<RunningRole> {
  const { node, flags } = context;
  const ring = roleRing(context);
  const store = openRoleStore(context, ring.keys);
  const ownMachineTenant = flags.ownMachineTenant ?? null;
  const backups = dailyBackups(context, store);
  const core = startCore(node.system, { cluster: node, ...store, ownMachineTenant, backups });
  declarePeople(node, store);
  declareStatus(node, store);
  declareDatabase(node, store);
  declareMonitor(node, store, core, ownMachineTenant);
  const stop = keepTree(context, core.ref);
  return {
    async stop() {
      await stop();
      ring.stop();
      await store.close();
    },
  };
}
