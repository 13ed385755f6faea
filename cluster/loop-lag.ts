/**
 * How late this process's own tick came, of late: what a stalled event loop looks like from within. Between the vigil, whose
 * tick measures it anyway, and whoever looks into the node. A stall that falls between two ticks is seen in part or not at all.
 */
import { lagKeptS } from './limits.ts';

export class LoopLag {
  /** The worst of each second, by the second modulo what is kept. */
  private readonly worst = new Float64Array(lagKeptS);
  private second = 0;
  /** Of the last tick, in milliseconds. */
  lastMs = 0;

  note(lateMs: number, nowMs: number): void {
    this.lastMs = Number.isFinite(lateMs) ? Math.max(0, lateMs) : 0;
    this.pass(nowMs);
    const at = this.second % lagKeptS;
    this.worst[at] = Math.max(this.worst[at]!, this.lastMs);
  }

  /** Of the last minute (`lagKeptS`). */
  worstMs(nowMs: number): number {
    this.pass(nowMs);
    return Math.max(...this.worst);
  }

  private pass(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    for (let passed = Math.max(this.second + 1, second - lagKeptS + 1); passed <= second; passed += 1)
      this.worst[passed % lagKeptS] = 0;
    this.second = Math.max(this.second, second);
  }
}
