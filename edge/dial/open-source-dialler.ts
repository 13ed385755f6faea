/**
 * The dialler of a poller with its taker: what an agent said when it was asked goes home by the same way as what agents push. Between
 * `bin/`, which knows the node, and the dialler.
 */
import type { SourceDialler } from '../../actors/messages.ts';
import { boundedResolver } from '../../checks/index.ts';
import type { Cluster } from '../../cluster/index.ts';
import type { ActorSystem, Clock, Log } from '../../runtime/index.ts';
import { isRefusal } from '../errors.ts';
import type { EdgeTrust } from '../listener.ts';
import { keysOf } from '../older-documents.ts';
import { RefusalCount } from '../refusal-count.ts';
import { takeHome } from '../status-calls.ts';
import { TenantHome } from '../tenant-home.ts';
import { AgentDialler } from './open-dialler.ts';
import type { FoundTaker } from './poll-agent.ts';

export interface SourceDiallerNeeds {
  readonly system: ActorSystem;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  readonly trust: EdgeTrust;
  readonly pollMs: number;
  readonly testMs: number;
}

export function openSourceDialler(needs: SourceDiallerNeeds): SourceDialler {
  const { system, cluster, clock, log, trust, pollMs, testMs } = needs;
  const { node } = cluster;
  const home = new TenantHome(needs);
  const refusals = new RefusalCount(clock, log);
  const taking = { system, cluster, home, refusals, node, clock, nextKey: keysOf(cluster, 'poll') };
  const take: FoundTaker = async (peer, items, atMs) => {
    const taken = await takeHome(taking, peer, items, atMs);
    return isRefusal(taken) ? taken : null;
  };
  return new AgentDialler({ node, trust, resolver: boundedResolver(), clock, take, pollMs, testMs });
}
