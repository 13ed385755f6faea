/**
 * Writing small files so that a crash leaves the old one or the new one, never half of one, and reading them with
 * errors that name the file. Between the two keepers (authority-files.ts, credential-files.ts) and the file system.
 */
import { mkdtemp, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CertsError } from './errors.ts';
import { limits } from './limits.ts';
import { makeFolderAt } from './make-folder.ts';

export const secretFileMode = 0o600;
export const publicFileMode = 0o644;
export const folderMode = 0o700;

/** Writes beside the file, flushes, renames over it, flushes the folder. @throws CertsError io_failed */
export async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  await attempt('write', path, async () => {
    const beside = await mkdtemp(`${path}.tmp-`);
    try {
      const made = join(beside, basename(path));
      const file = await open(made, 'wx', mode);
      try {
        // The creation mode is cut by the umask; the one that we want is not a matter of the caller's umask.
        await file.chmod(mode);
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(made, path);
    } finally {
      await rm(beside, { recursive: true, force: true });
    }
    await syncFolder(dirname(path));
  });
}

/** Reads a text file. `remedy` ends the message of a file that is missing. @throws CertsError */
export async function readText(
  path: string,
  remedy: string,
  bytesMax: number = limits.pemBytesMax,
): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > bytesMax) throw corrupt(path, `it has ${size} bytes`, remedy);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof CertsError) throw error;
    if (codeOf(error) === 'ENOENT')
      throw new CertsError('missing_file', `${path} is missing: ${remedy}`, { path });
    throw new CertsError('io_failed', `cannot read ${path}: ${messageOf(error)}`, { path, cause: error });
  }
}

/** `readText` for callers outside the room. @throws CertsError */
export function readTextFile(path: string): Promise<string> {
  return readText(path, 'put it there, or name another');
}

/** As `readText`, for a file that nobody but its owner may read. @throws CertsError unsafe_permissions */
export async function readSecret(path: string, remedy: string): Promise<string> {
  const text = await readText(path, remedy);
  const { mode } = await attempt('read', path, () => stat(path));
  if ((mode & 0o077) !== 0) {
    const shown = (mode & 0o777).toString(8);
    throw new CertsError(
      'unsafe_permissions',
      `${path} holds a key and has mode ${shown}: chmod 600 ${path}`,
      { path },
    );
  }
  return text;
}

export async function makeFolder(path: string): Promise<void> {
  await attempt('make', path, async () => makeFolderAt(path, folderMode));
}

/** A new folder of mode 0700 beside `path`, to be filled and then placed. @throws CertsError io_failed */
export async function makeFolderBeside(path: string): Promise<string> {
  await makeFolder(dirname(path));
  return attempt('make', path, () => mkdtemp(`${path}.tmp-`));
}

/** Moves a finished folder to its place; false when something is already there. @throws CertsError io_failed */
export async function placeFolder(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
  } catch (error) {
    if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOTDIR')
      return false;
    throw new CertsError('io_failed', `cannot write ${to}: ${messageOf(error)}`, { path: to, cause: error });
  }
  await attempt('write', to, () => syncFolder(dirname(to)));
  return true;
}

export function corrupt(path: string, what: string, remedy: string, cause?: unknown): CertsError {
  return new CertsError('corrupt_file', `${path} is damaged (${what}): ${remedy}`, { path, cause });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function attempt<T>(verb: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new CertsError('io_failed', `cannot ${verb} ${path}: ${messageOf(error)}`, { path, cause: error });
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
