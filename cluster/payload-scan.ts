/**
 * Judges encoded payload bytes before msgpackr sees them: one pass without recursion and without allocation. What passes
 * is one whole value of the closed set, so the decoder can neither overflow its stack, nor allocate by a claimed length,
 * nor reach an extension that is not ours (msgpackr's table of extensions is shared by the whole process and holds
 * regular expressions, references and record definitions). Format: MessagePack specification, msgpack.org.
 */
import type { PayloadReason } from './errors.ts';
import { payloadDepthMax, payloadElementsMax } from './limits.ts';

/** Extension types of ours (0 to 127 are for applications); -1 is MessagePack's timestamp, 0 is undefined. */
export const refExtension = 0x20;
export const errorExtension = 0x21;

/** Boot and id of a ref are 6 bytes each, then the node's name. */
export const refHeadBytes = 12;
/** Lengths of code and name of an error, one byte each (code 255: none), then the three texts. */
export const errorHeadBytes = 2;
export const noErrorCode = 255;

const protoKey = Buffer.from('__proto__');

export class PayloadScan {
  /** Per level: values that are still to come, and 1 where the level is an object (odd counts are then values). */
  private readonly left = new Int32Array(payloadDepthMax + 1);
  private readonly isObject = new Uint8Array(payloadDepthMax + 1);
  private met = false;
  private binaries = 0;
  private binaryBytes = 0;

  /** Whether the last scan met a ref or an error: only then the decoded value must be walked again. */
  get found(): boolean {
    return this.met;
  }

  /** Bytes of the one binary of the last scan; 0 when there were several or none. */
  get onlyBinaryBytes(): number {
    return this.binaries === 1 ? this.binaryBytes : 0;
  }

  /** Null when the bytes are one value of ours. */
  scan(bytes: Buffer): PayloadReason | null {
    const { left, isObject } = this;
    const end = bytes.length;
    let at = 0;
    let depth = 0;
    let elements = 0;
    left[0] = 1;
    isObject[0] = 0;
    this.met = false;
    this.binaries = 0;
    for (;;) {
      while (left[depth] === 0) {
        if (depth === 0) return at === end ? null : 'trailing_bytes';
        depth--;
      }
      if (at >= end) return 'truncated';
      const key = isObject[depth] === 1 && (left[depth]! & 1) === 0;
      left[depth]!--;
      if (++elements > payloadElementsMax) return 'too_many_elements';
      const token = bytes[at++]!;
      let size = tokenBytes[token]!;
      if (size >= 0) {
        // A value of fixed size, or a short text (0xa0 to 0xbf).
        if (key) {
          if (token < 0xa0 || token > 0xbf) return 'key_not_text';
          if (size === 9 && isProto(bytes, at)) return 'forbidden_key';
        }
        at += size;
        if (at > end) return 'truncated';
        continue;
      }
      if (size === unknown) return 'unknown_token';
      const lengthBytes = tokenLengthBytes[token]!;
      if (at + lengthBytes > end) return 'truncated';
      const length = lengthBytes === 0 ? token & 0x0f : lengthAt(bytes, at, lengthBytes);
      at += lengthBytes;
      if (size === text) {
        if (key && length === 9 && isProto(bytes, at)) return 'forbidden_key';
        at += length;
        if (at > end) return 'truncated';
        continue;
      }
      if (key) return 'key_not_text';
      if (size === binary) {
        this.binaries += 1;
        this.binaryBytes = length;
        at += length;
        if (at > end) return 'truncated';
        continue;
      }
      if (size === extension) {
        size = fixedExtensionBytes[token] ?? length;
        if (at + 1 + size > end) return 'truncated';
        const refused = judgeExtension(bytes, at, size);
        if (refused !== null) return refused;
        if (bytes[at] === refExtension || bytes[at] === errorExtension) this.met = true;
        at += 1 + size;
        continue;
      }
      // An array or an object: every value takes a byte at least, so a count beyond the rest of the bytes is a lie.
      const values = size === object ? length * 2 : length;
      if (values > end - at) return 'truncated';
      if (depth === payloadDepthMax) return 'too_deep';
      depth++;
      left[depth] = values;
      isObject[depth] = size === object ? 1 : 0;
    }
  }
}

