/** A core node: coordinates, holds tenants, writes the database, and answers operators. */
import {
  InventoryCounts,
  ListingTurns,
  listingsOfCoreMax,
  type Package,
  startCore,
} from '../../actors/index.ts';
import { boundedResolver } from '../../checks/index.ts';
import { announcePackage } from '../../edge/index.ts';
import { systemRandom } from '../../runtime/index.ts';
import { declareAgents } from '../agent-procedures.ts';
import { declareAudit } from '../audit-procedures.ts';
import { declareAuthorities } from '../authority-procedures.ts';
import { retireDue } from '../authority-retirement.ts';
import { dataFolder } from '../data-folder.ts';
import { declareDatabase } from '../database-procedures.ts';
import { declareDocuments } from '../document-procedures.ts';
import { inventoryFamilies } from '../inventory-families.ts';
import { declareListedSources } from '../listed-source-procedures.ts';
import { declarePackages } from '../package-procedures.ts';
import { declarePeople } from '../people-procedures.ts';
import { declareMonitor } from '../procedures.ts';
import { listingFamilies, storeFamilies, writerFamilies } from '../role-families.ts';
import { declareSources } from '../source-procedures.ts';
import { declareStatus } from '../status.ts';
import { declareSweeps } from '../sweep-procedures.ts';
import { dailyBackups } from './daily-backups.ts';
import { openRoleStore } from './database.ts';
import { keepTree } from './keep-tree.ts';
import type { RoleContext, RunningRole } from './role.ts';
import { roleRing } from './role-ring.ts';
import { sessionJournal } from './session-journal.ts';

export async function start(context: RoleContext): Promise<RunningRole> {
  const { node, flags } = context;
  const ring = roleRing(context);
  const store = openRoleStore(context, ring.keys);
  const ownMachineTenant = flags.ownMachineTenant ?? null;
  const backups = dailyBackups(context, store);
  const packageEnded = (tenantId: string, row: Package) =>
    announcePackage(node.topics, node.system, tenantId, row);
  const { authorities } = store;
  const { clock, log } = context;
  const retirement = { authorities, clock, log, folder: dataFolder(flags.data).authority };
  const retireAuthorities = (isStill: () => boolean) => retireDue(retirement, isStill);
  const turns = new ListingTurns(listingsOfCoreMax);
  const random = systemRandom();
  const { listedSources: sources, documents } = store;
  const listings = { sources, documents, resolver: boundedResolver(), clock, random, turns };
  const ends = { packageEnded, retireAuthorities };
  const giveWay = () => new Promise<void>((resolve) => clock.afterIo(resolve));
  const inventoryCounts = new InventoryCounts();
  const counted = { backups, listings, giveWay, inventoryCounts };
  const needs = { cluster: node, ...store, ownMachineTenant, ...counted, ...ends };
  const core = startCore(node.system, needs);
  declarePeople(node, store);
  declarePackages(context, store);
  declareAuthorities(context, store);
  declareDocuments(node, store);
  declareAgents({ node, store, log: context.log });
  declareStatus(node, store);
  declareDatabase(node, store);
  declareSources(context, store);
  declareSweeps(context, store);
  declareListedSources(context, store);
  declareAudit(node, store.sessionArchive);
  const journal = sessionJournal(context, store.sessionArchive);
  declareMonitor(node, store, core, ownMachineTenant);
  const families = [writerFamilies(node), storeFamilies(store), listingFamilies(turns)];
  context.watch.metrics.add(...families, inventoryFamilies(inventoryCounts));
  const stop = keepTree(context, core.ref);
  return {
    records: journal.records,
    async stop() {
      await stop();
      ring.stop();
      await journal.stop();
      await store.close();
    },
  };
}
