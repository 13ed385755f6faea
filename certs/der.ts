/**
 * DER, strictly: der-scan.ts refuses what BER allows and DER does not, and this file hands the values on as plain ones.
 * The readers of single types throw `NotDer`; certificate.ts and revocation.ts catch it once.
 */
import { contentOffset, endOf, NotDer, requireDer } from './der-scan.ts';
import { limits } from './limits.ts';

export { NotDer } from './der-scan.ts';

/** One value. `encoded` is the whole of tag, length and content, as it stood in the input. */
export interface DerValue {
  readonly tagClass: 'universal' | 'application' | 'context' | 'private';
  readonly tag: number;
  readonly constructed: boolean;
  readonly encoded: Uint8Array;
  readonly content: Uint8Array;
  readonly children: readonly DerValue[];
}

export const derTags = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  null: 5,
  objectIdentifier: 6,
  utf8String: 12,
  sequence: 16,
  set: 17,
  printableString: 19,
  utcTime: 23,
  generalizedTime: 24,
} as const;

const tagClasses = ['universal', 'application', 'context', 'private'] as const;

/**
 * Reads exactly one value with nothing after it (X.690 section 10: definite, shortest lengths; strings primitive). All of
 * it is looked over at once; what lies within a value is made when it is asked for.
 * @throws NotDer
 */
export function readDer(bytes: Uint8Array, valuesMax: number = limits.certificateDerValuesMax): DerValue {
  requireDer(bytes, valuesMax);
  return new ScannedValue(bytes, 0, bytes.length);
}

/** A value that `requireDer` has passed. A long list has many of them, so nothing is made before it is asked for. */
class ScannedValue implements DerValue {
  private readonly bytes: Uint8Array;
  private readonly at: number;
  private readonly end: number;
  private made: DerValue[] | null = null;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get tagClass(): DerValue['tagClass'] {
    return tagClasses[this.bytes[this.at]! >> 6]!;
  }

  get tag(): number {
    return this.bytes[this.at]! & 0x1f;
  }

  get constructed(): boolean {
    return (this.bytes[this.at]! & 0x20) !== 0;
  }

  get encoded(): Uint8Array {
    return this.bytes.subarray(this.at, this.end);
  }

  get content(): Uint8Array {
    return this.bytes.subarray(contentOffset(this.bytes, this.at), this.end);
  }

  get children(): readonly DerValue[] {
    if (this.made !== null) return this.made;
    this.made = [];
    for (let at = contentOffset(this.bytes, this.at); this.constructed && at < this.end; ) {
      const end = endOf(this.bytes, at);
      this.made.push(new ScannedValue(this.bytes, at, end));
      at = end;
    }
    return this.made;
  }
}

/** @throws NotDer when `value` is missing or of another universal type. */
export function expectUniversal(value: DerValue | undefined, tag: number, what: string): DerValue {
  if (value === undefined || value.tagClass !== 'universal' || value.tag !== tag) {
    throw new NotDer(`${what} is missing or of the wrong type`);
  }
  return value;
}

export function isContext(value: DerValue | undefined, tag: number): value is DerValue {
  return value !== undefined && value.tagClass === 'context' && value.tag === tag;
}

/** Dotted text of an OBJECT IDENTIFIER; one with an arc above 2^53 (legal, none of ours) is named by its octets. @throws NotDer */
export function readObjectIdentifier(value: DerValue | undefined, what: string): string {
  const { content } = expectUniversal(value, derTags.objectIdentifier, what);
  const arcs: number[] = [];
  let arc = 0;
  let begun = false;
  for (const byte of content) {
    if (!begun && byte === 0x80) throw new NotDer(`${what}: an arc with leading zeros`);
    arc = arc * 128 + (byte & 0x7f);
    if (!Number.isSafeInteger(arc)) return `oversized:${Buffer.from(content).toString('hex')}`;
    begun = (byte & 0x80) !== 0;
    if (!begun) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const first = arcs[0];
  if (begun || first === undefined) throw new NotDer(`${what}: an arc that does not end`);
  const root = first < 40 ? 0 : first < 80 ? 1 : 2;
  return [root, first - root * 40, ...arcs.slice(1)].join('.');
}

/** Content octets of an INTEGER in its shortest form (X.690 8.3.2), big-endian two's complement. @throws NotDer */
export function readInteger(value: DerValue | undefined, what: string): Uint8Array {
  const { content } = expectUniversal(value, derTags.integer, what);
  const [first, second] = content;
  if (first === undefined) throw new NotDer(`${what} is an integer of no octets`);
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw new NotDer(`${what} is an integer with leading octets`);
  }
  return content;
}

