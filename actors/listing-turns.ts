/** How many listings one core has under way, whatever the tenants: whoever comes later waits for its turn, first come first. */

export class ListingTurns {
  private readonly atOnceMax: number;
  private readonly waiting: (() => void)[] = [];
  private taken = 0;

  constructor(atOnceMax: number) {
    this.atOnceMax = atOnceMax;
  }

  /** Resolves to what gives the turn back; null: it was called off before there was one. */
  take(signal: AbortSignal): Promise<(() => void) | null> {
    if (signal.aborted) return Promise.resolve(null);
    if (this.taken < this.atOnceMax) return Promise.resolve(this.begin());
    return new Promise((resolve) => {
      const begin = () => {
        signal.removeEventListener('abort', leave);
        resolve(this.begin());
      };
      const leave = () => {
        this.waiting.splice(this.waiting.indexOf(begin), 1);
        resolve(null);
      };
      this.waiting.push(begin);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  private begin(): () => void {
    this.taken += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.taken -= 1;
      this.waiting.shift()?.();
    };
  }
}
