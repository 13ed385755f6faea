/** How long checks took, as counts below bounds: cheap to note, and exact as to what was counted. Pure but for its own numbers. */

/** Milliseconds: from a host in the rack to the longest timeout of a check. */
export const durationBoundsMs = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000,
] as const;

/** Travels as a plain value; `atMost[i]` took at most `durationBoundsMs[i]`. */
export interface DurationsSeen {
  readonly boundsMs: readonly number[];
  readonly atMost: readonly number[];
  readonly count: number;
  readonly sumMs: number;
}

export class Durations {
  private readonly within: number[] = durationBoundsMs.map(() => 0);
  private count = 0;
  private sumMs = 0;

  note(ms: number): void {
    this.count += 1;
    this.sumMs += ms;
    const at = durationBoundsMs.findIndex((bound) => ms <= bound);
    if (at >= 0) this.within[at]! += 1;
  }

  seen(): DurationsSeen {
    let below = 0;
    const atMost = this.within.map((count) => {
      below += count;
      return below;
    });
    return { boundsMs: durationBoundsMs, atMost, count: this.count, sumMs: this.sumMs };
  }
}
