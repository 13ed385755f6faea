/**
 * `picket up`: makes what is missing, starts the database and the nodes, keeps them running, and drains them at the end.
 * It owns the processes; it is no member of the cluster.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock, systemRandom } from '../../runtime/index.ts';
import { StoreError } from '../../store/index.ts';
import {
  type DataFolder,
  dataFolder,
  forgetRunning,
  prepareFolder,
  type RunningNode,
} from '../data-folder.ts';
import { CommandFailure } from '../failure.ts';
import { watchFiles } from '../file-watch.ts';
import { clusterReadyMs, credentialLifeMs, renewalLookMs, startsPerProcessor } from '../limits.ts';
import { openLog } from '../logging.ts';
import { withOperator } from '../operator-session.ts';
import { startedAt } from '../process-table.ts';
import { Child } from './child.ts';
import { issueAll, openAuthority } from './credentials.ts';
import { type Database, openDatabase } from './database.ts';
import { endLeftovers, pause, releaseLock, takeLock } from './lock.ts';
import { type PlannedNode, planNodes } from './plan.ts';
import { portsFor, requireFree } from './ports.ts';
import { RunningFile } from './running-file.ts';
import { startNodes } from './start-nodes.ts';
import { defaultTenant, prepareDefaultTenant } from './starter.ts';

export interface UpOptions {
  readonly data: string;
  readonly nodes: string;
  readonly http: number;
  readonly logLevel: string;
  readonly allowTenantNodes?: boolean;
  readonly otlp?: string;
  readonly traceSample?: string;
  readonly allowEval?: boolean;
  /** The compiled `picket`. */
  readonly script: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Progress, a line each. */
  note(text: string): void;
}

export interface UpAnswer {
  pid: number;
  http: string | null;
  nodes: RunningNode[];
}

export interface Cluster {
  readonly answer: UpAnswer;
  readonly folder: DataFolder;
  stop(): Promise<void>;
}

/** Resolves when every node is ready and they see each other. */
export async function startCluster(options: UpOptions): Promise<Cluster> {
  const plan = planNodes(options.nodes);
  const folder = dataFolder(options.data);
  const clock = systemClock();
  prepareFolder(folder);
  takeLock(folder);
  const parts: { database: Database | null; children: Child[]; cancel: () => void } = {
    database: null,
    children: [],
    cancel: () => {},
  };
  const stop = async () => {
    parts.cancel();
    // Those that give work stop after those that do it: what is under way comes home.
    for (const role of ['web', 'core', 'poller', 'agent'] as const) {
      await Promise.all(
        parts.children.filter((child) => child.node.role === role).map((child) => child.stop()),
      );
    }
    await parts.database?.stop();
    forgetRunning(folder);
    releaseLock(folder);
  };
  try {
    const answer = await bringUp(options, plan, folder, clock, parts);
    return { answer, folder, stop };
  } catch (error) {
    await stop();
    throw error instanceof StoreError ? new CommandFailure(error.code, error.message) : error;
  }
}

async function bringUp(
  options: UpOptions,
  plan: readonly PlannedNode[],
  folder: DataFolder,
  clock: Clock,
  parts: { database: Database | null; children: Child[]; cancel: () => void },
): Promise<UpAnswer> {
  const { note } = options;
  const logger = openLog('launcher', folder.at('logs/launcher.log'), options.logLevel);
  const http = plan.some(({ role }) => role === 'web') ? options.http : null;
  await endLeftovers(folder, clock, note);
  if (http !== null) await requireFree(http);
  const authority = await openAuthority(folder, clock);
  await issueAll(authority, plan, folder, clock);
  note('starting the database ...');
  const database = await openDatabase({
    folder,
    url: options.environment.DATABASE_URL,
    clock,
    log: logger,
    onRestart: (why) => say(why),
    note,
  });
  parts.database = database;
  await prepareDefaultTenant(database.store, folder, http);
  const random = systemRandom();
  const gateways = plan.flatMap(({ name, role }) => (role === 'poller' ? [gatewayOf(name)] : []));
  const scraped = plan.map(({ name }) => metricsOf(name));
  const ports = await portsFor(
    [...plan.map(({ name }) => name), ...gateways, ...scraped],
    folder.at('ports.json'),
    () => random.next(),
  );
  const say = (text: string) => {
    logger.warn(text);
    note(text);
  };
  const all = () => ({ ...runningOf(parts.children, http), started: startedAt(process.pid) });
  const file = new RunningFile(folder, clock, all, say);
  parts.cancel = () => file.stop();
  const seen = () => file.write();
  parts.children = plan.map((node) =>
    childOf(node, { options, folder, ports, clock, databaseUrl: database.url, http, say, seen }),
  );
  note(`starting ${plan.length} nodes ...`);
  await startNodes(parts.children, startsPerProcessor * availableParallelism(), started);
  seen();
  await seeEachOther(options.data, plan.length, clock);
  const cancelRenewing = renewing(plan, folder, clock, say);
  parts.cancel = () => {
    cancelRenewing();
    file.stop();
  };
  const { nodes } = runningOf(parts.children, http);
  return { pid: process.pid, http: httpUrl(http), nodes: nodes.map(({ started: _, ...node }) => node) };
}

