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
  bytes = 0;

  put(head: Uint8Array, payload: Uint8Array, flow: Flow, isSystem: boolean): void {
    (isSystem ? this.system : this.user).put(head, payload, flow);
    this.bytes += head.length + payload.length;
  }

  /** What is to be written now, in order: about `bytesMax`. */
  take(bytesMax: number, isSystemAlone: boolean): Taken {
    const taken: Taken = { chunks: [], bytes: 0, parts: 0 };
    const { system } = this;
    // A lane that is empty is not looked at: those of many links are far from each other in memory.
    let userBytes = this.bytes - system.bytes;
    if (system.bytes > 0) system.take(taken, bytesMax);
    if (userBytes > 0 && !isSystemAlone) {
      this.user.take(taken, bytesMax);
      userBytes = this.user.bytes;
    }
    this.bytes = system.bytes + userBytes;
    return taken;
  }
}
