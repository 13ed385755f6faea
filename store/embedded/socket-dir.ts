/**
 * The folder of the server's Unix socket: short (a socket's path has little room), readable by the server's account
 * alone, and really ours when it is there already.
 */
import { createHash } from 'node:crypto';
import { chownSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { ServerAccount } from './account.ts';

const socketName = '.s.PGSQL.5432';

/** Under root the temporary folder of the session may be out of the server's reach, so `/tmp` it is. */
export function socketPath(dataDir: string, account: ServerAccount | null): string {
  const uid = account?.uid ?? process.getuid!();
  const hash = createHash('sha256')
    .update(`${realpathSync(dataDir)} ${uid}`)
    .digest('hex')
    .slice(0, 16);
  const roots = account ? ['/tmp'] : [tmpdir(), '/tmp'];
  const paths = roots.map((root) => join(root, `picket-pg-${hash}`));
  const path = paths.find((each) => Buffer.byteLength(join(each, socketName)) <= limits.socketPathBytesMax);
  if (!path)
    throw new StoreError(
      'embedded_unsafe_path',
      `no folder is short enough for a socket: ${paths.join(', ')}`,
    );
  return path;
}

/** Made, or found as it must be. */
export function socketDir(dataDir: string, account: ServerAccount | null): string {
  const path = socketPath(dataDir, account);
  makeOwn(path, account);
  return path;
}

function makeOwn(path: string, account: ServerAccount | null): void {
  const uid = account?.uid ?? process.getuid!();
  try {
    mkdirSync(path, { mode: 0o700 });
    if (account) chownSync(path, account.uid, account.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const stat = lstatSync(path);
  // Root died between mkdir and chown: still ours.
  if (account && stat.isDirectory() && stat.uid === 0 && (stat.mode & 0o077) === 0) {
    chownSync(path, account.uid, account.gid);
    return;
  }
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o077) !== 0) {
    throw new StoreError(
      'embedded_unsafe_path',
      `${path} is not a folder of uid ${uid} alone: remove it, then start again`,
    );
  }
}
