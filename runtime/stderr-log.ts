/**
 * A log for programs that bring none: one line for each thing told, from a level up, to standard error. Between whoever
 * logs (`Log`) and the terminal. Keeps nothing, and asks nobody's settings.
 */
import { type Clock, systemClock } from './clock.ts';
import type { LogLevel } from './definition.ts';
import type { Log } from './system.ts';

export interface StderrLogOptions {
  /** Told from this level up. Unless told: `warn`. */
  readonly level?: LogLevel;
  readonly clock?: Clock;
  /** Where a line goes, without its end. Unless told: standard error. */
  readonly write?: (line: string) => void;
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** `2026-01-31T12:00:00.000Z warn core_2 is down {"member":"core_2"}` */
export function stderrLog(options: StderrLogOptions = {}): Log {
  const { level: from = 'warn', clock = systemClock(), write = writeToStderr } = options;
  return (level, message, fields) => {
    if (ranks[level] < ranks[from]) return;
    write(`${new Date(clock.wallMs()).toISOString()} ${level} ${message} ${textOf(fields)}`);
  };
}

function writeToStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A log must not throw at whoever logs. */
function textOf(fields: Readonly<Record<string, unknown>>): string {
  const plain = (_key: string, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value instanceof Error ? value.message : value;
  try {
    return JSON.stringify(fields, plain);
  } catch {
    return String(Object.keys(fields));
  }
}
