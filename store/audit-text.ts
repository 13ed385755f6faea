/** Texts of callers on their way into a statement: without U+0000, which PostgreSQL does not store, and of a bounded length. */
import { limits } from './limits.ts';

export function plainText(text: string): string {
  return text.replaceAll('\u0000', '');
}

/** Null, and what a caller left out: it was not asked for. */
export function plainOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : plainText(text);
}

/** A reason, as the audit keeps it. */
export function auditText(text: string | null): string | null {
  return text === null ? null : plainText(text).slice(0, limits.auditTextCharsMax);
}
