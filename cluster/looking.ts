/**
 * What a node keeps at hand for whoever looks into it: which actors somebody may see, how full its bounds are, its version and
 * the last lines of its log. Between the node's parts and the commands of the shell; changes nothing.
 */
import type { ActorSystem, LogRing, Sight } from '../runtime/index.ts';
import { allActors } from '../runtime/index.ts';
import type { ActorLabels } from './actor-labels.ts';
import { linkQueuedBytesMax, remoteCallsMax } from './limits.ts';
import type { Mesh } from './mesh.ts';
import type { RemoteRouter } from './router.ts';

/** What only the program knows that runs the node. */
export interface Surroundings {
  readonly version?: string;
  /** The last lines of the log; without it the shell's `log` has nothing to show. */
  readonly log?: LogRing;
}

/** Something that is bounded, and how much of it is taken. */
export interface Fullness {
  readonly what: string;
  readonly used: number;
  readonly max: number;
}

export class Looking {
  readonly version: string | null;
  readonly log: LogRing | null;
  readonly labels: ActorLabels;
  /** Monotonic milliseconds at which the node was made. */
  readonly startedMs: number;
  private readonly mesh: Mesh;
  private readonly router: RemoteRouter;

  constructor(
    { version, log }: Surroundings,
    system: ActorSystem,
    labels: ActorLabels,
    mesh: Mesh,
    router: RemoteRouter,
  ) {
    this.version = version ?? null;
    this.log = log ?? null;
    this.labels = labels;
    this.startedMs = system.clock.monotonicMs();
    this.mesh = mesh;
    this.router = router;
  }

  /** The actors of one tenant, each under whose key it was named here; null: all of them. */
  sight(tenant: string | null): Sight {
    if (tenant === null) return allActors;
    const { labels } = this;
    return { ids: () => labels.idsOf(tenant), sees: (id) => labels.tenantOf(id) === tenant };
  }

  /** Of what all tenants share. The fullest link counts for all of them. */
  fullness(): Fullness[] {
    let queuedBytes = 0;
    for (const link of this.mesh.allLinks()) queuedBytes = Math.max(queuedBytes, link.waitingBytes);
    return [
      { what: 'bytes queued on one link', used: queuedBytes, max: linkQueuedBytesMax },
      { what: 'calls to other nodes under way', used: this.router.underWay, max: remoteCallsMax },
    ];
  }
}
