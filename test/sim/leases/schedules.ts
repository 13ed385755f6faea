/** What becomes of a check's schedule versions when it is removed or its interval changes; and the judge's own due instants. */
import type { ScheduleVersion } from '../../../actors/ports/check.ts';

export function schedulesEnded(schedule: readonly ScheduleVersion[], atMs: number): ScheduleVersion[] {
  return schedule.map((version) =>
    version.validToMs === null ? { ...version, validToMs: Math.max(version.validFromMs, atMs) } : version,
  );
}

/** Every due instant up to and including `untilMs`, by the words of the port and nothing else. */
export function dueInstants(
  schedule: readonly ScheduleVersion[],
  afterMs: number,
  untilMs: number,
): number[] {
  const instants: number[] = [];
  for (const { intervalMs, phaseMs, validFromMs, validToMs } of schedule) {
    const fromMs = Math.max(validFromMs, afterMs + 1);
    for (let k = Math.floor((fromMs - phaseMs) / intervalMs); ; k += 1) {
      const atMs = k * intervalMs + phaseMs;
      if (atMs > untilMs || (validToMs !== null && atMs >= validToMs)) break;
      if (atMs >= fromMs) instants.push(atMs);
    }
  }
  return instants;
}
