/** So many at once; the others wait their turn in order, or go when their signal fires. */
export class Turns {
  private readonly atOnceMax: number;
  private readonly waiting = new Set<() => void>();
  private underWay = 0;

  constructor(atOnceMax: number) {
    this.atOnceMax = atOnceMax;
  }

  /** Undefined: the signal fired before its turn. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
    if (!(await this.turn(signal))) return undefined;
    try {
      return await work();
    } finally {
      this.underWay -= 1;
      const [next] = this.waiting;
      next?.();
    }
  }

  private turn(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (this.underWay < this.atOnceMax) {
      this.underWay += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const done = (mine: boolean) => {
        this.waiting.delete(next);
        signal.removeEventListener('abort', gone);
        if (mine) this.underWay += 1;
        resolve(mine);
      };
      const next = () => done(true);
      const gone = () => done(false);
      signal.addEventListener('abort', gone);
      this.waiting.add(next);
    });
  }
}
