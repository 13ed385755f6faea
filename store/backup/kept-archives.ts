/** The archives of a place, listed and pruned by their names, and the keys that open them: needs neither
 * database nor key ring. */

import { StoreError } from '../errors.ts';
import { type Archive, inOrderOfTime, parseArchive } from './archive-name.ts';
import type { ArchivePlace } from './archive-place.ts';
import { expired, type Retention } from './retention.ts';
import { keyIdOfArchive } from './seal.ts';

/** Newest first. */
export async function listArchives(place: ArchivePlace): Promise<Archive[]> {
  return inOrderOfTime((await place.list()).map(parseArchive).filter((archive) => archive !== null));
}

export interface ArchiveKey {
  archive: string;
  /** Null: it cannot be read; `error` says why. */
  key: string | null;
  error: string | null;
}

/** Which key opens each archive, newest first. Of each only the beginning is read. */
export async function archiveKeys(place: ArchivePlace): Promise<ArchiveKey[]> {
  const found: ArchiveKey[] = [];
  for (const { name } of await listArchives(place)) {
    try {
      found.push({ archive: name, key: await keyIdOfArchive(place.read(name), name), error: null });
    } catch (error) {
      // Removed meanwhile, by its retention.
      if (!(error instanceof StoreError) || error.code === 'place_unusable') throw error;
      if (error.code !== 'no_such_archive') found.push({ archive: name, key: null, error: error.message });
    }
  }
  return found;
}

/** Answers what was removed. `tenant`: slug or id; null: of all. */
export async function pruneArchives(
  place: ArchivePlace,
  retention: Retention,
  tenant: string | null,
  nowMs: number,
): Promise<Archive[]> {
  const ours = (await listArchives(place)).filter(
    ({ slug, tenantId }) => tenant === null || slug === tenant || tenantId === tenant,
  );
  const gone = expired(ours, retention, nowMs);
  for (const { name } of gone) await place.remove(name);
  return gone;
}
