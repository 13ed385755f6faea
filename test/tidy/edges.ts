/**
 * The rules of the edge: who reads the environment, touches signals and exits (bin/ alone), and who reads time or chance
 * (the runtime's clock and random alone). The few files that hold a timer of their own are listed with the reason; a
 * listed file that no longer needs its line is a finding too. Tests, measurements and examples are excepted, and so is the page
 * that runs in a browser. Random bytes for keys and nonces are no chance in this sense.
 */
import type { Finding } from './finding.ts';
import { programRooms } from './room-table.ts';
import type { SourceFile, Tree } from './tree.ts';

/** Files that may use something, by path, with the reason. */
export type Allowed = Readonly<Record<string, string>>;

const environment =
  /^process\.(env|argv|exit|exitCode|abort|reallyExit|on|once|off|addListener|prependListener|removeListener|removeAllListeners|kill|chdir|umask|stdin|default)(\.|$)/;
const time =
  /^(Date\.now|performance\.(now|timeOrigin)|(perf_hooks\.)?performance\.now|perf_hooks\.default|process\.(hrtime|uptime)|process\.hrtime\.bigint|Math\.random)$/;
const timers =
  /^(setTimeout|setInterval|timers\.(setTimeout|setInterval|default)|timers\/promises\.\w+|AbortSignal\.timeout)$/;

/** Sending a signal to a process that is no child: an orphaned database, and the own process when its loop is blocked. */
export const processAllowed: Allowed = {
  'store/embedded/stop-server.ts':
    'stops an orphaned postmaster, which is not its child, by the documented signals',
  'runtime/watchdog-worker.ts':
    'ends the own process from its second thread: bin/, in the blocked first one, cannot',
};

/** A real timer is the wait for a socket or a process of the real world here, not a decision about time. */
export const timersAllowed: Allowed = {
  'runtime/clock.ts': 'is the clock',
  'checks/deadline.ts': 'bounds a real socket of one check; the room may not import the clock',
  'checks/fping.ts': 'gathers addresses into one fping process; the room may not import the clock',
  'cluster/admission/handshakes.ts':
    'a hard end for real sockets that do not finish their handshake; a simulated wire has none',
  'cluster/tls-connection.ts': 'leaves a real peer that does not read what a closing socket has to send',
  'cluster/tls-transport.ts': 'bounds handshakes and closing of real sockets; a simulated wire has none',
};

export function processRule(tree: Tree, allowed: Allowed = processAllowed): Finding[] {
  const used = new Set<string>();
  const findings = findUses(tree, (file, name) => {
    if (file.room === 'bin' || !environment.test(name)) return null;
    if (name === 'process.kill' && allowed[file.path] !== undefined) {
      used.add(file.path);
      return null;
    }
    return `${name}: only bin/ reads the environment, touches signals or exits; take it as an argument`;
  });
  return [...findings, ...unused(tree, allowed, used)];
}

export function timeRule(tree: Tree): Finding[] {
  return findUses(tree, (file, name, argumentCount) => {
    if (file.path === 'runtime/clock.ts' || file.path === 'runtime/random.ts') return null;
    const isNow = (name === 'new Date' || name === 'Date') && argumentCount === 0;
    if (!isNow && !time.test(name)) return null;
    return `${name}: only runtime/clock.ts and runtime/random.ts read time or chance; take a clock as an argument`;
  });
}

export function timerRule(tree: Tree, allowed: Allowed = timersAllowed): Finding[] {
  const used = new Set<string>();
  const findings = findUses(tree, (file, name) => {
    if (!timers.test(name)) return null;
    if (allowed[file.path] !== undefined) {
      used.add(file.path);
      return null;
    }
    return `${name}: ask the clock that you were given (\`clock.timer\`), or list the file with its reason`;
  });
  return [...findings, ...unused(tree, allowed, used)];
}

function findUses(
  tree: Tree,
  rule: (file: SourceFile, name: string, argumentCount: number) => string | null,
): Finding[] {
  const findings: Finding[] = [];
  for (const file of tree.values()) {
    if (file.isTest || programRooms.includes(file.room) || file.path.startsWith('web/ui/')) continue;
    const told = new Set<string>();
    for (const { name, line, argumentCount } of file.facts.uses) {
      const what = rule(file, name, argumentCount);
      if (what === null || told.has(`${line} ${name}`)) continue;
      told.add(`${line} ${name}`);
      findings.push({ path: file.path, line, what });
    }
  }
  return findings;
}

function unused(tree: Tree, allowed: Allowed, used: ReadonlySet<string>): Finding[] {
  return Object.keys(allowed)
    .filter((path) => !used.has(path))
    .map((path) => ({
      path,
      line: 1,
      what: `is listed as an exception and ${tree.has(path) ? 'needs none' : 'is not there'}; take it off the list`,
    }));
}
