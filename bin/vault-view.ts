/**
 * What `picket vault` shows: the keys of the ring beside what the database and the archives say of them. Pure, from what
 * was asked; keys that are in use and not in the ring are shown too, as missing.
 */
import type { ArchiveKey, KeyRing, NotedKey, RingChange, TenantSealed, VaultKey } from '../store/index.ts';
import { instant } from './views.ts';

export interface VaultKeyView {
  id: string;
  state: 'active' | 'next' | 'old' | 'retired' | 'missing';
  made_at: string | null;
  /** Sealed values, and hashes by which users are found. */
  values: number;
  lookups: number;
  tenants: { tenant: string; tenant_id: string; values: number; lookups: number }[];
  /** How many open with it. */
  archives: number;
}

export interface VaultView {
  ring: string;
  keys: VaultKeyView[];
  /** Of the active key; null: nothing was sealed with it, and nothing has to be. */
  rotation: RotationView | null;
  archives: { archive: string; key: string | null; error: string | null }[];
  /** The latest changes of the ring by commands, in order. */
  changes: { at: string; who: string; event: string; key: string }[];
}

export interface RotationView {
  key: string;
  /** Null: no core has begun yet. */
  began_at: string | null;
  ended_at: string | null;
  resealed: number;
  /** Values of other keys. */
  left: number;
  /** Rows that did not open at the last pass. */
  unreadable: number;
}

export interface VaultFacts {
  ring: KeyRing;
  noted: readonly NotedKey[];
  census: readonly TenantSealed[];
  archives: readonly ArchiveKey[];
  changes: readonly RingChange[];
}

export function vaultView({ ring, noted, census, archives, changes }: VaultFacts): VaultView {
  const inRing = new Map(ring.keys.map((key) => [key.id, key]));
  const used = [
    ...census.flatMap(({ counts }) => counts.map(({ key }) => key)),
    ...archives.flatMap(({ key }) => (key === null ? [] : [key])),
    ...noted.map(({ id }) => id),
  ];
  const ids = [...new Set([...inRing.keys(), ...used])];
  const keys = ids.map((id) => keyView(id, inRing.get(id), census, archives));
  return {
    ring: ring.file,
    keys,
    rotation: rotationView(ring.current().id, noted, keys),
    archives: [...archives],
    changes: changes.map(({ atMs, ...change }) => ({ at: instant(atMs), ...change })),
  };
}

/** Of a cluster that has sealed nothing yet. */
export function noRing(file: string): VaultView {
  return { ring: file, keys: [], rotation: null, archives: [], changes: [] };
}

function keyView(
  id: string,
  key: VaultKey | undefined,
  census: readonly TenantSealed[],
  archives: readonly ArchiveKey[],
): VaultKeyView {
  const tenants = census.flatMap(({ tenant, tenantId, counts }) =>
    counts
      .filter((one) => one.key === id)
      .map(({ values, lookups }) => ({ tenant, tenant_id: tenantId, values, lookups })),
  );
  return {
    id,
    state: key?.state ?? 'missing',
    made_at: key === undefined || key.madeAtMs === null ? null : instant(key.madeAtMs),
    values: tenants.reduce((all, { values }) => all + values, 0),
    lookups: tenants.reduce((all, { lookups }) => all + lookups, 0),
    tenants,
    archives: archives.filter((one) => one.key === id).length,
  };
}

function rotationView(
  active: string,
  noted: readonly NotedKey[],
  keys: readonly VaultKeyView[],
): RotationView | null {
  const left = keys.reduce((all, { id, values }) => all + (id === active ? 0 : values), 0);
  const row = noted.find(({ id }) => id === active);
  if (row === undefined && noted.length === 0) return null;
  const at = (ms: number | null | undefined) => (ms === null || ms === undefined ? null : instant(ms));
  return {
    key: active,
    began_at: at(row?.beganAtMs),
    ended_at: at(row?.endedAtMs),
    resealed: row?.resealed ?? 0,
    left,
    unreadable: row?.unreadable ?? 0,
  };
}

/** Why a key is not retired; null: it may be. `unfound`: users that the active key does not find yet. */
export function inUse(view: VaultView, id: string, unfound: number, despiteArchives: boolean): string | null {
  const key = view.keys.find((one) => one.id === id);
  if (key === undefined || key.state === 'missing') return `there is no key "${id}" in ${view.ring}`;
  if (key.state === 'active') return `"${id}" seals what is new: picket vault rotate makes another do that`;
  if (key.state === 'next') return `"${id}" has sealed nothing yet: picket vault rotate lets it`;
  if (key.values > 0) {
    const names = key.tenants.filter(({ values }) => values > 0).map(({ tenant }) => tenant);
    const whose = `${names.slice(0, 5).join(', ')}${names.length > 5 ? ', ...' : ''}`;
    return `${key.values} values are sealed with "${id}" (${whose}): the cores seal them anew; see picket vault status`;
  }
  if (unfound > 0) return `${unfound} users are found by older keys alone: wait until the rotation has ended`;
  const cannot = view.archives.filter(({ error }) => error !== null).length;
  if (despiteArchives || key.archives + cannot === 0) return null;
  const others = cannot === 0 ? '' : `, and of ${cannot} it cannot be read`;
  return `${key.archives} archives open with "${id}"${others}. Retired it opens them still, as long as it is in the ring: add --despite-archives`;
}
