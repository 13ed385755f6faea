/**
 * A call that waits for its answer: a promise, and a place in the timer wheel for its deadline. A late answer finds it
 * settled and is dropped.
 */
import { RuntimeError } from './errors.ts';
import type { ReplyTarget } from './message.ts';
import type { Ref } from './ref.ts';
import { Timer, type TimerWheel } from './timer-wheel.ts';

export class PendingCall extends Timer implements ReplyTarget {
  readonly promise: Promise<unknown>;
  private readonly wheel: TimerWheel;
  private resolve!: (value: unknown) => void;
  private reject!: (error: unknown) => void;
  private settled = false;

  constructor(wheel: TimerWheel, ref: Ref, method: string, timeoutMs: number) {
    super(() =>
      this.fail(new RuntimeError('call_timeout', `${method} to ${ref} had no reply in ${timeoutMs} ms`)),
    );
    this.wheel = wheel;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    wheel.set(this, timeoutMs);
  }

  get isSettled(): boolean {
    return this.settled;
  }

  answer(value: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.wheel.clear(this);
    this.resolve(value);
  }

  fail(error: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.wheel.clear(this);
    this.reject(error);
  }
}

/** An answer that cannot travel fails its call and nothing else. */
export function copyingReply(reply: ReplyTarget, copy: (value: unknown) => unknown): ReplyTarget {
  return {
    answer(value) {
      try {
        reply.answer(copy(value));
      } catch (error) {
        reply.fail(error);
      }
    },
    fail: (error) => reply.fail(error),
  };
}
