/**
 * Which node speaks for the cluster, as every node tells it: the core that announced the lease with the highest epoch, or,
 * where no live core announces one, the first of the live cores by name. A claim is a name in the registry, so it goes
 * wherever names go and is hidden when its node is down. Between the registry, membership and whoever holds the lease
 * (`actors/coordinator`); takes no lease itself.
 */
import type { Ref } from '../runtime/index.ts';
import type { Members, NameEvent, Names } from './cluster-view.ts';
import { platformTenant, type RegistryKey } from './names.ts';

export interface Coordinator {
  /** Null: this node knows of no live core. */
  readonly node: string | null;
  readonly by: 'lease' | 'lowest_core';
  /** Of the lease; null: none stands behind it, and two sides of a split may name two. */
  readonly epoch: number | null;
}

/**
 * What a holder can say of its own lease. `held`: its session has not ended by this node's own clock. `kept`: it has, or may
 * have, and the store cannot be reached: it stays the coordinator for as long as it lives and nobody announces a higher
 * epoch. `doubtful`: it has, and the store was not asked since (this process did not run).
 */
export type Standing = 'held' | 'kept' | 'doubtful';

export interface OwnClaim {
  readonly epoch: number;
  standing(): Standing;
}

export interface Coordination {
  now(): Coordinator;
  /** The epoch by whose right this node may do the coordinator's work at this moment; null: it may not. */
  mine(): number | null;
  /** The highest that this node ever heard of; 0: none. */
  highestEpoch(): number;
  /** Tells every node that this one has the lease, until the actor ends or `resign`. */
  claim(ref: Ref, claim: OwnClaim): void;
  resign(): void;
  /** Told of claims that come, rise and go. */
  watch(onChange: () => void, signal: AbortSignal): void;
}

/** `claims`: epoch by node. `cores`: the live ones, sorted. Claims below the highest epoch known are of the past. */
export function chooseCoordinator(
  claims: ReadonlyMap<string, number>,
  cores: readonly string[],
  highestEpoch: number,
): Coordinator {
  for (const node of cores)
    if (claims.get(node) === highestEpoch) return { node, by: 'lease', epoch: highestEpoch };
  return { node: cores[0] ?? null, by: 'lowest_core', epoch: null };
}

export class Claims implements Coordination {
  private readonly node: string;
  private readonly names: Names;
  private readonly members: Members;
  private readonly claims = new Map<string, number>();
  private own: OwnClaim | null = null;
  private highest = 0;

  constructor(node: string, names: Names, members: Members) {
    this.node = node;
    this.names = names;
    this.members = members;
    names.watch(claimed, (event) => this.heard(event), new AbortController().signal);
  }

  now(): Coordinator {
    const { own, claims } = this;
    const cores = this.members.live('core');
    if (own?.standing() !== 'doubtful') return chooseCoordinator(claims, cores, this.highest);
    const others = new Map([...claims].filter(([node]) => node !== this.node));
    return chooseCoordinator(others, cores, this.highest);
  }

  mine(): number | null {
    const { own, highest } = this;
    return own !== null && own.epoch === highest && own.standing() === 'held' ? own.epoch : null;
  }

  highestEpoch(): number {
    return this.highest;
  }

  claim(ref: Ref, claim: OwnClaim): void {
    this.own = claim;
    this.names.register(keyOf(this.node), ref, { epoch: claim.epoch });
  }

  resign(): void {
    this.own = null;
    this.names.unregister(keyOf(this.node));
  }

  watch(onChange: () => void, signal: AbortSignal): void {
    this.names.watch(claimed, () => onChange(), signal);
  }

  private heard({ type, entry }: NameEvent): void {
    const { key, node, metadata } = entry;
    // A name that is not its holder's says nothing.
    if (key.id !== node) return;
    const { epoch } = metadata;
    if (type === 'removed' || !isEpoch(epoch)) {
      this.claims.delete(node);
      if (node === this.node) this.own = null;
      return;
    }
    this.claims.set(node, epoch);
    this.highest = Math.max(this.highest, epoch);
  }
}

const claimed = { tenant: platformTenant, kind: 'coordinator' };

function keyOf(node: string): RegistryKey {
  return { ...claimed, partition: 'default', id: node };
}

function isEpoch(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 2 ** 48;
}
