/**
 * The key ring of a core: read when something is sealed or opened, and again within a second of a change of its file, so
 * that `picket vault rotate` needs no restart. A file that cannot be used leaves the ring as it was, with a warning.
 */
import { messageOf } from '../../runtime/index.ts';
import { type LiveRing, liveRing, ringStamp } from '../../store/index.ts';
import { openKeys, ringFile } from '../archive-place.ts';
import { watchFiles } from '../file-watch.ts';
import type { RoleContext } from './role.ts';

export function roleRing({ environment, flags, clock, log }: RoleContext): { keys: LiveRing; stop(): void } {
  const { file } = ringFile(undefined, flags.data, environment);
  const keys = liveRing(
    () => openKeys(undefined, flags.data, environment, true),
    () => ringStamp(file),
  );
  const stop = watchFiles(
    clock,
    () => [file],
    () => {
      try {
        keys.changed();
        log('info', 'the key ring has changed', { file });
      } catch (error) {
        log('warn', 'the key ring has changed and cannot be used: the one before stays', {
          error: messageOf(error),
        });
      }
    },
  );
  return { keys, stop };
}
