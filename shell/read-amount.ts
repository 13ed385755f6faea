/** Numbers and times behind flags, judged within their bounds: `--for 30s`, `--limit 100/s`. Pure. */
import { ShellError } from './errors.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** Milliseconds. Throws `bad_words`. */
export function readTime(text: string | null, flag: string, unlessTold: number, most: number): number {
  if (text === null) return unlessTold;
  const [, digits, unit = ''] = /^(\d{1,9})(ms|s|m)$/.exec(text) ?? [];
  const ms = Number(digits) * (unitMs[unit] ?? Number.NaN);
  if (ms >= 1 && ms <= most) return ms;
  throw new ShellError('bad_words', `--${flag} ${text}: 500ms, 30s or 2m, ${most / 1_000} s at most`);
}

/** Throws `bad_words`. */
export function readCount(text: string | null, flag: string, unlessTold: number, most: number): number {
  if (text === null) return unlessTold;
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= most) return count;
  throw new ShellError('bad_words', `--${flag} ${text}: a number from 1 to ${most}`);
}

/** `90 s` and less, `3 h 12 min`, `2 d 4 h`. */
export function showTime(ms: number): string {
  const s = Math.floor(ms / 1_000);
  if (s < 120) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return `${min} min ${s % 60} s`;
  const hours = Math.floor(min / 60);
  return hours < 48 ? `${hours} h ${min % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** In one word, for tables: `12s`, `5m`, `3h`, `4d`. */
export function showAge(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1_000));
  if (s < 60) return `${s}s`;
  if (s < 3_600) return `${Math.floor(s / 60)}m`;
  return s < 86_400 ? `${Math.floor(s / 3_600)}h` : `${Math.floor(s / 86_400)}d`;
}

export function showBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const kib = bytes / 1_024;
  return kib < 1_024 ? `${kib.toFixed(1)} KiB` : `${(kib / 1_024).toFixed(1)} MiB`;
}
