/**
 * Where in its interval a check runs. Here, because whoever accounts for the instants and a program in a customer's network
 * that runs by itself must come to the same ones.
 */

/** Milliseconds, below the interval: a hash of the check's id, so that checks spread evenly and a restart moves nothing. */
export function phaseOf(checkId: string, intervalMs: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < checkId.length; index += 1) {
    hash = Math.imul(hash ^ checkId.charCodeAt(index), 0x01000193);
  }
  // FNV alone leaves neighbours close together; the finaliser of murmur3 spreads them.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % intervalMs;
}
