/**
 * Archives in a folder: written under a hidden name, forced to the disk, then given their own, so that a kill leaves no
 * archive that is not whole. What a killed process left is removed when it is a day old.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { WallClock } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';
import { parseArchive } from './archive-name.ts';
import type { ArchivePlace, StoredArchive } from './archive-place.ts';
import type { Bytes } from './seal.ts';

export function folderPlace(path: string, clock: WallClock): ArchivePlace {
  const folder = resolve(path);
  return {
    label: folder,
    async write(name, bytes) {
      return await guarded(folder, async () => {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await sweep(folder, clock.wallMs());
        const partial = join(folder, `.${name}.${process.pid}.partial`);
        try {
          const written = await fill(partial, bytes);
          await rename(partial, join(folder, name));
          await forceFolder(folder);
          return written;
        } finally {
          await rm(partial, { force: true });
        }
      });
    },
    async *read(name) {
      try {
        for await (const chunk of createReadStream(join(folder, judged(name)))) yield chunk as Buffer;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw noSuchArchive(name, folder);
        throw error;
      }
    },
    async list() {
      return await guarded(folder, async () => {
        const found: StoredArchive[] = [];
        for (const name of await readdir(folder).catch(emptyWhenMissing)) {
          if (parseArchive({ name, bytes: 0 }) === null || found.length >= limits.archivesListedMax) continue;
          const there = await stat(join(folder, name)).catch(() => null);
          if (there?.isFile()) found.push({ name, bytes: there.size });
        }
        return found;
      });
    },
    async remove(name) {
      await guarded(folder, () => rm(join(folder, judged(name)), { force: true }));
    },
  };
}

export function noSuchArchive(name: string, label: string): StoreError {
  return new StoreError(
    'no_such_archive',
    `there is no archive "${name}" in ${label}: see picket backup list`,
  );
}

/** A name is no path. */
function judged(name: string): string {
  if (/^[\w.-]+$/.test(name) && !name.startsWith('.')) return name;
  throw new StoreError('no_such_archive', `"${name}" is no name of an archive: see picket backup list`);
}

async function fill(path: string, bytes: Bytes): Promise<number> {
  const file = await open(path, 'w', 0o600);
  try {
    let written = 0;
    for await (const chunk of bytes) {
      await writeAll(file, chunk);
      written += chunk.length;
    }
    await file.sync();
    return written;
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
}

async function forceFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sweep(folder: string, nowMs: number): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!/^\..*\.picket\.\d+\.partial$/.test(name)) continue;
    const there = await stat(join(folder, name)).catch(() => null);
    if (there !== null && nowMs - there.mtimeMs > limits.partialArchiveKeptMs)
      await rm(join(folder, name), { force: true });
  }
}

function emptyWhenMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

async function guarded<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, message, path } = error as NodeJS.ErrnoException;
    // Only what the file system says is about this place; a failure of what is to be written is its own.
    if (error instanceof StoreError || path === undefined || !path.startsWith(folder)) {
      if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
    }
    throw new StoreError('place_unusable', `the folder ${folder} cannot be used: ${message}`, {
      cause: error,
    });
  }
}
