/** When a certificate is renewed: at the half of its life, a little spread, and again soon when that failed. Pure. */
import { renewAgainMsMax, renewAgainMsMin, renewAgainShare, renewSpreadShare } from './limits.ts';

export interface Life {
  /** When it was given, Unix milliseconds: its beginning lies before that, for clocks that are behind. */
  readonly issuedAtMs: number;
  readonly endsAtMs: number;
}

/** `chance`: in [0, 1). Unix milliseconds, between 45 and 50 % of the life. */
export function renewAtMs({ issuedAtMs, endsAtMs }: Life, chance: number): number {
  const halfMs = Math.max(0, endsAtMs - issuedAtMs) / 2;
  return issuedAtMs + halfMs * (1 - renewSpreadShare * chance);
}

/** After a failure: a part of what is left, so that a short life has several tries as well as a long one. */
export function renewAgainAfterMs({ endsAtMs }: Life, nowMs: number, chance: number): number {
  const shareMs = (endsAtMs - nowMs) * renewAgainShare;
  const afterMs = Math.min(renewAgainMsMax, Math.max(renewAgainMsMin, shareMs));
  return afterMs * (1 - renewSpreadShare * chance);
}
