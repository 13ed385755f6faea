/**
 * The calls of other nodes that this one has taken: how many are not answered yet, so that a node that leaves knows when it may
 * go, and when a caller may be told that the actor is gone. Between the router and whoever leaves.
 */
import type { Clock } from '../runtime/index.ts';
import { nameEndLooksMax } from './limits.ts';

export class TakenCalls {
  private readonly clock: Clock;
  /** Whether this actor has, or had until this moment, a name that others are not yet told to be gone. */
  private readonly isNamed: (actor: number) => boolean;
  private open = 0;
  /** Until when the last of the callers waits. */
  private untilMs = 0;
  private onAnswered: () => void = () => {};

  constructor(clock: Clock, isNamed: (actor: number) => boolean) {
    this.clock = clock;
    this.isNamed = isNamed;
  }

  begin(timeoutMs: number): void {
    this.open += 1;
    this.untilMs = Math.max(this.untilMs, this.clock.monotonicMs() + timeoutMs);
  }

  end(): void {
    this.open -= 1;
    if (this.open === 0) this.onAnswered();
  }

  /**
   * Tells a failure. That an actor is gone is told after its name is: the caller who looks it up again at once must not
   * find the same dead actor.
   */
  failed(actor: number, code: unknown, tell: () => void, looks = 0): void {
    if (code === 'no_actor' && looks < nameEndLooksMax && this.isNamed(actor)) {
      this.clock.afterIo(() => this.failed(actor, code, tell, looks + 1));
      return;
    }
    tell();
    this.end();
  }

  /** Resolves when all are answered, at the latest when nobody waits for an answer any more. */
  answered(): Promise<void> {
    if (this.open === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.onAnswered = resolve;
      this.clock.timer(Math.max(0, this.untilMs - this.clock.monotonicMs()), resolve);
    });
  }
}
