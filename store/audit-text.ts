/** Texts of callers on their way into a statement: without U+0000, which PostgreSQL does not store, and of a bounded length. */
import { limits } from './limits.ts';

export function plainText(text: string): string {
  return text.replaceAll('\u0000', '');
}

/** A reason, as the audit keeps it. */
export function auditText(text: string | null): string | null {
  return text === null ? null : plainText(text).slice(0, limits.auditTextCharsMax);
}