function judgeExtension(bytes: Buffer, at: number, size: number): PayloadReason | null {
  const type = bytes[at]!;
  // Only in the form that msgpackr writes and reads: fixext 1 with a zero.
  if (type === 0) return size === 1 && bytes[at + 1] === 0 ? null : 'unknown_extension';
  if (type === 0xff) return judgeTimestamp(bytes, at + 1, size);
  if (type === refExtension) return size > refHeadBytes ? null : 'bad_ref';
  if (type === errorExtension) {
    if (size < errorHeadBytes) return 'bad_error';
    const code = bytes[at + 1]!;
    return errorHeadBytes + (code === noErrorCode ? 0 : code) + bytes[at + 2]! > size ? 'bad_error' : null;
  }
  return 'unknown_extension';
}

/** The last second that a JavaScript date can hold (ECMA-262, time values). */
const dateSecondsMax = 8.64e12;

function judgeTimestamp(bytes: Buffer, at: number, size: number): PayloadReason | null {
  if (size === 4 || size === 8) return null;
  if (size !== 12) return 'invalid_date';
  const seconds = bytes.readInt32BE(at + 4) * 0x1_0000_0000 + bytes.readUInt32BE(at + 8);
  const nanoseconds = bytes.readUInt32BE(at);
  if (nanoseconds >= 1_000_000_000 || Math.abs(seconds) > dateSecondsMax) return 'invalid_date';
  return seconds === dateSecondsMax && nanoseconds > 0 ? 'invalid_date' : null;
}

function isProto(bytes: Buffer, at: number): boolean {
  if (bytes[at] !== 0x5f || at + 9 > bytes.length) return false;
  for (let i = 1; i < 9; i++) if (bytes[at + i] !== protoKey[i]) return false;
  return true;
}

function lengthAt(bytes: Buffer, at: number, lengthBytes: number): number {
  if (lengthBytes === 1) return bytes[at]!;
  return lengthBytes === 2 ? bytes.readUInt16BE(at) : bytes.readUInt32BE(at);
}

// What follows a token: a fixed number of bytes (0 and more), or one of these.
const unknown = -1;
const text = -2;
const binary = -3;
const extension = -4;
const array = -5;
const object = -6;

const tokenBytes = new Int8Array(256);
/** Bytes of the length that follows a token; 0 where the token itself holds the length. */
const tokenLengthBytes = new Uint8Array(256);
const fixedExtensionBytes: Readonly<Record<number, number>> = { 212: 1, 213: 2, 214: 4, 215: 8, 216: 16 };
tokenBytes.fill(object, 0x80, 0x90).fill(array, 0x90, 0xa0);
for (let token = 0xa0; token < 0xc0; token++) tokenBytes[token] = token & 0x1f;
tokenBytes[0xc1] = unknown;
for (const [what, first, lengths] of [
  [binary, 0xc4, [1, 2, 4]],
  [extension, 0xc7, [1, 2, 4]],
  [extension, 0xd4, [0, 0, 0, 0, 0]],
  [text, 0xd9, [1, 2, 4]],
  [array, 0xdc, [2, 4]],
  [object, 0xde, [2, 4]],
] as const) {
  lengths.forEach((bytes, i) => {
    tokenBytes[first + i] = what;
    tokenLengthBytes[first + i] = bytes;
  });
}
for (const [token, bytes] of [
  [0xca, 4],
  [0xcb, 8],
  [0xcc, 1],
  [0xcd, 2],
  [0xce, 4],
  [0xcf, 8],
  [0xd0, 1],
  [0xd1, 2],
  [0xd2, 4],
  [0xd3, 8],
] as const) {
  tokenBytes[token] = bytes;
}