/** An INTEGER from 0 to 2^31 - 1. @throws NotDer */
export function readSmallInteger(value: DerValue | undefined, what: string): number {
  const content = readInteger(value, what);
  if (content.length > 4 || content[0]! >= 0x80) throw new NotDer(`${what} is out of range`);
  return content.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** A BOOLEAN, TRUE as 0xff only (X.690 11.1). @throws NotDer */
export function readBoolean(value: DerValue | undefined, what: string): boolean {
  const { content } = expectUniversal(value, derTags.boolean, what);
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff))
    throw new NotDer(`${what} is no boolean`);
  return content[0] === 0xff;
}

/** Octets and unused bits of a BIT STRING; the unused bits must be zero (X.690 11.2.1). @throws NotDer */
export function readBitString(
  value: DerValue | undefined,
  what: string,
): { bytes: Uint8Array; unusedBits: number } {
  const { content } = expectUniversal(value, derTags.bitString, what);
  const unusedBits = content[0];
  if (unusedBits === undefined || unusedBits > 7 || (unusedBits > 0 && content.length === 1)) {
    throw new NotDer(`${what} is no bit string`);
  }
  const last = content[content.length - 1]!;
  if (content.length > 1 && (last & ((1 << unusedBits) - 1)) !== 0)
    throw new NotDer(`${what} has unused bits set`);
  return { bytes: content.subarray(1), unusedBits };
}

/**
 * A Time of RFC 5280 4.1.2.5 as Unix milliseconds: UTCTime up to 2049, GeneralizedTime after, both to the second and
 * in Zulu. @throws NotDer
 */
export function readTime(value: DerValue | undefined, what: string): number {
  const utc = value?.tag === derTags.utcTime;
  const { content } = expectUniversal(value, utc ? derTags.utcTime : derTags.generalizedTime, what);
  const yearDigits = utc ? 2 : 4;
  const zulu = content[yearDigits + 10];
  const isWritten =
    content.length === yearDigits + 11 && zulu === 0x5a && areDigits(content, yearDigits + 10);
  if (!isWritten) throw new NotDer(`${what} is not a time to the second in UTC`);
  const at = (from: number) => (content[from]! - 0x30) * 10 + content[from + 1]! - 0x30;
  const given = utc ? at(0) : at(0) * 100 + at(2);
  const year = utc ? (given < 50 ? 2000 + given : 1900 + given) : given;
  if (!utc && year < 2050) throw new NotDer(`${what} before 2050 is not a UTCTime`);
  const [month, day] = [at(yearDigits), at(yearDigits + 2)];
  const [hour, minute, second] = [at(yearDigits + 4), at(yearDigits + 6), at(yearDigits + 8)];
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const isTime = hour < 24 && minute < 60 && second < 60 && month >= 1 && month <= 12;
  // A day that its month does not have would be one of the next.
  if (!isTime || new Date(ms).getUTCDate() !== day)
    throw new NotDer(`${what} is no date: ${latin1(content)}`);
  return ms;
}

function areDigits(bytes: Uint8Array, count: number): boolean {
  for (let at = 0; at < count; at += 1) if (bytes[at]! < 0x30 || bytes[at]! > 0x39) return false;
  return true;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
