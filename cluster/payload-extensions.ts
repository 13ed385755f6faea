/**
 * The extension values of a payload: undefined, dates, refs and errors. Judged and read from bytes that a stranger sent, for
 * `payload-read.ts`; every other extension type of MessagePack is refused there. Written in `codec.ts`.
 */
import type { PayloadReason } from './errors.ts';

/** Extension types of ours (0 to 127 are for applications); -1 is MessagePack's timestamp, 0 is undefined. */
export const undefinedExtension = 0;
export const timestampExtension = 0xff;
export const refExtension = 0x20;
export const errorExtension = 0x21;

/** Boot and id of a ref are 6 bytes each, then the node's name. */
export const refHeadBytes = 12;
/** Lengths of code and name of an error, one byte each (code 255: none), then the three texts. */
export const errorHeadBytes = 2;
export const noErrorCode = 255;

/** The last second that a JavaScript date can hold (ECMA-262, time values). */
const dateSecondsMax = 8.64e12;

/** Why an extension of this type, whose data of `size` bytes begin at `at`, is refused; null when it is good. */
export function judgeExtension(type: number, bytes: Buffer, at: number, size: number): PayloadReason | null {
  switch (type) {
    case undefinedExtension:
      // Only in the form that msgpackr writes and reads: fixext 1 with a zero.
      return size === 1 && bytes[at] === 0 ? null : 'unknown_extension';
    case timestampExtension:
      return judgeTimestamp(bytes, at, size);
    case refExtension:
      return size > refHeadBytes ? null : 'bad_ref';
    case errorExtension: {
      if (size < errorHeadBytes) return 'bad_error';
      const code = bytes[at]!;
      return errorHeadBytes + (code === noErrorCode ? 0 : code) + bytes[at + 1]! > size ? 'bad_error' : null;
    }
    default:
      return 'unknown_extension';
  }
}

function judgeTimestamp(bytes: Buffer, at: number, size: number): PayloadReason | null {
  if (size === 4 || size === 8) return null;
  if (size !== 12) return 'invalid_date';
  const seconds = longSeconds(bytes, at);
  const nanoseconds = bytes.readUInt32BE(at);
  if (nanoseconds >= 1_000_000_000 || Math.abs(seconds) > dateSecondsMax) return 'invalid_date';
  return seconds === dateSecondsMax && nanoseconds > 0 ? 'invalid_date' : null;
}

/** A timestamp that was judged (MessagePack specification, "Timestamp extension type"). */
export function readTimestamp(bytes: Buffer, at: number, size: number): Date {
  if (size === 4) return new Date(bytes.readUInt32BE(at) * 1_000);
  if (size === 12) return new Date(longSeconds(bytes, at) * 1_000 + bytes.readUInt32BE(at) / 1_000_000);
  const high = bytes.readUInt32BE(at);
  const seconds = (high & 3) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
  return new Date(seconds * 1_000 + (high >>> 2) / 1_000_000);
}

function longSeconds(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at + 4) * 0x1_0000_0000 + bytes.readUInt32BE(at + 8);
}
