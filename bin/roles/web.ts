/** A web node: health for machines, the page for people. */
import { startWeb } from '../../web/index.ts';
import { declareDatabase } from '../database-procedures.ts';
import { CommandFailure } from '../failure.ts';
import { httpPortDefault } from '../limits.ts';
import { ownerOfPort } from '../process-table.ts';
import { storeFamilies, webFamilies } from '../role-families.ts';
import { declareStatus } from '../status.ts';
import { openRoleStore } from './database.ts';
import type { RoleContext, RunningRole } from './role.ts';
import { sessionJournal } from './session-journal.ts';

export async function start(context: RoleContext): Promise<RunningRole> {
  const { node, flags, log, clock } = context;
  const store = openRoleStore(context);
  declareStatus(node, store);
  declareDatabase(node, store);
  const journal = sessionJournal(context, store.sessionArchive);
  const port = Number(flags.http ?? httpPortDefault);
  const health = () =>
    store.health().then(
      () => true,
      () => false,
    );
  try {
    const web = await startWeb({
      system: node.system,
      cluster: node,
      tenants: store.tenants,
      tenantSlug: flags.ownMachineTenant ?? 'default',
      host: '127.0.0.1',
      port,
      storeHealth: health,
      log,
      clock,
    });
    context.watch.metrics.add(
      storeFamilies(store),
      webFamilies(() => web.totals()),
    );
    return {
      http: web.url,
      records: journal.records,
      async stop() {
        await web.close();
        await journal.stop();
        await store.close();
      },
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const owner = ownerOfPort(port) ?? 'another process';
    throw new CommandFailure('port_in_use', `port ${port} is in use by ${owner}: choose another with --http`);
  }
}
