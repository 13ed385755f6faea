/**
 * How far the gateway's clock is from ours, as far as its hello tells: whole seconds. Within the tolerance the two are one;
 * beyond it results are kept by the gateway's time, so that a machine whose clock is wrong still says when. Pure.
 */
import { clockToleranceMs } from './limits.ts';

/** Milliseconds to be added to ours. */
export function differenceMs(serverTimeS: number, askedAtMs: number, answeredAtMs: number): number {
  if (!Number.isSafeInteger(serverTimeS) || serverTimeS <= 0) return 0;
  const differsMs = serverTimeS * 1_000 + 500 - (askedAtMs + answeredAtMs) / 2;
  return Math.abs(differsMs) <= clockToleranceMs + (answeredAtMs - askedAtMs) / 2 ? 0 : Math.round(differsMs);
}
