/**
 * Drives the built `picket` command from outside, as a person or a script does: runs it, reads its JSON, waits for what
 * must come true, and leaves no process behind. Knows nothing of what is right; the tests do.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isSameProcess, startedAt } from '../../bin/process-table.ts';
import { childrenOf, folderOf, kill } from './processes.ts';

const scripts = ['../../dist/bin/picket.js', '../../../dist/bin/picket.js'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
/** As `npm run build` made it; the second is where the soak, which is built into a folder of its own, finds it. */
export const script = scripts.find((path) => existsSync(path)) ?? scripts[0]!;
/** No command takes this long; one that does is ended, and its status is -1. */
const commandMs = 90_000;
const lookEveryMs = 100;

export interface Ran {
  status: number;
  out: string;
  err: string;
}

/** Runs one command to its end, without a database or a data folder from our own environment. */
export function picket(...args: string[]): Promise<Ran> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(DATABASE_URL|PICKET_\w+|PG[A-Z]+)$/.test(name)),
  );
  const options = { encoding: 'utf8', maxBuffer: 2 ** 28, timeout: commandMs, env } as const;
  return new Promise((done) => {
    execFile(process.execPath, [script, ...args], options, (error, out, err) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      done({ status, out, err });
    });
  });
}

export interface UpAnswer {
  pid: number;
  http: string;
  nodes: { name: string; role: string; pid: number; address: string }[];
}

export interface MemberRow {
  name: string;
  role: string;
  status: string;
  address: string;
  tenant: string | null;
  pid: number;
}

export interface LinkRow {
  name: string | null;
  role: string | null;
  state: string;
  frames_in: number;
  bytes_out: number;
  queued_bytes: number;
  tenant: string | null;
  fenced: Readonly<Record<string, number>>;
}

export interface CheckRow {
  id: string;
  name: string;
  kind: string;
  interval_ms: number;
  state: string;
  since: string | null;
  last_reason: string | null;
}

export interface ResultRow {
  check_id: string;
  due_at: string;
  started_at: string | null;
  latency_ms: number | null;
  status: string;
  reason: string | null;
  agent: string | null;
  poller: string | null;
}

export interface GapRow {
  check_id: string;
  from: string;
  to: string;
  count: number;
  reason: string;
}

export interface Cluster {
  readonly data: string;
  readonly port: number;
  /** `up --detach --json`; throws with what it said when it fails. */
  up(): Promise<UpAnswer>;
  /** A command for this cluster, with whatever status. */
  run(...args: string[]): Promise<Ran>;
  /** What a command prints as JSON; throws with what it said when it fails. */
  ask<T>(...args: string[]): Promise<T>;
  /** Results and gaps since an instant (Unix milliseconds), of whichever check is asked for. */
  rowsSince(sinceMs: number): Promise<{ results: ResultRow[]; gaps: GapRow[] }>;
  /** The embedded server and its children; empty when it does not run. */
  databasePids(): number[];
  /** The launcher, the nodes and the database as they are now. */
  pids(): number[];
  /** Ends everything, by `down` or else by the pids that were seen, and removes the folder. */
  close(): Promise<void>;
}

/** A data folder and a port of its own. Nothing runs before `up`. */
export async function cluster(nodes?: string, ...upFlags: string[]): Promise<Cluster> {
  const data = mkdtempSync(join(tmpdir(), 'picket-e2e-'));
  const port = await freePort();
  const processes = processesOf(data);
  const run = (...args: string[]) => picket(...args, '--data', data);
  const ask = async <T>(...args: string[]): Promise<T> => {
    const { status, out, err } = await run(...args, '--json');
    if (status !== 0) throw new Error(`picket ${args.join(' ')} ended with ${status}: ${err.trim()}`);
    return JSON.parse(out) as T;
  };
  return {
    data,
    port,
    run,
    ask,
    databasePids: processes.databasePids,
    pids: processes.pids,
    async up() {
      const plan = nodes === undefined ? [] : ['--nodes', nodes];
      try {
        return await ask<UpAnswer>('up', '--detach', '--http', String(port), ...plan, ...upFlags);
      } finally {
        processes.remember();
      }
    },
    async rowsSince(sinceMs) {
      const since = new Date(sinceMs).toISOString();
      const flags = ['--since', since, '--limit', '100000', '--gaps'];
      const rows = await ask<(ResultRow | GapRow)[]>('results', ...flags);
      return {
        results: rows.filter((row): row is ResultRow => 'due_at' in row),
        gaps: rows.filter((row): row is GapRow => 'from' in row),
      };
    },
    async close() {
      processes.remember();
      const { status, err } = await run('down');
      const left = processes.endAll();
      rmSync(data, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
      if (status !== 0) throw new Error(`picket down ended with ${status}: ${err.trim()}`);
      if (left.length > 0) throw new Error(`picket down left processes: ${left.join(', ')}`);
    },
  };
}

/** The processes of a cluster, by what its folder says of them, and an end to all that were ever seen. */
function processesOf(data: string) {
  const seen = new Map<number, string | null>();
  const read = <T>(name: string): T | null => {
    const path = join(data, name);
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : null;
  };
  const databasePids = () => {
    const path = join(data, 'postgres/postmaster.pid');
    const pid = existsSync(path) ? Number(readFileSync(path, 'utf8').split('\n')[0]) : 0;
    // The file stays when the server is killed, and its number may be another process by now.
    return pid > 0 && folderOf(pid) === join(realpathSync(data), 'postgres') ? [pid, ...childrenOf(pid)] : [];
  };
  const pids = () => {
    const launcher = read<{ pid: number; started: string | null }>('launcher.json');
    const running = read<{ nodes: { pid: number; started: string | null }[] }>('running.json');
    const ours = [launcher, ...(running?.nodes ?? [])];
    const living = ours.flatMap((one) => (one && isSameProcess(one.pid, one.started) ? [one.pid] : []));
    return [...living, ...databasePids()];
  };
  const remember = () => {
    for (const pid of pids()) seen.set(pid, startedAt(pid));
  };
  /** The pids that were still there. */
  const endAll = () => {
    const left = [...seen].filter(([pid, started]) => isSameProcess(pid, started)).map(([pid]) => pid);
    for (const pid of left) kill(pid, 'SIGKILL');
    process.off('exit', endAll);
    return left;
  };
  // A test process that ends before its hooks have run leaves nothing behind either.
  process.once('exit', endAll);
  return { databasePids, pids, remember, endAll };
}

/**
 * Looks until there is something to see, and gives it. `withinMs` is no expectation of speed: it is when to give up.
 * A look that throws has seen nothing yet; what it said is told at the end.
 */
export async function until<T>(
  what: string,
  withinMs: number,
  look: () => T | null | false | Promise<T | null | false>,
): Promise<T> {
  const endMs = performance.now() + withinMs;
  let last: unknown = 'nothing was there';
  for (;;) {
    try {
      const seen = await look();
      if (seen !== null && seen !== false) return seen;
    } catch (error) {
      last = error instanceof Error ? error.message : error;
    }
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${what} (${String(last)})`);
    await pause(lookEveryMs);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** A TCP port of 127.0.0.1 that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}
