/**
 * Addresses, MACs and instants in normal form, as updates write them thousands of times a second: the usual ways of writing are read
 * character by character, all others by the one reading that everybody uses. What comes out is the same either way.
 */
import { normalAddress } from '../new-device.ts';

const dot = 0x2e;
const colon = 0x3a;
const dash = 0x2d;
const zero = 0x30;

/** Canonical; null: no address. Four decimal numbers are canonical as they are. */
export function addressOf(text: string): string | null {
  return isV4(text) ? text : normalAddress(text);
}

function isV4(text: string): boolean {
  if (text.length > 15) return false;
  let numbers = 1;
  let digits = 0;
  let number = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === dot) {
      if (digits === 0 || numbers === 4) return false;
      numbers += 1;
      digits = 0;
      number = 0;
      continue;
    }
    const digit = code - zero;
    // A leading zero may mean octal: such a one is no canonical form.
    if (digit < 0 || digit > 9 || (digits > 0 && number === 0)) return false;
    digits += 1;
    number = number * 10 + digit;
    if (number > 255) return false;
  }
  return numbers === 4 && digits > 0;
}

/** 12 upper-case hexadecimal digits; null: no MAC in any of the usual groupings. */
export function macOf(text: string): string | null {
  const { length } = text;
  if (length !== 12 && length !== 14 && length !== 17) return null;
  // Digits between two separators.
  const grouped = length === 12 ? 12 : length === 14 ? 4 : 2;
  const separator = text.charCodeAt(grouped);
  if (length === 14 && separator !== dot) return null;
  if (length === 17 && separator !== colon && separator !== dash) return null;
  let isNormal = length === 12;
  for (let at = 0, inGroup = 0; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (inGroup === grouped) {
      if (code !== separator) return null;
      inGroup = 0;
      continue;
    }
    inGroup += 1;
    if (code >= 0x61 && code <= 0x66) isNormal = false;
    else if (!((code >= zero && code <= 0x39) || (code >= 0x41 && code <= 0x46))) return null;
  }
  return isNormal ? text : digitsOf(text, grouped);
}

function digitsOf(text: string, grouped: number): string {
  const digit = (n: number) => {
    const code = text.charCodeAt(n + Math.floor(n / grouped));
    return code >= 0x61 ? code - 0x20 : code;
  };
  return String.fromCharCode(
    digit(0),
    digit(1),
    digit(2),
    digit(3),
    digit(4),
    digit(5),
    digit(6),
    digit(7),
    digit(8),
    digit(9),
    digit(10),
    digit(11),
  );
}

/** Unix milliseconds of RFC 3339; NaN: it is none. */
export function instantOf(text: string): number {
  const usual = utcOf(text);
  if (usual !== null) return usual;
  const shape = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;
  return shape.test(text) ? Date.parse(text.replace(' ', 'T').toUpperCase()) : Number.NaN;
}

/** `2026-01-05T00:00:00Z`, with milliseconds or without; null: written otherwise, or on a day that not every month has. */
function utcOf(text: string): number | null {
  const { length } = text;
  if ((length !== 20 && length !== 24) || text.charCodeAt(length - 1) !== 0x5a) return null;
  if (text.charCodeAt(4) !== dash || text.charCodeAt(7) !== dash || text.charCodeAt(10) !== 0x54) return null;
  if (text.charCodeAt(13) !== colon || text.charCodeAt(16) !== colon) return null;
  if (length === 24 && text.charCodeAt(19) !== dot) return null;
  const year = digitsIn(text, 0, 4);
  const month = digitsIn(text, 5, 2);
  const day = digitsIn(text, 8, 2);
  const hour = digitsIn(text, 11, 2);
  const minute = digitsIn(text, 14, 2);
  const second = digitsIn(text, 17, 2);
  const ms = length === 24 ? digitsIn(text, 20, 3) : 0;
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 28) return null;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || ms < 0) return null;
  return Date.UTC(year, month - 1, day, hour, minute, second, ms);
}

/** -1: not all of them are digits. */
function digitsIn(text: string, from: number, count: number): number {
  let number = 0;
  for (let at = from; at < from + count; at += 1) {
    const digit = text.charCodeAt(at) - zero;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}
