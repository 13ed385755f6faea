/** Times as people write them on the command line: `500ms`, `5s`, `10m`, `1h`, `1d`. */
import { usage } from './failure.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds. Throws a usage failure that names the flag. */
export function parseDuration(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  if (match === null) throw usage(`${flag}: "${text}" is no duration; write 500ms, 5s, 10m, 1h or 1d`);
  return Math.round(Number(match[1]) * unitMs[match[2]!]!);
}

/** An instant in Unix milliseconds, from RFC 3339 or as a time back from now. */
export function parseSince(text: string, nowMs: number): number {
  if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text)) return nowMs - parseDuration(text, '--since');
  const atMs = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs)) {
    throw usage(`--since: "${text}" is neither an instant (2026-01-31T12:00:00Z) nor a duration (10m)`);
  }
  return atMs;
}

/** An instant in Unix milliseconds, from RFC 3339 or as a time after the start. */
export function parseUntil(text: string, startMs: number): number {
  if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text)) return startMs + parseDuration(text, '--until');
  const atMs = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs)) {
    throw usage(`--until: "${text}" is neither an instant (2026-01-31T12:00:00Z) nor a duration (10s)`);
  }
  return atMs;
}

export function showDuration(ms: number): string {
  if (ms % 86_400_000 === 0) return `${ms / 86_400_000}d`;
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}
