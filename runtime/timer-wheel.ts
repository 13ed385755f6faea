/**
 * One hierarchical timer wheel for every deadline and actor timer of a system: insert and cancel are O(1), and the
 * clock holds at most one timer of its own. (Varghese and Lauck, "Hashed and Hierarchical Timing Wheels".)
 */
import type { Clock } from './clock.ts';
import { timerTickMs } from './limits.ts';

const slotBits = 8;
const slots = 1 << slotBits;
const levels = 4;
/** Ticks that one slot of a level stands for; then what all levels reach. */
const slotTicks = Array.from({ length: levels + 1 }, (_, level) => slots ** level);

/** A place in the wheel, linked into the ring of its slot; `next === null` when it waits for nothing. */
export class Timer {
  next: Timer | null = null;
  previous: Timer | null = null;
  atTick = 0;
  level = 0;
  fire: () => void;

  constructor(fire: () => void) {
    this.fire = fire;
  }
}

function never(): void {}

function emptySlot(): Timer {
  const slot = new Timer(never);
  slot.next = slot;
  slot.previous = slot;
  return slot;
}

export class TimerWheel {
  private readonly clock: Clock;
  private readonly wheel: Timer[][];
  private readonly counts: number[];
  /** A bit for each slot of the first level that holds a timer: most are empty, and are not looked at. */
  private readonly filled = new Int32Array(slots / 32);
  private tick: number;
  private readonly startMs: number;
  private cancelWake: (() => void) | null = null;
  private wakeTick = Number.POSITIVE_INFINITY;
  length = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    this.startMs = clock.monotonicMs();
    this.tick = 0;
    this.counts = new Array(levels).fill(0);
    this.wheel = Array.from({ length: levels }, () => Array.from({ length: slots }, emptySlot));
  }

  /** A timer that is set already is moved. Never fires early; fires at most one tick late as far as the loop lets it. */
  set(timer: Timer, delayMs: number): void {
    this.clear(timer);
    const nowMs = this.clock.monotonicMs() - this.startMs;
    // An empty wheel has nothing to step through: it is brought to the present at once.
    if (this.length === 0) this.tick = Math.max(this.tick, Math.floor(nowMs / timerTickMs));
    const dueMs = nowMs + Math.max(0, delayMs);
    timer.atTick = Math.max(this.tick + 1, Math.ceil(dueMs / timerTickMs));
    this.place(timer);
    this.length += 1;
    this.arm(timer.atTick);
  }

  clear(timer: Timer): void {
    if (timer.next === null) return;
    this.unlink(timer);
    this.length -= 1;
  }

  stop(): void {
    this.cancelWake?.();
    this.cancelWake = null;
    this.wakeTick = Number.POSITIVE_INFINITY;
  }

  private nowTick(): number {
    return Math.floor((this.clock.monotonicMs() - this.startMs) / timerTickMs);
  }

  private place(timer: Timer): void {
    const distance = timer.atTick - this.tick;
    let level = 0;
    while (level < levels - 1 && distance >= slotTicks[level + 1]!) level += 1;
    // What lies beyond the last level waits in its farthest slot and is placed again from there.
    const reach = Math.min(timer.atTick, this.tick + slotTicks[levels]! - 1);
    const slot = this.wheel[level]![Math.floor(reach / slotTicks[level]!) & (slots - 1)]!;
    timer.level = level;
    timer.previous = slot.previous;
    timer.next = slot;
    slot.previous!.next = timer;
    slot.previous = timer;
    this.counts[level]! += 1;
    if (level === 0) this.filled[(reach & (slots - 1)) >> 5]! |= 1 << (reach & 31);
  }

  private unlink(timer: Timer): void {
    const { next, previous } = timer;
    previous!.next = next;
    next!.previous = previous;
    // It was alone in its slot.
    if (timer.level === 0 && next === previous)
      this.filled[(timer.atTick & (slots - 1)) >> 5]! &= ~(1 << (timer.atTick & 31));
    timer.next = null;
    timer.previous = null;
    this.counts[timer.level]! -= 1;
  }

  private arm(atTick: number): void {
    if (atTick >= this.wakeTick) return;
    this.cancelWake?.();
    this.wakeTick = atTick;
    const delayMs = atTick * timerTickMs - (this.clock.monotonicMs() - this.startMs);
    this.cancelWake = this.clock.timer(Math.max(0, Math.ceil(delayMs)), () => this.wake());
  }

  private wake(): void {
    this.cancelWake = null;
    this.wakeTick = Number.POSITIVE_INFINITY;
    const now = this.nowTick();
    while (this.tick < now && this.length > 0) {
      const next = this.nextTick();
      if (next > now) this.tick = now;
      else {
        this.tick = next - 1;
        this.step();
      }
    }
    if (this.length > 0) this.arm(this.nextTick());
    else this.tick = Math.max(this.tick, now);
  }

  private step(): void {
    this.tick += 1;
    // Where a level has gone once around, the next level's slot is spread over it.
    for (let level = 1; level < levels && this.tick % slotTicks[level]! === 0; level += 1) {
      this.spread(this.wheel[level]![Math.floor(this.tick / slotTicks[level]!) & (slots - 1)]!);
    }
    const slot = this.wheel[0]![this.tick & (slots - 1)]!;
    while (slot.next !== slot) {
      const timer = slot.next!;
      this.unlink(timer);
      this.length -= 1;
      timer.fire();
    }
  }

  private spread(slot: Timer): void {
    const moved: Timer[] = [];
    while (slot.next !== slot) {
      moved.push(slot.next!);
      this.unlink(slot.next!);
    }
    for (const timer of moved) this.place(timer);
  }

  /** The next tick at which something fires or a level must be spread. */
  private nextTick(): number {
    const from = (this.tick + 1) & (slots - 1);
    const round = this.tick + 1 - from;
    // Where the level begins again, the next one is spread over it.
    if (from === 0) return round;
    if (this.counts[0]! > 0) {
      for (let word = from >> 5; word < this.filled.length; word += 1) {
        const after = word === from >> 5 ? -1 << (from & 31) : -1;
        const bits = this.filled[word]! & after;
        if (bits !== 0) return round + word * 32 + 31 - Math.clz32(bits & -bits);
      }
    }
    return round + slots;
  }
}
