/** A wait that ends with its time, with news, or with the line that it is a part of; for commands that live until cancelled. */
import type { Clock } from '../runtime/index.ts';

export class Pause {
  private readonly clock: Clock;
  private readonly signal: AbortSignal;
  private news = false;
  private end: (() => void) | null = null;

  constructor(clock: Clock, signal: AbortSignal) {
    this.clock = clock;
    this.signal = signal;
    signal.addEventListener('abort', () => this.wake(), { once: true });
  }

  /** There is news: who waits goes on, and who comes next does not wait. */
  wake(): void {
    this.news = true;
    this.end?.();
  }

  async wait(ms: number): Promise<void> {
    if (!this.news && !this.signal.aborted) {
      await new Promise<void>((resolve) => {
        const cancel = this.clock.timer(ms, resolve);
        this.end = () => {
          cancel();
          resolve();
        };
      });
    }
    this.end = null;
    this.news = false;
  }
}
