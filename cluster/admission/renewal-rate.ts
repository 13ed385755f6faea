/**
 * How often a peer may prove a renewed certificate on one link: each is judged, which takes longer than sending it. Pure;
 * the judging is link-watch.ts's.
 */
import { renewalsBurstMax, renewalsPerS } from './limits.ts';

export class RenewalRate {
  private left = renewalsBurstMax;
  private atMs: number;

  constructor(nowMs: number) {
    this.atMs = nowMs;
  }

  admits(nowMs: number): boolean {
    const regained = ((nowMs - this.atMs) * renewalsPerS) / 1_000;
    this.left = Math.min(renewalsBurstMax, this.left + regained);
    this.atMs = nowMs;
    if (this.left < 1) return false;
    this.left -= 1;
    return true;
  }
}
