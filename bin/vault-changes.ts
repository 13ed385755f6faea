/**
 * Changes of the key ring, one command at a time: a new key, and one that goes. What is sealed decides whether a key may
 * go; it is looked again when every node has seen the mark, and the mark is taken back when it was too early.
 */
import { dirname } from 'node:path';
import { systemClock } from '../runtime/index.ts';
import {
  newKey,
  readKeyRing,
  readRingText,
  replaceRing,
  StoreError,
  withActive,
  withKey,
  withRetired,
} from '../store/index.ts';
import { withFolderLock } from './authority-lock.ts';
import { pause } from './launcher/lock.ts';
import { ringSettleMs } from './limits.ts';
import type { VaultDoor } from './vault-door.ts';
import { inUse } from './vault-view.ts';

export interface Rotated {
  key: string;
  state: 'active' | 'next';
  previous: string;
}

export function rotate(door: VaultDoor, prepare: boolean): Promise<Rotated> {
  const { file, desk, who } = door;
  return locked(file, async () => {
    await door.judgeRing();
    const ring = readKeyRing(file);
    const previous = ring.current().id;
    const next = ring.keys.find(({ state }) => state === 'next');
    if (next !== undefined) {
      // Prepared twice is prepared.
      if (!prepare) {
        await desk.noteChange(who, 'rotate', next.id);
        replaceRing(file, withActive(readRingText(file), next.id));
      }
      return { key: next.id, state: prepare ? 'next' : 'active', previous };
    }
    const key = newKey(systemClock().wallMs());
    // First: a change that nobody knows the author of is worse than a line about one that did not come to be.
    await desk.noteChange(who, prepare ? 'prepare' : 'rotate', key.id);
    replaceRing(file, withKey(readRingText(file), key, prepare ? 'next' : null));
    return { key: key.id, state: prepare ? 'next' : 'active', previous };
  });
}

/** Throws `key_in_use`, `restore_running`. One that is retired already is retired again: what a kill left of it goes. */
export function retire(
  door: VaultDoor,
  id: string,
  despiteArchives: boolean,
): Promise<{ key: string; state: 'retired'; archives: number }> {
  const { file, desk, who } = door;
  const mark = () => replaceRing(file, withRetired(readRingText(file), id, true));
  const judge = async (archivesToo: boolean) => {
    const view = await door.view();
    const unfound = await desk.unfound(readKeyRing(file).current().id);
    return { view, refused: inUse(view, id, unfound, !archivesToo) };
  };
  const mayGo = async () => {
    const { view, refused } = await judge(!despiteArchives);
    if (refused !== null) throw new StoreError('key_in_use', refused);
    const before = readRingText(file);
    mark();
    await pause(systemClock(), ringSettleMs);
    const again = (await judge(false)).refused;
    if (again !== null) {
      // As it was: it may have been retired before.
      replaceRing(file, before);
      throw new StoreError('key_in_use', `${again} (a node sealed with it meanwhile: the key is as it was)`);
    }
    await desk.noteChange(who, 'retire', id);
    await desk.dropLookups(id);
    return view.keys.find((key) => key.id === id)?.archives ?? 0;
  };
  return locked(file, async () => {
    if (!readKeyRing(file).keys.some((key) => key.id === id))
      throw new StoreError('no_such_key', `there is no key "${id}" in ${file}: see picket vault status`);
    await door.judgeRing();
    return { key: id, state: 'retired', archives: await desk.withoutRestores(mayGo) };
  });
}

const locked = <T>(file: string, work: () => Promise<T>): Promise<T> =>
  withFolderLock(dirname(file), systemClock(), 'ring_busy', work);
