/** One life of a core: the real tree of `actors/core.ts` over the simulated database and the played cluster, with its flaw. */
import { type CoreTree, startCore } from '../../../actors/index.ts';
import type { ResultStore, TenantWrite } from '../../../actors/ports/result-store.ts';
import type { Cluster } from '../../../cluster/index.ts';
import type { Client } from './client.ts';
import type { ModelDatabase, Ports } from './database.ts';
import type { Flaw } from './flaws.ts';
import type { SimProcess } from './sim-process.ts';

export interface Core {
  readonly process: SimProcess;
  readonly client: Client;
  readonly tree: CoreTree;
}

export function startSimCore(
  process: SimProcess,
  cluster: Cluster,
  database: ModelDatabase,
  flaw: Flaw | null,
): Core {
  const ports = flawed(database.portsOf(process), process, flaw);
  const { client, leases, coordinator, results, checks, tenants } = ports;
  const tree = startCore(process.system, {
    ...{ cluster, leases, coordinator, results, checks, tenants },
    ...{ ownMachineTenant: null, lives: null, telemetry: null },
  });
  return { process, client, tree };
}

function flawed(ports: Ports, process: SimProcess, flaw: Flaw | null): Ports {
  const { leases, results, checks } = ports;
  const changed = (change: (write: TenantWrite) => TenantWrite): ResultStore => ({
    ...results,
    write: (node, boot, writes) => results.write(node, boot, writes.map(change)),
  });
  switch (flaw) {
    case 'local_due':
      return {
        ...ports,
        leases: {
          ...leases,
          acquire: async (...asked) => ({
            ...(await leases.acquire(...asked)),
            databaseNowMs: process.clock.wallMs(),
          }),
        },
      };
    case 'write_forgotten':
      return {
        ...ports,
        results: { ...results, write: (...of) => results.write(...of).catch(() => ({ fenced: [] })) },
      };
    case 'rows_lost':
      return { ...ports, results: changed((write) => ({ ...write, results: write.results.slice(1) })) };
    case 'suspension_unsaid':
      return {
        ...ports,
        results: changed((write) => ({
          ...write,
          gaps: write.gaps.filter(({ reason }) => reason !== 'suspended'),
        })),
      };
    case 'watermark_ahead':
      return { ...ports, results: { ...results, accounted: (id) => results.accounted(id).then(ahead) } };
    case 'stored_twice':
      return { ...ports, results: { ...results, accounted: (id) => results.accounted(id).then(forgetful) } };
    case 'version_forgotten':
      return {
        ...ports,
        checks: {
          ...checks,
          list: async (...of) =>
            (await checks.list(...of)).map((one) => ({ ...one, schedule: one.schedule.slice(-1) })),
        },
      };
    default:
      return ports;
  }
}

type Accounted = Awaited<ReturnType<ResultStore['accounted']>>;

function ahead(rows: Accounted): Accounted {
  return rows.map((row) => ({
    ...row,
    watermarkMs: row.watermarkMs === null ? null : row.watermarkMs + 30_000,
  }));
}

function forgetful(rows: Accounted): Accounted {
  return rows.map((row) => ({ ...row, resultsAboveMs: [] }));
}
