/**
 * The decision of the watchdog: is the event loop of the main thread blocked, and for how long? Pure; fed once per tick of
 * the watching thread with the main thread's count of beats. Time is counted in the watcher's own ticks, never read: in a
 * process that is stopped or starved the watcher does not tick either, so nothing is held against the loop.
 */

export interface WatchLimits {
  readonly tickMs: number;
  /** Blocked this long: reported, once for each block. */
  readonly blockedReportMs: number;
  /** Blocked this long: the process ends. */
  readonly loopBlockedMsMax: number;
}

export interface WatchState {
  readonly beats: number;
  /** Ticks in a row without a beat. */
  readonly silentTicks: number;
  readonly reported: boolean;
}

export type WatchEffect =
  | { type: 'report'; blockedMs: number }
  | { type: 'end'; blockedMs: number }
  /** A block that was reported is over. */
  | { type: 'recovered'; blockedMs: number };

export const watchStart: WatchState = { beats: -1, silentTicks: 0, reported: false };

export function judgeTick(
  state: WatchState,
  beats: number,
  limits: WatchLimits,
): { state: WatchState; effect: WatchEffect | null } {
  const before = state.silentTicks * limits.tickMs;
  if (beats !== state.beats) {
    const effect = state.reported ? ({ type: 'recovered', blockedMs: before } as const) : null;
    return { state: { beats, silentTicks: 0, reported: false }, effect };
  }
  const blockedMs = before + limits.tickMs;
  const next = { ...state, silentTicks: state.silentTicks + 1 };
  if (blockedMs >= limits.loopBlockedMsMax) return { state: next, effect: { type: 'end', blockedMs } };
  if (state.reported || blockedMs < limits.blockedReportMs) return { state: next, effect: null };
  return { state: { ...next, reported: true }, effect: { type: 'report', blockedMs } };
}
