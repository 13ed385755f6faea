/**
 * One node, as a process: reads its credential, joins the cluster, starts the actors of its role, and drains when it is
 * told to or when the launcher that started it is gone. Loads of the roles only the one that it is.
 */
import { tenantAccess } from '../actors/index.ts';
import { type AddressSource, ClusterNode, type TlsTransport, tlsTransport } from '../cluster/index.ts';
import { type Clock, type Log, LogRing, startWatchdog, systemClock } from '../runtime/index.ts';
import type { ShellDoor } from '../shell/index.ts';
import { type DataFolder, dataFolder, nextBoot } from './data-folder.ts';
import { declareDebug } from './debug-procedures.ts';
import { openDiscovery } from './discovery.ts';
import { lastCommandsMs, nodeDrainMs, nodeLeaveMs, nodeStopMs, shellStopMs } from './limits.ts';
import { logOf, openLog } from './logging.ts';
import { type JudgedFlags, judgeNodeFlags, type NodeFlags, type Role } from './node-options.ts';
import { type NodeTrust, openTrust, ownIdentity } from './node-trust.ts';
import { type NodeWatch, openWatch } from './node-watch.ts';
import { ownVersion } from './own-version.ts';
import type { RunningRole, StartRole } from './roles/role.ts';
import { openNodeShell } from './roles/shell.ts';

const loadRole: Readonly<Record<Role, () => Promise<{ start: StartRole }>>> = {
  core: () => import('./roles/core.ts'),
  web: () => import('./roles/web.ts'),
  poller: () => import('./roles/poller.ts'),
  agent: () => import('./roles/agent.ts'),
};

/** Resolves when the node has drained. */
export async function runNode(given: NodeFlags): Promise<void> {
  const flags = judgeNodeFlags(given, process.env);
  const clock = systemClock();
  // What is wrong on the command line is said before anything is opened; the domain is not known yet.
  await openDiscovery(flags.choice, '', process.env, clock);
  const folder = dataFolder(flags.data);
  const lines = new LogRing();
  let watched: NodeWatch | null = null;
  const logger = openLog(flags.name, flags.logFile ?? null, flags.logLevel, lines, () => {
    const request = watched?.tracer.trace() ?? null;
    return request === null ? {} : { request };
  });
  const log = logOf(logger);
  // Before anything runs that would keep the process: what is wrong here ends the command.
  const trust = await openTrust(flags, folder, clock);
  ownIdentity(flags, trust);
  watch(flags, logger);
  const discovery = await openDiscovery(flags.choice, trust.trustDomain, process.env, clock);
  const { ending, end } = endSignal(log);
  const seen = await openWatch(flags, process.env, clock, log);
  watched = seen;
  const { node, transport } = nodeOf(flags, folder, trust, { discovery, clock, log, lines });
  const allowsEval = flags.allowEval === true;
  // Node does not survive the end of a script that loops behind an `await` while it follows promises.
  if (!allowsEval) follow(node, seen);
  declareDebug(node, flags, process.env);
  const address = await node.start();
  const metrics = await seen.begin(node);
  let role: RunningRole | null = null;
  trust.watch(
    hearing(transport, () => role),
    log,
  );
  const { start } = await loadRole[flags.role]();
  const fail = (why: string) => {
    log('error', 'this node cannot go on', { why });
    process.exit(1);
  };
  const about = { environment: process.env, log, logger, clock, trust, watch: seen, fail };
  role = await start({ node, flags, ...about });
  const shell = openNodeShell({ node, clock, log, records: role.records, allowsEval, drain: end });
  log('info', 'ready', { address, role: flags.role, pid: process.pid, boot: node.boot });
  process.send?.({ type: 'ready', address, http: role.http ?? null, metrics });
  const reason = await ending;
  log('info', 'draining', { reason });
  await drain(node, role, shell, clock);
  await seen.close();
  log('info', 'ended', {});
  process.exit(0);
}

interface Given {
  readonly discovery: AddressSource;
  readonly clock: Clock;
  readonly log: Log;
  readonly lines: LogRing;
}

