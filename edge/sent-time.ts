/**
 * Times as programs at the edge write them: seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by
 * magnitude. Pure. Ours are written as seconds.
 */
import { pushAgeMsMax, pushAheadMsMax } from './limits.ts';

/** From 1e11 it is no second (that is the year 5138) but a millisecond (1973), and so on, a thousand between each. */
const firstMilli = 1e11;
const firstMicro = 1e14;
const firstNano = 1e17;

/** Unix milliseconds; null when it says no time after 1970. */
export function readTimeMs(value: number): number | null {
  if (!Number.isFinite(value) || value <= 0) return null;
  if (value < firstMilli) return value * 1_000;
  if (value < firstMicro) return Math.floor(value);
  if (value < firstNano) return Math.floor(value / 1e3);
  return Math.floor(value / 1e6);
}

export function toSeconds(ms: number): number {
  return Math.floor(ms / 1_000);
}

/** When a push was made: what it says, unless its clock says nothing; never later than now. */
export function pushedAtMs(timestamp: number, nowMs: number): number {
  const saidMs = readTimeMs(timestamp);
  if (saidMs === null || saidMs < nowMs - pushAgeMsMax || saidMs > nowMs + pushAheadMsMax) return nowMs;
  return Math.min(saidMs, nowMs);
}
