/**
 * The ring as a running node has it: read on first use, again when its file changed, and once more before a key counts as
 * unknown or retired, since the file may have changed a moment ago. Between a node's file and those who seal fields.
 */
import type { StoreClock } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { KeyRing, VaultKey } from './key-ring.ts';

export interface LiveRing {
  /** Throws `bad_key_ring` while there is none that can be used. */
  ring(): KeyRing;
  /** A key that opens fields. Throws `no_such_key`, `key_retired`. */
  forFields(id: string): VaultKey;
  /** The file has changed. When what it says now cannot be used, the ring stays as it was, and the reason is thrown. */
  changed(): void;
}

export function liveRing(read: () => KeyRing, clock: Pick<StoreClock, 'monotonicMs'>): LiveRing {
  let held: KeyRing | null = null;
  let readMs = Number.NEGATIVE_INFINITY;
  const readAgain = () => {
    readMs = clock.monotonicMs();
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
    changed: () => void readAgain(),
    forFields(id) {
      const key = usable(id);
      if (key !== null) return key;
      // Many values of a key that is nowhere must not mean as many readings.
      if (clock.monotonicMs() - readMs >= limits.ringReadAgainMs) {
        readAgain();
        const found = usable(id);
        if (found !== null) return found;
      }
      const { state } = ring().byId(id);
      throw new StoreError(
        'key_retired',
        `it is sealed with the key "${id}", which is ${state} in ${ring().file}: take the mark away to open it, and seal it anew with picket vault rotate`,
      );
    },
  };
}
