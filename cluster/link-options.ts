/**
 * What a link is made with and whom it tells: the terms between `link.ts` and whoever has links, which is the mesh of a
 * node or an operator's command.
 */
import type { Clock } from '../runtime/index.ts';
import type { Codec } from './codec.ts';
import type { Flushes } from './flushes.ts';
import type { Frame } from './frame.ts';
import type { Greeting, LinkNumbers } from './greeting.ts';
import type { InboxCounts } from './inbox.ts';
import type { Link } from './link.ts';
import type { OutboxCounts } from './outbox.ts';
import type { Connection } from './transport.ts';

export interface LinkHandlers {
  up(link: Link): void;
  /** `isOverlong`: it is to be refused for its size, and holds only the beginning of its payload. */
  frame(link: Link, frame: Frame, isOverlong: boolean): void;
  /** Once, whether or not it was ever up. */
  down(link: Link, code: string, detail: string): void;
}

/** Since the link is there. */
export type LinkCounts = InboxCounts & OutboxCounts;

export interface LinkOptions {
  readonly connection: Connection;
  /** True when this side dialled. */
  readonly dialled: boolean;
  /** The node that it was dialled for, if it is known. */
  readonly expected?: string | null;
  /** What this side says of the link. */
  readonly numbers: LinkNumbers;
  readonly greeting: () => Greeting;
  readonly codec: Codec;
  readonly clock: Clock;
  /** Of all links of the node; absent: it has no other. */
  readonly flushes?: Flushes;
  readonly handlers: LinkHandlers;
}
