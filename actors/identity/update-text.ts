/** One text of an update: trimmed, and absent when nothing is left. What cannot be read is thrown as `Bad`, with its code. */
import { identityLimits as limits } from './limits.ts';

export class Bad extends Error {}

export function text(value: unknown, name: string): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string') throw new Bad(`${name}_is_no_text`);
  const trimmed = trimmedOf(value);
  if (trimmed.length > limits.textCharactersMax) throw new Bad(`${name}_too_long`);
  return trimmed === '' ? null : trimmed;
}

/** Most texts have nothing to trim, which is seen faster than done. */
export function trimmedOf(text: string): string {
  const last = text.length - 1;
  if (last < 0 || (isPlain(text.charCodeAt(0)) && isPlain(text.charCodeAt(last)))) return text;
  return text.trim();
}

/** Of ASCII, and no space. */
function isPlain(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}
