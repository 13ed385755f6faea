/** What a process holds in memory, for the benches that tell of an actor's or a name's cost. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Used bytes after full collections, buffers outside of the heap included. */
export function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
