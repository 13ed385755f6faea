/**
 * The ring as a running node has it: read on first use, again when its file changed, and looked for once more before a key
 * counts as unknown or retired, since the file may have changed a moment ago. Between a node's file and those who seal.
 */
import { StoreError } from '../errors.ts';
import type { KeyRing, VaultKey } from './key-ring.ts';

export interface LiveRing {
  /** Throws `bad_key_ring` while there is none that can be used. */
  ring(): KeyRing;
  /** A key that opens fields. Throws `no_such_key`, `key_retired`. */
  forFields(id: string): VaultKey;
  /** The file has changed. When what it says now cannot be used, the ring stays as it was, and the reason is thrown. */
  changed(): void;
}

/** `stamp`: what differs when the file does, cheaply. */
export function liveRing(read: () => KeyRing, stamp: () => string): LiveRing {
  let held: KeyRing | null = null;
  let heldStamp = '';
  const readAgain = () => {
    // Before it is read: what is written in between is read once more.
    heldStamp = stamp();
    held = read();
    return held;
  };
  const ring = () => held ?? readAgain();
  const usable = (id: string) => {
    const key = ring().keys.find((one) => one.id === id);
    return key === undefined || key.state === 'retired' ? null : key;
  };
  return {
    ring,
    changed() {
      // What nobody has used yet is read when somebody does.
      if (held !== null) readAgain();
    },
    forFields(id) {
      let key = usable(id);
      if (key === null && stamp() !== heldStamp) {
        readAgain();
        key = usable(id);
      }
      if (key !== null) return key;
      const { state } = ring().byId(id);
      throw new StoreError(
        'key_retired',
        `it is sealed with the key "${id}", which is ${state} in ${ring().file}: without that mark it opens, and is sealed anew`,
      );
    },
  };
}
