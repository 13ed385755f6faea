/**
 * Runs the embedded PostgreSQL of one data directory: the lock, what an earlier launcher left behind, the files, the
 * process, the first statements. For the launcher of `picket up`; everything else only gets the URL.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type StoreClock, waitFor } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';
import { type StoreLog, silentLog } from '../log.ts';
import { toStoreError } from '../pg-errors.ts';
import { type ServerAccount, serverAccount } from './account.ts';
import { type Binaries, prepareBinaries } from './binaries.ts';
import { bootstrap } from './bootstrap.ts';
import { initdb, startFailure } from './initdb.ts';
import { type LockFile, takeLock } from './lock-file.ts';
import { pidInFile, serverProcesses, startTimeOf } from './processes.ts';
import { urlOf } from './running-server.ts';
import { type Passwords, passwordsOf } from './secrets.ts';
import { type ServerExit, type ServerLife, type ServerPlace, spawnServer } from './server.ts';
import { socketDir } from './socket-dir.ts';
import { lockPathIn, pgDataIn, type StopMode, stopLeftOver, stopServer } from './stop-server.ts';

export interface EmbeddedOptions {
  /** Holds `postgres/`, `secrets/` and the lock; made when missing. */
  dataDir: string;
  /** The server's own log; appended to. */
  logFile: string;
  clock: StoreClock;
  log?: StoreLog;
  /** Folder with `postgres` and `initdb` to use instead of the package's. */
  binDir?: string;
  /** Where a copy of the binaries goes when they cannot be run in place. */
  cacheDir?: string;
}

export interface EmbeddedServer {
  /** For `openStore`, with the login role's password: hand it only to nodes that hold the database credential. */
  url: string;
  pid: number;
  /** Resolves when the server has ended, for whatever reason; then it may be started again. */
  exited: Promise<ServerExit>;
  /** Fast shutdown; after `timeoutMs` (10 s unless told) immediate, then kill. Resolves when nothing is left. */
  stop(options?: { mode?: StopMode; timeoutMs?: number }): Promise<void>;
}

export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  try {
    return await startLocked(options);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError(
      full ? 'embedded_disk_full' : 'embedded_start_failed',
      `the database in ${options.dataDir} cannot be started: ${reason}`,
      { cause: error },
    );
  }
}

async function startLocked(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const { dataDir, clock, log = silentLog } = options;
  const pgData = pgDataIn(dataDir);
  const account = serverAccount(pgData);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = takeLock(lockPathIn(dataDir));
  try {
    await stopLeftOver(pgData, clock, log);
    const cacheDir = options.cacheDir ?? (account ? '/var/cache/picket' : join(dataDir, 'cache'));
    const binaries = prepareBinaries({ binDir: options.binDir, cacheDir }, account);
    const passwords = await prepareData(dataDir, pgData, binaries, account);
    const socket = socketDir(dataDir, account);
    const place = { pgData, socket, logFile: options.logFile, binaries, account };
    const life = await startServer(place, passwords, clock, log);
    return serverHandle(place, passwords, life, lock, clock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

function serverHandle(
  { socket, pgData }: ServerPlace,
  passwords: Passwords,
  life: ServerLife,
  lock: LockFile,
  clock: StoreClock,
): EmbeddedServer {
  const exited = life.exited.then((exit) => {
    lock.release();
    return exit;
  });
  return {
    url: urlOf(socket, passwords.login),
    pid: life.pid,
    exited,
    async stop(options) {
      if (life.exit() === null) await stopServer(pgData, clock, options);
      await exited;
      rmSync(socket, { recursive: true, force: true });
    },
  };
}

/** The data are whole or not there at all; made when not there. */
async function prepareData(
  dataDir: string,
  pgData: string,
  binaries: Binaries,
  account: ServerAccount | null,
): Promise<Passwords> {
  const there = existsSync(pgData);
  const passwords = passwordsOf(dataDir, there);
  if (!there) {
    await initdb(pgData, binaries, passwords.superuser, account);
    return passwords;
  }
  let version = '';
  try {
    version = readFileSync(join(pgData, 'PG_VERSION'), 'utf8').trim();
  } catch (error) {
    throw new StoreError('embedded_data_version', `${pgData} holds no PostgreSQL database: move it away`, {
      cause: error,
    });
  }
  if (Number(version) !== binaries.major) {
    throw new StoreError(
      'embedded_data_version',
      `${pgData} was written by PostgreSQL ${version}, this Picket runs ${binaries.major}: ` +
        (Number(version) > binaries.major
          ? 'run the newer Picket'
          : 'run the older Picket, or set DATABASE_URL to a server of yours'),
    );
  }
  return passwords;
}

/** The last children of a killed server may hold its shared memory for a moment; then the start is tried again. */
async function startServer(
  place: ServerPlace,
  passwords: Passwords,
  clock: StoreClock,
  log: StoreLog,
): Promise<ServerLife> {
  for (let attempt = 1; ; attempt += 1) {
    forgetForeignPid(place.pgData);
    const life = await spawnServer(place);
    if (await answers(life, place, passwords, clock)) return life;
    const said = life.said();
    const heldBriefly = /pre-existing shared memory block|lock file "postmaster.pid" already exists/.test(
      said,
    );
    if (!heldBriefly || attempt >= limits.serverStartAttemptsMax) throw startFailure('postgres', said);
    log.warn({ attempt }, 'the database server is still held by an earlier one: trying again');
    await stopLeftOver(place.pgData, clock, log);
    await waitFor(clock, attempt * 10 * limits.serverPollMs);
  }
}

/** PostgreSQL takes any living process with the pid in `postmaster.pid` for a server; we know better. */
function forgetForeignPid(pgData: string): void {
  const pid = pidInFile(pgData);
  if (pid === null || startTimeOf(pid) === null) return;
  if (serverProcesses(pgData).length === 0) rmSync(join(pgData, 'postmaster.pid'), { force: true });
}

/** False: the process ended. Throws when it lives and does not answer in time, or answers with a refusal. */
async function answers(
  life: ServerLife,
  place: ServerPlace,
  passwords: Passwords,
  clock: StoreClock,
): Promise<boolean> {
  const endMs = clock.monotonicMs() + limits.serverReadyMs;
  while (life.exit() === null) {
    try {
      await bootstrap(place.socket, passwords);
      return true;
    } catch (error) {
      const failure = toStoreError(error);
      if (failure.code !== 'store_unavailable' || clock.monotonicMs() > endMs) {
        await stopServer(place.pgData, clock, { mode: 'immediate' });
        throw new StoreError('embedded_start_failed', `postgres does not serve us: ${failure.message}`, {
          cause: error,
        });
      }
    }
    await Promise.race([life.exited, waitFor(clock, limits.serverPollMs)]);
  }
  return false;
}