async function started(child: Child): Promise<void> {
  try {
    await child.start();
  } catch (error) {
    throw new CommandFailure('node_failed', `${child.node.name} did not start: ${(error as Error).message}`);
  }
}

interface Surroundings {
  options: UpOptions;
  folder: DataFolder;
  ports: ReadonlyMap<string, number>;
  clock: Clock;
  databaseUrl: string;
  http: number | null;
  say(text: string): void;
  seen(): void;
}

/** What the port of a poller's gateway is remembered by. No node has a point in its name. */
function gatewayOf(name: string): string {
  return `${name}.gateway`;
}

function metricsOf(name: string): string {
  return `${name}.metrics`;
}

function childOf(node: PlannedNode, around: Surroundings): Child {
  const { options, folder, ports, clock, databaseUrl, http, say, seen } = around;
  const seeds = [...ports]
    .filter(([name]) => name !== node.name && !name.includes('.'))
    .flatMap(([, port]) => ['--seed', `127.0.0.1:${port}`]);
  const args = [
    'node',
    '--role',
    node.role,
    '--name',
    node.name,
    '--listen',
    `127.0.0.1:${ports.get(node.name)}`,
  ];
  args.push('--discovery', 'static', ...seeds, '--data', folder.path, '--log-level', options.logLevel);
  args.push('--log-file', folder.at(`logs/${node.name}.log`), '--own-machine-tenant', defaultTenant);
  args.push('--metrics', `127.0.0.1:${ports.get(metricsOf(node.name))}`);
  if (options.otlp !== undefined) args.push('--otlp', options.otlp);
  if (options.traceSample !== undefined) args.push('--trace-sample', options.traceSample);
  if (options.allowTenantNodes) args.push('--allow-tenant-nodes');
  if (options.allowEval) args.push('--allow-eval');
  if (node.role === 'poller') args.push('--gateway', `127.0.0.1:${ports.get(gatewayOf(node.name))}`);
  if (node.role === 'web') args.push('--http', String(http));
  const needsDatabase = node.role === 'core' || node.role === 'web';
  return new Child({
    node,
    clock,
    script: options.script,
    args,
    environment: () => {
      // Of the database only those nodes know that write to it or sign people in.
      const entries = Object.entries(options.environment).filter(
        ([name]) => !/^(DATABASE_URL|PG[A-Z]+)$/.test(name),
      );
      return { ...Object.fromEntries(entries), ...(needsDatabase ? { DATABASE_URL: databaseUrl } : {}) };
    },
    onText: (text) => say(`${node.name}: ${text.trim()}`),
    onStarted: seen,
    onRestart: (code, signal, delayMs) =>
      say(`${node.name} ended with ${signal ?? `status ${code}`}; it is started again in ${delayMs} ms`),
  });
}

function runningOf(children: readonly Child[], http: number | null) {
  const nodes = children.flatMap((child) => {
    const { pid, address, metrics, node } = child;
    return pid === null ? [] : [{ ...node, pid, address, metrics, started: startedAt(pid) }];
  });
  return { pid: process.pid, http: httpUrl(http), nodes };
}

function httpUrl(port: number | null): string | null {
  return port === null ? null : `http://127.0.0.1:${port}`;
}

async function seeEachOther(data: string, count: number, clock: Clock): Promise<void> {
  const untilMs = clock.monotonicMs() + clusterReadyMs;
  let missing = '';
  while (clock.monotonicMs() < untilMs) {
    const members = await withOperator({ data }, (session) =>
      session.call<{ name: string; status: string }[]>('members', null),
    ).catch((error: Error) => {
      missing = error.message;
      return [];
    });
    const up = members.filter(({ status }) => status === 'up').length;
    if (up === count) return;
    if (members.length > 0) missing = `${up} of ${count} nodes are up`;
    await pause(clock, 100);
  }
  throw new CommandFailure(
    'not_ready',
    `the nodes do not see each other: ${missing}; see the logs in the data folder`,
  );
}

/**
 * Certificates are issued again before they are past half of their life, and at once when the authority was rotated;
 * the nodes see the new files and take them without a pause.
 */
function renewing(
  plan: readonly PlannedNode[],
  folder: DataFolder,
  clock: Clock,
  say: (text: string) => void,
): () => void {
  let issuedMs = clock.wallMs();
  const issue = (why: string) => {
    const beforeMs = issuedMs;
    issuedMs = clock.wallMs();
    openAuthority(folder, clock)
      .then((authority) => issueAll(authority, plan, folder, clock))
      .then(
        () => say(`certificates were renewed: ${why}`),
        (error: Error) => {
          // Tried again at the next look, not after another half of a life.
          issuedMs = beforeMs;
          say(`certificates could not be renewed: ${error.message}`);
        },
      );
  };
  let cancel = () => {};
  const look = () => {
    cancel = clock.timer(renewalLookMs, look);
    if (clock.wallMs() - issuedMs >= credentialLifeMs / 2) issue('they were past half of their life');
  };
  cancel = clock.timer(renewalLookMs, look);
  const keys = ['nodes', 'operators'].map((name) => join(folder.authority, `${name}.pem`));
  const cancelWatch = watchFiles(
    clock,
    () => keys,
    () => issue('the authority has new intermediates'),
  );
  return () => {
    cancel();
    cancelWatch();
  };
}
