/** What the commands of `picket vault` work on: the key ring of this host, the database, and where archives lie. */
import { existsSync } from 'node:fs';
import { systemClock } from '../runtime/index.ts';
import {
  type ArchiveKey,
  archiveKeys,
  openBackupSchedule,
  openVaultDesk,
  proofOf,
  readKeyRing,
  StoreError,
  type VaultDesk,
} from '../store/index.ts';
import { openPlace, ringFile } from './archive-place.ts';
import type { Surroundings } from './commands/up.ts';
import { withDatabase } from './database-door.ts';
import { ownName } from './own-name.ts';
import { noRing, type VaultView, vaultView } from './vault-view.ts';

export interface VaultFlags {
  data: string;
  keys?: string;
  to?: string;
  as?: string;
  /** A ring that nothing was sealed with yet need not be there. */
  mayBeNone?: boolean;
}

export interface VaultDoor {
  readonly file: string;
  readonly desk: VaultDesk;
  /** Who changes the ring, for the audit. */
  readonly who: string;
  /** Reads the ring, the database and, unless told otherwise, the beginning of each archive. */
  view(withArchives?: boolean): Promise<VaultView>;
  /** Throws `ring_foreign` unless the database's values were sealed with keys of this ring. */
  judgeRing(): Promise<void>;
}

export async function openVaultDoor<T>(
  { environment, output }: Surroundings,
  flags: VaultFlags,
  work: (door: VaultDoor) => Promise<T>,
): Promise<T> {
  const { file } = ringFile(flags.keys, flags.data, environment);
  // Before the database is started for it.
  if (flags.mayBeNone !== true || existsSync(file)) readKeyRing(file);
  const who = await ownName(flags);
  const door = { data: flags.data, url: environment.DATABASE_URL, mayMake: false, note: output.note };
  return await withDatabase(door, async (url) => {
    const desk = openVaultDesk(url, systemClock());
    const archives = () => knownArchives(url, flags, environment);
    try {
      return await work({
        file,
        desk,
        who,
        async view(withArchives = true) {
          const [noted, census] = [await desk.noted(), await desk.census()];
          if (flags.mayBeNone && noted.length === 0 && !existsSync(file)) return noRing(file);
          const ring = readKeyRing(file);
          const changes = await desk.changes();
          const kept = withArchives ? await archives() : [];
          return vaultView({ ring, noted, census, archives: kept, changes });
        },
        async judgeRing() {
          const noted = await desk.noted();
          const { keys } = readKeyRing(file);
          const isKnown = ({ id, proof }: { id: string; proof: string }) =>
            keys.some((key) => key.id === id && proofOf(key) === proof);
          if (noted.length === 0 || noted.some(isKnown)) return;
          throw new StoreError(
            'ring_foreign',
            `the database's values are sealed with ${noted.map(({ id }) => id).join(', ')}, of which ${file} has none: name the ring of the cores with --keys`,
          );
        },
      });
    } finally {
      await desk.close();
    }
  });
}

/** In the place of the command, and where the daily backup puts them. */
async function knownArchives(
  url: string,
  flags: VaultFlags,
  environment: Surroundings['environment'],
): Promise<ArchiveKey[]> {
  const { schedule, close } = openBackupSchedule(url, systemClock());
  const daily = await schedule.read().finally(close);
  const places = [openPlace(flags.to, flags.data, environment)];
  if (daily !== null) places.push(openPlace(daily.terms.place, flags.data, environment));
  const labels = new Set<string>();
  const found: ArchiveKey[] = [];
  for (const place of places) {
    if (labels.has(place.label)) continue;
    labels.add(place.label);
    found.push(...(await archiveKeys(place)));
  }
  return found;
}
