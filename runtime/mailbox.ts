/**
 * Two bounded lanes of one mailbox: signals (exits, downs, timers) before user messages. A ring doubles up to its
 * bound and never shrinks below it; the system lane is bounded only by what an actor itself has linked, monitored and
 * timed.
 */
import { mailboxStartMessages } from './limits.ts';
import type { Message } from './message.ts';

/** A queue over a ring of a power of two places. */
export class Ring<T> {
  private places: (T | undefined)[];
  private head = 0;
  length = 0;

  constructor(start = mailboxStartMessages) {
    this.places = new Array(start).fill(undefined);
  }

  push(item: T): void {
    if (this.length === this.places.length) this.grow();
    this.places[(this.head + this.length) & (this.places.length - 1)] = item;
    this.length += 1;
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.places[this.head];
    this.places[this.head] = undefined;
    this.head = (this.head + 1) & (this.places.length - 1);
    this.length -= 1;
    // A flood leaves a large ring behind; an empty one is let go.
    if (this.length === 0 && this.places.length > 1024) this.clear();
    return item;
  }

  clear(): void {
    this.places = new Array(mailboxStartMessages).fill(undefined);
    this.head = 0;
    this.length = 0;
  }

  private grow(): void {
    const before = this.places;
    const larger: (T | undefined)[] = new Array(before.length * 2).fill(undefined);
    for (let index = 0; index < this.length; index += 1) {
      larger[index] = before[(this.head + index) & (before.length - 1)];
    }
    this.places = larger;
    this.head = 0;
  }
}

export class Mailbox {
  // Lanes are made on first use: an idle actor is to cost little.
  private system: Ring<Message> | null = null;
  private user: Ring<Message> | null = null;
  /** Messages that were taken out and handled, and the time that it took. */
  handled = 0;
  // Not the integer 0: V8 would give the field another form at its first fraction, and move every mailbox to it.
  private workedMs = -0;

  // `?.` and `??` also ask whether a value is undefined, which costs a look at its map; these are asked per message.

  get length(): number {
    return (this.system === null ? 0 : this.system.length) + this.userLength;
  }

  get userLength(): number {
    return this.user === null ? 0 : this.user.length;
  }

  get busyMs(): number {
    return this.workedMs + 0;
  }

  did(messages: number, elapsedMs: number): void {
    this.handled += messages;
    this.workedMs += elapsedMs;
  }

  pushSystem(message: Message): void {
    this.system ??= new Ring();
    this.system.push(message);
  }

  pushUser(message: Message): void {
    if (this.user === null) this.user = new Ring();
    this.user.push(message);
  }

  dropOldestUser(): Message | undefined {
    return this.user?.shift();
  }

  shift(): Message | undefined {
    if (this.system !== null && this.system.length > 0) return this.system.shift();
    return this.user === null ? undefined : this.user.shift();
  }
}
