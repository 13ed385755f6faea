/**
 * What the pure registry wants told, on its way to the links that it concerns. A long answer goes out a part a turn of the
 * event loop: encoded in one, 50,000 names would hold up everything else of the node, and the peer would read nothing
 * meanwhile. What is told to a link whose answer is not whole yet waits behind it, so that no delta overtakes another.
 */
import type { Clock } from '../runtime/index.ts';
import type { Codec } from './codec.ts';
import { encodeControl } from './frame.ts';
import { deltaEntriesMax, registryWaitingMax } from './limits.ts';
import type { Link } from './link.ts';
import type { RegistryEffect } from './registry-state.ts';
import { deltaPayload, headsPayload, type RegistryDelta } from './registry-wire.ts';

interface Links {
  readonly codec: Codec;
  linkTo(node: string): Link | null;
  nodeLinks(): Iterable<Link>;
}

export type RegistryNews = Extract<
  RegistryEffect,
  { type: 'broadcast' | 'send_delta' | 'send_fetch' | 'send_origins' | 'send_heads' }
>;

interface Waiting {
  readonly weight: number;
  tell(link: Link): void;
}

export class RegistryTeller {
  private readonly links: Links;
  private readonly clock: Clock;
  /** By the link that the first of them was for; what takes its place gets the rest. */
  private readonly waiting = new Map<Link, Waiting[]>();
  /** Entries of fetched deltas that were encoded in this turn. */
  private spent = 0;
  private turnAsked = false;

  constructor(links: Links, clock: Clock) {
    this.links = links;
    this.clock = clock;
  }

  tell(effect: RegistryNews): void {
    const { codec } = this.links;
    if (effect.type === 'broadcast') {
      this.broadcast(effect.delta);
      return;
    }
    const link = this.links.linkTo(effect.peer);
    if (link === null) return;
    switch (effect.type) {
      case 'send_delta': {
        const { origin, boot, tenant, puts, removals } = effect.delta;
        this.put(link, puts.length + removals.length, (to) => {
          const payload = codec.encode(deltaPayload(effect.delta));
          to.sendControl('registry_delta', { boot, origin, tenant }, payload);
        });
        return;
      }
      case 'send_fetch': {
        const { origin, boot, tenant, since } = effect;
        this.put(link, 0, (to) => void to.sendControl('registry_fetch', { boot, since, origin, tenant }));
        return;
      }
      case 'send_origins':
        this.put(link, 0, (to) => void to.sendControl('registry_origins', {}, codec.encode(effect.rows)));
        return;
      case 'send_heads': {
        const { message } = effect;
        this.put(
          link,
          0,
          (to) => void to.sendControl('registry_heads', {}, codec.encode(headsPayload(message))),
        );
        return;
      }
    }
  }

  /** Encoded once; a tenant's node is told of its own tenant alone. */
  private broadcast(delta: RegistryDelta): void {
    const { origin, boot, tenant } = delta;
    const payload = this.links.codec.encode(deltaPayload(delta));
    const header = { boot, origin, tenant };
    let frame: Buffer | null = null;
    for (const link of this.links.nodeLinks()) {
      if (link.fence === null) {
        frame ??= encodeControl('registry_delta', header, payload);
        const shared = frame;
        this.put(link, 0, (to) => {
          // What took the link's place stands on the same side of the fence: it is the same node's.
          if (to.fence === null) to.sendShared('registry_delta', shared);
        });
      } else if (link.fence.tenant === tenant)
        this.put(link, 0, (to) => void to.sendControl('registry_delta', header, payload));
    }
  }

  private put(link: Link, weight: number, tell: (link: Link) => void): void {
    const before = this.queueOf(link);
    if (before === undefined && (weight === 0 || this.spent < deltaEntriesMax)) {
      if (weight > 0) this.spend(weight);
      tell(link);
      return;
    }
    if (before === undefined) this.waiting.set(link, [{ weight, tell }]);
    else if (before.length < registryWaitingMax) before.push({ weight, tell });
    else {
      this.waiting.delete(link);
      link.close('not_reading', `${before.length} messages of the registry wait for the peer`);
    }
  }

  private queueOf(link: Link): Waiting[] | undefined {
    if (this.waiting.size === 0) return undefined;
    const own = this.waiting.get(link);
    if (own !== undefined) return own;
    for (const [first, queue] of this.waiting) if (first.current === link) return queue;
    return undefined;
  }

  private spend(weight: number): void {
    this.spent += weight;
    if (this.turnAsked) return;
    this.turnAsked = true;
    this.clock.afterIo(() => {
      this.turnAsked = false;
      this.spent = 0;
      this.turn();
    });
  }

  /** One part for each link that waits for more, and what follows it up to the next part. */
  private turn(): void {
    for (const [first, queue] of [...this.waiting]) {
      const link = first.current;
      if (!link.isOpen) {
        this.waiting.delete(first);
        continue;
      }
      let at = 0;
      for (let weight = 0; at < queue.length; at += 1) {
        const next = queue[at]!;
        weight += next.weight;
        if (next.weight > 0 && weight > deltaEntriesMax && at > 0) break;
        if (next.weight > 0) this.spend(next.weight);
        next.tell(link);
      }
      if (at === queue.length) this.waiting.delete(first);
      else queue.splice(0, at);
    }
  }
}
