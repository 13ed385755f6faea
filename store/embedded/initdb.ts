/**
 * Makes the database's files, all or nothing: initdb works in a temporary folder beside the final one, which gets its
 * name only when everything is there. What a killed attempt left is removed first. Only called under the lock.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { ServerAccount } from './account.ts';
import { type Binaries, serverEnvironment } from './binaries.ts';

export const superuserName = 'postgres';

/**
 * How the server's account is given a folder that it cannot reach by path: as an open descriptor. A link in /proc/self/fd
 * leads straight to the folder without asking the folders above it (proc(5)); initdb and postgres 15 to 18 take it.
 */
export const inheritedDir = '/proc/self/fd/3';

export async function initdb(
  pgData: string,
  binaries: Binaries,
  password: string,
  account: ServerAccount | null,
): Promise<void> {
  const prefix = `${basename(pgData)}.init-`;
  for (const name of readdirSync(dirname(pgData))) {
    if (name.startsWith(prefix)) rmSync(join(dirname(pgData), name), { recursive: true, force: true });
  }
  const temporary = join(dirname(pgData), `${prefix}${randomBytes(4).toString('hex')}`);
  mkdirSync(temporary, { mode: 0o700 });
  if (account) chownSync(temporary, account.uid, account.gid);
  try {
    await runInitdb(temporary, binaries, password, account);
    const hba = join(temporary, 'pg_hba.conf');
    writeFileSync(hba, '# Passwords only, on the local socket only.\nlocal all all scram-sha-256\n', {
      mode: 0o600,
    });
    renameSync(temporary, pgData);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}

async function runInitdb(
  folder: string,
  binaries: Binaries,
  password: string,
  account: ServerAccount | null,
): Promise<void> {
  const folderFd = openSync(folder, 'r');
  const passwordFd = passwordFile(`${folder}.pw`, password, account);
  const locale =
    binaries.major >= 17
      ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
      : ['--locale=C', '--lc-ctype=C.UTF-8'];
  try {
    const child = spawn(
      join(binaries.binDir, 'initdb'),
      [
        ...['-D', account ? inheritedDir : folder, '-U', superuserName, '--encoding=UTF8', ...locale],
        ...[
          '--auth=scram-sha-256',
          `--pwfile=${account ? '/proc/self/fd/4' : `${folder}.pw`}`,
          '--data-checksums',
        ],
      ],
      {
        cwd: '/',
        env: serverEnvironment,
        stdio: ['ignore', 'pipe', 'pipe', folderFd, passwordFd],
        timeout: limits.initdbMs,
        killSignal: 'SIGKILL',
        ...(account && { uid: account.uid, gid: account.gid }),
      },
    );
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-limits.serverLogTailBytes);
      });
    }
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (status !== 0) throw startFailure('initdb', said);
  } finally {
    closeSync(folderFd);
    closeSync(passwordFd);
    if (!account) rmSync(`${folder}.pw`, { force: true });
  }
}

/** Readable by the server's account; as root it has no name any more by the time that initdb reads it. */
function passwordFile(path: string, password: string, account: ServerAccount | null): number {
  const file = openSync(path, 'wx+', 0o600);
  if (account) fchownSync(file, account.uid, account.gid);
  writeSync(file, `${password}\n`);
  fsyncSync(file);
  if (account) unlinkSync(path);
  return file;
}

/** From what a program of PostgreSQL last said to an error that says what to do. */
export function startFailure(program: string, said: string): StoreError {
  const text = said.trim() || 'it said nothing';
  if (/No space left on device/i.test(said)) {
    return new StoreError(
      'embedded_disk_full',
      `${program} found the disk full: free some space, then start again. ${text}`,
    );
  }
  return new StoreError('embedded_start_failed', `${program} failed: ${text}`);
}
