/**
 * One bucket for all slices of a run that one agent has at once: they go at its share together, at the latest that it was
 * given. Between whoever has slices (an edge agent, an agent node) and token-bucket.ts; time comes with each asking.
 */
import { newBucket, type TokenBucket, takeTokens } from './token-bucket.ts';

export class SharedRate {
  private bucket: TokenBucket;

  constructor(perSecond: number, nowMs: number) {
    this.bucket = newBucket(perSecond, nowMs);
  }

  /** From here on; what is saved up by now stays within what the new rate lets one save. */
  change(perSecond: number, nowMs: number): void {
    const { tokens } = takeTokens(this.bucket, 0, nowMs).bucket;
    const next = newBucket(perSecond, nowMs);
    this.bucket = { ...next, tokens: Math.min(tokens, next.capacity) };
  }

  /** Milliseconds to wait; 0: it is taken. */
  take(count: number, nowMs: number): number {
    const taken = takeTokens(this.bucket, count, nowMs);
    this.bucket = taken.bucket;
    return taken.ok ? 0 : taken.waitMs;
  }
}

/** The rates of an agent's runs; one is forgotten with its last slice. */
export class SharedRates {
  private readonly byRun = new Map<string, { rate: SharedRate; slices: number }>();

  join(run: string, perSecond: number, nowMs: number): SharedRate {
    const known = this.byRun.get(run);
    const one = known ?? { rate: new SharedRate(perSecond, nowMs), slices: 0 };
    if (known !== undefined) one.rate.change(perSecond, nowMs);
    one.slices += 1;
    this.byRun.set(run, one);
    return one.rate;
  }

  leave(run: string): void {
    const one = this.byRun.get(run);
    if (one === undefined) return;
    one.slices -= 1;
    if (one.slices === 0) this.byRun.delete(run);
  }
}
