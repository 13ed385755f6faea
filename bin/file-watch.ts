/** Looks whether files have changed, by time, size and place on disk; one that comes or goes has changed too. */
import { statSync } from 'node:fs';
import type { Clock } from '../runtime/index.ts';
import { fileLookMs } from './limits.ts';

/** Calls `changed` at most once per look; the answer ends it. `paths` is asked at every look. */
export function watchFiles(clock: Clock, paths: () => readonly string[], changed: () => void): () => void {
  let cancel = () => {};
  let before = fingerprint(paths());
  const look = () => {
    cancel = clock.timer(fileLookMs, look);
    const now = fingerprint(paths());
    if (now === before) return;
    before = now;
    changed();
  };
  cancel = clock.timer(fileLookMs, look);
  return () => cancel();
}

function fingerprint(paths: readonly string[]): string {
  const one = (path: string) => {
    try {
      const { mtimeMs, size, ino } = statSync(path);
      return `${path} ${mtimeMs} ${size} ${ino}`;
    } catch {
      return `${path} -`;
    }
  };
  return paths.map(one).join('\n');
}
