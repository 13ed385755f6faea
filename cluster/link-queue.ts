/**
 * What a link has still to write, in two lanes: system frames go before user frames. Knows bytes alone; when it is
 * written, and how much may wait, is the link's business.
 */
import { type Flow, Lane, type Parted, type Taken } from './lane.ts';
import { type PartBounds, partBounds } from './part-bounds.ts';

export class LinkQueue {
  private readonly system: Lane;
  private readonly user: Lane;

  constructor(bounds: () => PartBounds = () => partBounds) {
    const parted: Parted = { frames: 0, bytes: 0, lastId: 0, bounds };
    this.system = new Lane(parted);
    this.user = new Lane(parted);
  }

  /** Of both lanes. */
  get bytes(): number {
    return this.system.bytes + this.user.bytes;
  }

  put(head: Uint8Array, payload: Uint8Array, flow: Flow, isSystem: boolean): void {
    (isSystem ? this.system : this.user).put(head, payload, flow);
  }

  /** What is to be written now, in order: about `bytesMax`. */
  take(bytesMax: number, isSystemAlone: boolean): Taken {
    const taken: Taken = { chunks: [], bytes: 0, parts: 0 };
    this.system.take(taken, bytesMax);
    if (!isSystemAlone) this.user.take(taken, bytesMax);
    return taken;
  }
}
