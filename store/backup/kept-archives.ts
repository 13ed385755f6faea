/** The archives of a place, listed and pruned by their names: needs neither database nor keys. */
import { type Archive, inOrderOfTime, parseArchive } from './archive-name.ts';
import type { ArchivePlace } from './archive-place.ts';
import { expired, type Retention } from './retention.ts';

/** Newest first. */
export async function listArchives(place: ArchivePlace): Promise<Archive[]> {
  return inOrderOfTime((await place.list()).map(parseArchive).filter((archive) => archive !== null));
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
