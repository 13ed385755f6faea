/** Loads a peer that is a package of the development dependencies. One that is not installed is absent, not broken. */
import { PeerAbsent } from '../bench.ts';

/** Throws `PeerAbsent` when the package is not there; whatever else its loading throws goes through. */
export async function installed<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new PeerAbsent(`${name} is not installed`, { cause: error });
  }
}
