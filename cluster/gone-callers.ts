/**
 * Tells whoever keeps something for an operator that the operator's connection has ended: here, and on the nodes that it
 * was relayed to. Between the procedures, which see links end, and what they keep open for callers (the remote shell).
 * A node speaks only for connections that it holds itself.
 */
import type { Link } from './link.ts';

/** `true` for the connections that have ended. */
export type IsGone = (connection: string) => boolean;

export interface GoneCallersNeeds {
  readonly node: string;
  /** Best effort: a node that cannot be told loses its link, and sees by that. */
  tell(node: string, connection: string): void;
}

export class GoneCallers {
  private readonly needs: GoneCallersNeeds;
  private readonly relayedTo = new Map<Link, Set<string>>();
  private readonly listeners = new Set<(isGone: IsGone) => void>();

  constructor(needs: GoneCallersNeeds) {
    this.needs = needs;
  }

  /** Until the answer is called. */
  watch(listener: (isGone: IsGone) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** The name of an operator's connection in the whole cluster; null: the link leads to a node. */
  connectionOf(link: Link): string | null {
    if (link.peer?.identity.kind !== 'operator') return null;
    return `${this.needs.node}/${link.numbers.link}`;
  }

  /** What was asked on the operator's link was passed on to that node. */
  relayed(link: Link, node: string): void {
    if (link.peer?.identity.kind !== 'operator' || !link.isOpen) return;
    const nodes = this.relayedTo.get(link) ?? new Set();
    this.relayedTo.set(link, nodes.add(node));
  }

  /** The link has ended and nothing took its place. */
  linkEnded(link: Link): void {
    const { identity } = link.peer ?? {};
    const connection = this.connectionOf(link);
    if (connection !== null) {
      this.announce((one) => one === connection);
      for (const node of this.relayedTo.get(link) ?? []) this.needs.tell(node, connection);
    } else if (identity?.kind === 'node') this.announce((one) => one.startsWith(`${identity.name}/`));
    this.relayedTo.delete(link);
  }

  /** That node says so. */
  told(node: string, connection: unknown): void {
    if (typeof connection === 'string' && connection.startsWith(`${node}/`))
      this.announce((one) => one === connection);
  }

  private announce(isGone: IsGone): void {
    for (const listener of this.listeners) listener(isGone);
  }
}
