/** How long the event loop stood still while something was done. Measured by a timer: what comes late was held up. */
import { stallTickMs } from './limits.ts';

/** The longest time in milliseconds by which a timer of 1 ms came late while `work` ran. */
export async function longestStallMs(work: () => Promise<unknown>): Promise<number> {
  let [longestMs, lastMs] = [0, performance.now()];
  const look = () => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs - stallTickMs);
    lastMs = nowMs;
  };
  const timer = setInterval(look, stallTickMs);
  try {
    await work();
    // The turn in which the work ended may be the long one, and the timer has not had its own since.
    look();
  } finally {
    clearInterval(timer);
  }
  return longestMs;
}
