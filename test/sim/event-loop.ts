/**
 * Simulated time: one queue of everything that is to happen in any process, in one order that depends on nothing but
 * the seed. Between the clocks and the network (who put things in) and a history (which lets time pass). After each
 * event the microtasks that it made are run to their end, so promises settle in the same order in every run.
 */
import { microtaskRoundsMax } from './bounds.ts';
import { EventQueue } from './event-queue.ts';

/** In which part of a turn an event loop looks at it: expired timers, then sockets, then what waits for both. */
export const timerPart = 0;
export const socketPart = 1;
export const afterPart = 2;
export type Part = typeof timerPart | typeof socketPart | typeof afterPart;

/** What an operating system knows of a process: whether it is there and whether it runs. */
export interface Process {
  readonly name: string;
  ended: boolean;
  paused: boolean;
  /** What fell due while it was stopped. */
  held: Due[];
}

export interface Due {
  readonly part: Part;
  /** Null: something of the world, not of a process. */
  readonly owner: Process | null;
  readonly cancelled: boolean;
  run(): void;
}

/** What may be taken out again. */
export interface Happening extends Due {
  cancelled: boolean;
}

type Drain = () => void;

/** Runs the promise reactions that wait. Node's own event loop calls the same function between two timers. */
const drainMicrotasks: Drain = (process as unknown as { _tickCallback: Drain })._tickCallback;

export class EventLoop {
  nowMs = 0;
  /** Events run since the start, for the summary. */
  count = 0;
  private readonly queue = new EventQueue();
  /** Of what is under way on the network: most events, and few at a time, so they are not sorted among all timers. */
  private readonly near = new EventQueue();
  private order = 0;
  /** The first `soonCount` of them wait. */
  private readonly soonTasks: (() => void)[] = [];
  private soonCount = 0;
  /** Of this very instant, for when nothing else is left of it. */
  private after: Due[] = [];
  private afterAt = 0;
  /** The instant of what `next` has answered. */
  private takenAtMs = 0;

  /** Puts a task in; the answer's `cancelled` takes it out again. */
  put(delayMs: number, part: Part, owner: Process | null, run: () => void): Happening {
    const happening = { part, owner, cancelled: false, run };
    if (part === afterPart) this.after.push(happening);
    else this.queue.put(happening, this.nowMs + delayMs, ++this.order);
    return happening;
  }

  /** What comes soon, and nobody takes out. */
  putNear(delayMs: number, due: Due): void {
    this.near.put(due, this.nowMs + delayMs, ++this.order);
  }

  soon(task: () => void): void {
    this.soonTasks[this.soonCount] = task;
    this.soonCount += 1;
  }

  /** Lets time pass up to an instant. Must not be called from a promise: microtasks could not be run within it. */
  runUntil(untilMs: number): void {
    this.settle();
    for (let next = this.next(untilMs); next !== null; next = this.next(untilMs)) {
      if (next.cancelled) continue;
      this.nowMs = this.takenAtMs;
      const { owner } = next;
      if (owner !== null) {
        if (owner.ended) continue;
        if (owner.paused) {
          owner.held.push(next);
          continue;
        }
      }
      this.count += 1;
      next.run();
      this.settle();
    }
    this.nowMs = untilMs;
  }

  /** What waits for everything else of an instant comes when nothing else of it is left. */
  private next(untilMs: number): Due | null {
    const { queue, near } = this;
    const nearMs = near.firstMs;
    const laterMs = queue.firstMs;
    const isNear = nearMs < laterMs || (nearMs === laterMs && near.firstOrder < queue.firstOrder);
    const firstMs = isNear ? nearMs : laterMs;
    if (this.afterAt < this.after.length && firstMs > this.nowMs) {
      const next = this.after[this.afterAt]!;
      this.takenAtMs = this.nowMs;
      this.afterAt += 1;
      if (this.afterAt === this.after.length) {
        this.after = [];
        this.afterAt = 0;
      }
      return next;
    }
    if (firstMs > untilMs) return null;
    this.takenAtMs = firstMs;
    return (isNear ? near : queue).take();
  }

  /** A stopped process goes on: what fell due meanwhile comes now, in the order in which an event loop looks. */
  resume(owner: Process): void {
    owner.paused = false;
    const held = owner.held;
    owner.held = [];
    for (const part of [timerPart, socketPart, afterPart]) {
      for (const one of held) {
        if (one.part !== part || one.cancelled) continue;
        if (part === afterPart) this.after.push(one);
        else this.queue.put(one, this.nowMs, ++this.order);
      }
    }
  }

  private settle(): void {
    let at = 0;
    for (let round = 0; round < microtaskRoundsMax; round += 1) {
      // What these put in comes after the microtasks that they made.
      for (const end = this.soonCount; at < end; at += 1) this.soonTasks[at]!();
      drainMicrotasks();
      if (this.soonCount > at) continue;
      this.soonCount = 0;
      return;
    }
    throw new Error(`after ${microtaskRoundsMax} rounds there is still something to be done at once`);
  }
}

/** Runs a simulation where microtasks can be run: in a turn of the real event loop, not in a promise of it. */
export function outsidePromises<T>(work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(work());
      } catch (error) {
        reject(error);
      }
    });
  });
}
