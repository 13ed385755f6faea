/**
 * The name of an archive says whose and of when it is, so that a place is listed and pruned without opening anything:
 * `SLUG.ID.20261121T152342123Z.picket`. Pure.
 */
import { isTenantId } from '../ids.ts';
import type { StoredArchive } from './archive-place.ts';

export interface Archive extends StoredArchive {
  slug: string;
  tenantId: string;
  takenAtMs: number;
}

const pattern =
  /^([a-z][a-z0-9-]{1,39})\.([a-z2-7]{12})\.(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z\.picket$/;

/** `takenAt`: RFC 3339 in UTC with milliseconds. */
export function archiveName(slug: string, tenantId: string, takenAt: string): string {
  return `${slug}.${tenantId}.${takenAt.replace(/[-:.]/g, '')}.picket`;
}

/** Null when it is no archive's name. */
export function parseArchive({ name, bytes }: StoredArchive): Archive | null {
  const match = pattern.exec(name);
  if (match === null || !isTenantId(match[2]!)) return null;
  const [, slug, tenantId, year, month, day, hour, minute, second, ms] = match;
  const takenAtMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(takenAtMs) ? null : { name, bytes, slug: slug!, tenantId: tenantId!, takenAtMs };
}

/** Newest first, then by name. */
export function inOrderOfTime(archives: readonly Archive[]): Archive[] {
  return [...archives].sort((a, b) => b.takenAtMs - a.takenAtMs || (a.name < b.name ? -1 : 1));
}
