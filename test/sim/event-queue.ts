/**
 * What is to happen, by time and, at one instant, in the order in which it was put in. Between the event loop and nobody
 * else. A heap of four children each; instants and orders lie beside each other as plain numbers, so that looking for a
 * place does not touch the events themselves, which are spread over all memory.
 */
import type { Due } from './event-loop.ts';

export class EventQueue {
  private length = 0;
  private times = new Float64Array(1_024);
  private orders = new Float64Array(1_024);
  private readonly events: (Due | null)[] = [];

  /** Infinity: there is none. */
  get firstMs(): number {
    return this.length === 0 ? Number.POSITIVE_INFINITY : this.times[0]!;
  }

  /** Of the first one; there must be one. */
  get firstOrder(): number {
    return this.orders[0]!;
  }

  /** `order`: higher than of any that was put before. */
  put(event: Due, atMs: number, order: number): void {
    if (this.length === this.times.length) this.grow();
    const { times, orders, events } = this;
    let at = this.length;
    this.length += 1;
    // What comes last is after everything of its instant: only times are compared on the way up.
    while (at > 0) {
      const above = (at - 1) >> 2;
      if (times[above]! <= atMs) break;
      times[at] = times[above]!;
      orders[at] = orders[above]!;
      events[at] = events[above]!;
      at = above;
    }
    times[at] = atMs;
    orders[at] = order;
    events[at] = event;
  }

  /** The first one; there must be one. */
  take(): Due {
    const { times, orders, events } = this;
    const first = events[0]!;
    this.length -= 1;
    const { length } = this;
    const atMs = times[length]!;
    const order = orders[length]!;
    const last = events[length]!;
    events[length] = null;
    if (length === 0) return first;
    let at = 0;
    for (;;) {
      const below = 4 * at + 1;
      if (below >= length) break;
      const end = Math.min(below + 4, length);
      let least = below;
      for (let one = below + 1; one < end; one += 1) {
        if (times[one]! < times[least]! || (times[one] === times[least] && orders[one]! < orders[least]!))
          least = one;
      }
      if (times[least]! > atMs || (times[least] === atMs && orders[least]! > order)) break;
      times[at] = times[least]!;
      orders[at] = orders[least]!;
      events[at] = events[least]!;
      at = least;
    }
    times[at] = atMs;
    orders[at] = order;
    events[at] = last;
    return first;
  }

  private grow(): void {
    for (const key of ['times', 'orders'] as const) {
      const larger = new Float64Array(this[key].length * 2);
      larger.set(this[key]);
      this[key] = larger;
    }
  }
}