/** The node, which does not listen yet; and what its links go over. */
function nodeOf(flags: JudgedFlags, folder: DataFolder, trust: NodeTrust, given: Given) {
  const { discovery, clock, log, lines } = given;
  const { name, tenant } = ownIdentity(flags, trust);
  const transport = tlsTransport({
    credential: trust.credential,
    trustDomain: trust.trustDomain,
    roots: trust.roots,
    policy: trust.policy,
    revocationLists: trust.revocationLists,
    listen: flags.listen,
    clock,
    log,
  });
  const node = new ClusterNode({
    name,
    role: flags.role,
    tenant,
    tenantAccess: flags.allowTenantNodes ? tenantAccess : null,
    boot: nextBoot(folder, name, clock.wallMs(), (why) =>
      log('warn', 'the boot of this node could not be written down', { why }),
    ),
    pid: process.pid,
    advertise: flags.advertise ?? null,
    seeds: [],
    discovery,
    transport,
    clock,
    log,
    surroundings: { version: ownVersion(), log: lines },
    onSuperseded(detail) {
      log('error', 'another process has this node name: this one ends', { detail });
      process.exit(1);
    },
  });
  return { node, transport };
}

/** Whom a new credential, and a change of whom this node trusts, concern: the links, and what the role keeps open beside them. */
function hearing(transport: TlsTransport, role: () => RunningRole | null) {
  return {
    credential() {
      transport.renew();
      role()?.credentialChanged?.();
    },
    trust() {
      transport.trustChanged();
      role()?.trustChanged?.();
    },
  };
}

/** What a request leads to here has its id, and is a part of its trace. */
function follow(node: ClusterNode, { tracer }: NodeWatch): void {
  node.system.tracing = tracer;
  node.procedures.tracing = tracer;
}

/** The last commands, the role's actors, the node. A part that does not let go keeps neither the next one nor the process. */
async function drain(
  node: ClusterNode,
  role: RunningRole,
  shell: ShellDoor | null,
  clock: Clock,
): Promise<void> {
  const endMs = clock.monotonicMs() + nodeLeaveMs;
  const leftMs = () => Math.max(0, endMs - clock.monotonicMs());
  const pass = (ms: number) => new Promise<void>((resolve) => void clock.timer(ms, resolve));
  clock.timer(nodeDrainMs, () => process.exit(1));
  await Promise.race([shell?.stop('the node ends'), pass(shellStopMs)]);
  await Promise.race([node.procedures.leave(), pass(lastCommandsMs)]);
  await Promise.race([role.stop(), pass(leftMs() - nodeStopMs)]);
  await node.stop(leftMs());
}

/** A loop that is blocked is reported with its stack, also when it never comes back. */
function watch(flags: NodeFlags, logger: ReturnType<typeof openLog>): void {
  const log = logOf(logger);
  startWatchdog({
    reportTo: flags.logFile ?? 2,
    fields: { level: logger.levels.values.error, node: flags.name },
    onBlocked: (report) => log('warn', 'event loop was blocked', { ...report }),
    onLost: (error) => log('error', 'nobody watches the event loop', { error: error.message }),
  });
}

/** `ending` resolves with the reason when this process is to end; `end` is a reason from within. */
function endSignal(log: ReturnType<typeof logOf>) {
  process.on('uncaughtException', (error) => {
    log('error', 'uncaught', { error: error.message, stack: error.stack });
    process.exit(1);
  });
  process.on('unhandledRejection', (error) => {
    log('error', 'unhandled rejection', { error: error instanceof Error ? error.stack : String(error) });
  });
  let end: (why: string) => void = () => {};
  const ending = new Promise<string>((resolve) => {
    end = resolve;
    process.on('SIGTERM', () => resolve('SIGTERM'));
    process.on('SIGINT', () => resolve('SIGINT'));
    process.on('message', (message) => message === 'drain' && resolve('asked by the launcher'));
    process.on('disconnect', () => resolve('the launcher is gone'));
  });
  return { ending, end: (why: string) => end(why) };
}
