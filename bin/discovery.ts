/**
 * Makes the source of addresses that a node was told to use. The database's strategy loads the store, so that nothing of it
 * is loaded for any other.
 */
import {
  type AddressSource,
  ClusterError,
  dnsSource,
  gossipSource,
  kubernetesSource,
  staticSource,
} from '../cluster/index.ts';
import { type Clock, systemRandom } from '../runtime/index.ts';
import type { DiscoveryChoice, Environment } from './discovery-options.ts';
import { CommandFailure, usage } from './failure.ts';

/** Rejects with a usage error for a setting that the strategy cannot use, and `no_database`. */
export async function openDiscovery(
  choice: DiscoveryChoice,
  trustDomain: string,
  environment: Environment,
  clock: Clock,
): Promise<AddressSource> {
  const random = systemRandom();
  try {
    switch (choice.strategy) {
      case 'static':
        return staticSource(choice.seeds);
      case 'dns':
        return dnsSource({ ...choice, clock });
      case 'kubernetes':
        return kubernetesSource({ ...choice, clock, random });
      case 'gossip':
        return gossipSource({ ...choice, cluster: trustDomain, clock, random });
      case 'postgres': {
        const url = environment.DATABASE_URL;
        if (url === undefined || url === '')
          throw new CommandFailure('no_database', '--discovery postgres needs DATABASE_URL');
        const { postgresSource } = await import('../store/index.ts');
        return postgresSource({ url, clock });
      }
    }
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    throw usage(`--discovery ${choice.strategy}: ${error.message.replace(`${error.code}: `, '')}`);
  }
}
