/** How many listings one core has under way, whatever the tenants: whoever comes later waits for its turn, first come first. It counts them too. */

export interface ListingTotals {
  readonly running: number;
  readonly waiting: number;
  /** Since the process began. */
  readonly complete: number;
  readonly aborted: number;
  /** Of complete ones: each device as often as it was listed. */
  readonly devices: number;
}

export class ListingTurns {
  private readonly atOnceMax: number;
  private readonly waiting: (() => void)[] = [];
  private taken = 0;
  /** Made by agents: they wait for nobody here. */
  private elsewhere = 0;
  private readonly ended = { complete: 0, aborted: 0, devices: 0 };

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

  /** One that an agent makes takes no turn, and is counted; what it returns says that it is over. */
  atAgent(): () => void {
    this.elsewhere += 1;
    return () => {
      this.elsewhere -= 1;
    };
  }

  note(outcome: 'complete' | 'aborted', devices: number): void {
    this.ended[outcome] += 1;
    if (outcome === 'complete') this.ended.devices += devices;
  }

  totals(): ListingTotals {
    return { running: this.taken + this.elsewhere, waiting: this.waiting.length, ...this.ended };
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
