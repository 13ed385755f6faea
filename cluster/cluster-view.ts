/**
 * The cluster as the actors of a node see it: names, members, and procedures to declare. What they may rely on; the
 * node implements it over the registry, membership and links.
 */
import type { Protocol, Ref } from '../runtime/index.ts';
import type { Coordination, Coordinator } from './coordinator.ts';
import type { RegistryKey } from './names.ts';
import type { Procedure } from './procedures.ts';
import type { PubSub } from './pubsub.ts';

/** Small and plain: it travels to every node. */
export type Metadata = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

export interface NameEntry {
  readonly key: RegistryKey;
  readonly ref: Ref;
  readonly node: string;
  readonly metadata: Metadata;
}

export interface NameQuery {
  readonly tenant?: string;
  readonly partition?: string;
  readonly kind?: string;
  /** With tenant, kind and partition it is one name, and found as fast as that. */
  readonly id?: string;
  readonly node?: string;
}

export interface NameEvent {
  readonly type: 'added' | 'updated' | 'removed';
  readonly entry: NameEntry;
}

export interface Names {
  /** Until the actor (of this node) ends or `unregister`. Throws `bad_key`, `no_such_actor` for another node's, and `name_taken`. */
  register(key: RegistryKey, ref: Ref, metadata: Metadata): void;
  update(key: RegistryKey, metadata: Metadata): void;
  unregister(key: RegistryKey): void;
  lookup<P extends Protocol>(key: RegistryKey): Ref<P> | null;
  list(query: NameQuery): NameEntry[];
  /** The present entries first, as `added`, then every change in order, until the signal fires. */
  watch(query: NameQuery, onEvent: (event: NameEvent) => void, signal: AbortSignal): void;
}

export type NodeStatus = 'up' | 'suspect' | 'down' | 'left';

export interface Member {
  readonly name: string;
  readonly role: string;
  readonly status: NodeStatus;
  readonly boot: number;
  readonly incarnation: number;
  readonly address: string;
  readonly tenant: string | null;
  readonly pid: number | null;
  readonly rttMs: number | null;
  /** Wall clock of this node, milliseconds, when it last heard from it itself; now, for itself. Stays when it is down or left. */
  readonly lastSeenMs: number;
  /** Why it has this status, latest last. */
  readonly because: readonly string[];
}

export interface Members {
  /** All that this node knows, itself included, by name. */
  list(): Member[];
  /** Names of the nodes of a role that are up; a suspect still counts: it is not known to be gone. */
  live(role: string): string[];
  /**
   * The split that this node sees, with both sides by name and the wall clock's milliseconds at which it was seen; null:
   * none. A host that lost its power cannot be told from one that is cut off.
   */
  split(): {
    readonly here: readonly string[];
    readonly there: readonly string[];
    readonly sinceMs: number;
  } | null;
  /** Told after each change. */
  watch(onChange: () => void, signal: AbortSignal): void;
}

export interface Cluster {
  readonly node: string;
  readonly boot: number;
  /** The tenant whose node this is; null: the platform's. */
  readonly tenant: string | null;
  readonly names: Names;
  readonly members: Members;
  readonly topics: PubSub;
  readonly coordination: Coordination;
  /** Who speaks for the cluster now, and by which rule: `coordination.now()`. */
  coordinator(): Coordinator;
  declare(name: string, procedure: Procedure): void;
}
