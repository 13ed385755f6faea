/**
 * What a new cluster watches from the start: the machine that it runs on. The default tenant is made once; its checks
 * of the page follow the page when it moves to another port.
 */
import { isRun, judgeNewCheck, type NewCheck } from '../../actors/index.ts';
import type { Store } from '../../store/index.ts';
import { type DataFolder, readJson, writeJson } from '../data-folder.ts';
import { CommandFailure } from '../failure.ts';

export const defaultTenant = 'default';

interface Starter {
  port: number;
  /** Ids of the two checks that name the port. */
  checks: string[];
}

export async function prepareDefaultTenant(
  store: Store,
  folder: DataFolder,
  port: number | null,
): Promise<void> {
  const file = folder.at('starter.json');
  const read = readJson<Starter>(file);
  const before = read !== null && Array.isArray(read.checks) ? read : null;
  let tenant = await store.tenants.find(defaultTenant);
  if (tenant === null) {
    const made = await store.tenants.create(defaultTenant, 'This machine');
    if ('refused' in made) throw new CommandFailure(made.refused, made.detail);
    tenant = made.tenant;
  } else if (tenant.status === 'provisioning') {
    // A start that was killed while it made the tenant.
    tenant = await store.lives.provision(tenant.id);
  } else if (before === null || before.port === port) {
    return;
  }
  // What was ended on purpose, or could not be made, is not watched by our checks.
  if (!isRun(tenant.status)) return;
  for (const id of before?.checks ?? []) await store.checks.remove(tenant.id, id);
  const ofPort = port === null ? [] : pageChecks(port);
  const added = await store.checks.add(tenant.id, [...ofPort, ...(before === null ? machineChecks() : [])]);
  writeJson(file, { port, checks: added.slice(0, ofPort.length).map(({ id }) => id) });
}

function pageChecks(port: number): NewCheck[] {
  return [
    starter({ name: 'health page', kind: 'http', target: `http://127.0.0.1:${port}/health/live` }),
    starter({ name: 'web port', kind: 'tcp', target: '127.0.0.1', port }),
  ];
}

function machineChecks(): NewCheck[] {
  return [
    starter({ name: 'loopback', kind: 'icmp', target: '127.0.0.1' }),
    starter({
      name: 'localhost name',
      kind: 'dns',
      target: 'localhost',
      settings: { record: 'A', expect: '127.0.0.1' },
    }),
  ];
}

function starter(given: Pick<NewCheck, 'name' | 'kind' | 'target'> & Partial<NewCheck>): NewCheck {
  const check: NewCheck = {
    port: null,
    partition: 'default',
    intervalMs: 5_000,
    timeoutMs: 2_000,
    retries: 3,
    settings: {},
    ...given,
  };
  const refused = judgeNewCheck(check, { allowAll: true });
  if (refused !== null) throw new CommandFailure(refused.code, refused.detail);
  return check;
}
