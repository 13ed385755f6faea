/**
 * The parts of a node that a history looks at or, for a planted fault, changes from outside. The one place that knows
 * names which the product keeps to itself; when one of them is renamed, this is where it shows.
 */
import type { PeerIdentity } from '../../certs/index.ts';
import type { ChildrenEffect } from '../../cluster/children.ts';
import type { Child, ChildrenState } from '../../cluster/children-state.ts';
import type { Codec } from '../../cluster/codec.ts';
import type { Frame } from '../../cluster/frame.ts';
import type { ClusterNode } from '../../cluster/index.ts';
import type { Link } from '../../cluster/link.ts';
import type { MembershipEvent } from '../../cluster/membership.ts';
import type { MembershipEffect, MembershipState } from '../../cluster/membership-peer.ts';
import type { RegistryState } from '../../cluster/registry-state.ts';
import type { SpecsState } from '../../cluster/specs-state.ts';
import type { Connection } from '../../cluster/transport.ts';

export type Announcement = MembershipEffect & { type: 'announce' };

/** A machine's way into the flight recorder. */
interface Record {
  step<S, E, R>(state: S, event: E, decide: (state: S, event: E) => R): R;
}

export interface Insides {
  announced(announcement: Announcement): void;
  linkUp(link: Link, name: string, role: string, boot: number): void;
  linkDown(name: string, boot: number, reason: string, refused: boolean): void;
  /** What the fence let through, and what it did not. */
  frame(link: Link, frame: Frame): void;
  refused(link: Link, frame: Frame): void;
  readonly codec: Codec;
  readonly mesh: {
    readonly links: Map<string, Link>;
    readonly open: Map<Link, string | null>;
    linkTo(node: string): Link | null;
    dialAddress(address: string, name: string | null): void;
    linkUp(link: Link): void;
  };
  readonly members: {
    readonly state: MembershipState;
    readonly record: Record;
    readonly splits: { readonly record: Record };
    apply(event: MembershipEvent): void;
  };
  readonly names: { readonly state: RegistryState; readonly record: Record; withdraw(): void };
  readonly supervisor: {
    readonly specs: { readonly state: SpecsState; readonly record: Record };
    readonly loop: {
      readonly state: ChildrenState;
      readonly record: Record;
      perform(effect: ChildrenEffect): void;
    };
  };
  readonly router: { readonly calls: Map<number, unknown>; lost(node: string): void };
}

export function insidesOf(node: ClusterNode): Insides {
  return node as unknown as Insides;
}

/** A child that a node knows to be wanted. */
export function wantedChild(node: ClusterNode, id: string): Child | null {
  const child = insidesOf(node).supervisor.loop.state.children.get(id);
  return child === undefined || child.want === null ? null : child;
}

/** The children that a node knows to be wanted, by id. */
export function wantsOf(node: ClusterNode): Map<string, Child> {
  const wants = new Map<string, Child>();
  for (const [id, child] of insidesOf(node).supervisor.loop.state.children)
    if (child.want !== null) wants.set(id, child);
  return wants;
}

export function connectionOf(link: Link): Connection {
  return (link as unknown as { options: { connection: Connection } }).options.connection;
}

export function peerNameOf(identity: PeerIdentity): string {
  return identity.kind === 'tenant' ? identity.id : identity.name;
}

export interface Observer {
  announced(announcement: Announcement): void;
  linkUp(peer: string, boot: number): void;
  linkDown(peer: string, boot: number, reason: string): void;
  /** It leaves, and has given up all its names; their actors go on. */
  withdrew(): void;
}

/** Tells of what the node decided, after it was carried out. */
export function observe(node: ClusterNode, observer: Observer): void {
  const inside = insidesOf(node);
  const { announced, linkUp, linkDown } = inside;
  inside.announced = (announcement) => {
    announced.call(inside, announcement);
    observer.announced(announcement);
  };
  inside.linkUp = (link, name, role, boot) => {
    observer.linkUp(name, boot);
    linkUp.call(inside, link, name, role, boot);
  };
  inside.linkDown = (name, boot, reason, refused) => {
    observer.linkDown(name, boot, reason);
    linkDown.call(inside, name, boot, reason, refused);
  };
  const { names } = inside;
  const withdraw = names.withdraw.bind(names);
  names.withdraw = () => {
    withdraw();
    observer.withdrew();
  };
}

/** Lets the two busiest machines, or all of the cluster, go unrecorded: it takes a fifth of the time, and must change nothing. */
export function unrecorded(node: ClusterNode, isAll: boolean): void {
  const { names, members, supervisor } = insidesOf(node);
  const { specs, loop } = supervisor;
  const machines = isAll ? [names, members, members.splits, specs, loop] : [names, members];
  for (const { record } of machines) record.step = (state, event, decide) => decide(state, event);
}
