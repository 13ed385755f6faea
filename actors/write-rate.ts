/** How many rows the writer brought to the store in a second, on average over the last whole ones. Pure; time comes in. */

const rateSeconds = 10;

/** By second, oldest first. */
export interface WriteRate {
  readonly seconds: { second: number; rows: number }[];
}

export function writeRate(): WriteRate {
  return { seconds: [] };
}

export function noteRows({ seconds }: WriteRate, rows: number, nowMs: number): void {
  const second = Math.floor(nowMs / 1_000);
  const last = seconds.at(-1);
  if (last?.second === second) last.rows += rows;
  else seconds.push({ second, rows });
  while (seconds[0] !== undefined && seconds[0].second < second - rateSeconds) seconds.shift();
}

/** To a tenth. The second that is under way does not count. */
export function rowsPerS({ seconds }: WriteRate, nowMs: number): number {
  const second = Math.floor(nowMs / 1_000);
  const whole = seconds.filter((one) => one.second < second && one.second >= second - rateSeconds);
  const rows = whole.reduce((sum, one) => sum + one.rows, 0);
  return Math.round((rows / rateSeconds) * 10) / 10;
}
