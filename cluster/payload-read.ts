/**
 * Encoded payload bytes to a value, judged as they are read: what comes out is one whole value of the closed set, and what
 * goes in may be anything. It neither overflows its stack (the depth is bounded), nor takes room by a claimed length, nor
 * reaches an extension that is not ours. Format: MessagePack specification, msgpack.org. `codec.ts` is the door.
 */
import { ClusterError, type PayloadReason } from './errors.ts';
import { copiedByByteMax, payloadDepthMax, payloadElementsMax } from './limits.ts';
import {
  errorExtension,
  judgeExtension,
  readTimestamp,
  refExtension,
  refHeadBytes,
  timestampExtension,
} from './payload-extensions.ts';
import { textOf } from './short-text.ts';

/** Makes the two values that only the codec knows, from data that were judged. */
export interface ExtensionReaders {
  /** The name is not judged yet. */
  ref(node: string, boot: number, id: number): unknown;
  error(data: Buffer): unknown;
}

export class PayloadReader {
  private readonly extensions: ExtensionReaders;
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  private end = 0;
  private elements = 0;

  constructor(extensions: ExtensionReaders) {
    this.extensions = extensions;
  }

  /** Throws `cannot_decode` with a `PayloadReason`. */
  read(bytes: Buffer): unknown {
    this.bytes = bytes;
    this.at = 0;
    this.end = bytes.length;
    this.elements = 0;
    const value = this.value(0);
    if (this.at !== this.end) throw this.refusal('trailing_bytes');
    return value;
  }

  private value(depth: number): unknown {
    if (this.at >= this.end) throw this.refusal('truncated');
    if (++this.elements > payloadElementsMax) throw this.refusal('too_many_elements');
    const token = this.bytes[this.at++]!;
    if (token < 0x80) return token;
    if (token >= 0xe0) return token - 0x100;
    if (token >= 0xa0 && token < 0xc0) return this.text(token & 0x1f);
    if (token < 0x90) return this.object(token & 0x0f, depth);
    if (token < 0xa0) return this.array(token & 0x0f, depth);
    return this.longer(token, depth);
  }

  /** What has a token of its own, with a length or a number behind it. */
  private longer(token: number, depth: number): unknown {
    switch (token) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.binary(this.length(1));
      case 0xc5:
        return this.binary(this.length(2));
      case 0xc6:
        return this.binary(this.length(4));
      case 0xc7:
        return this.extension(this.length(1));
      case 0xc8:
        return this.extension(this.length(2));
      case 0xc9:
        return this.extension(this.length(4));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.extension(1 << (token - 0xd4));
      case 0xd9:
        return this.text(this.length(1));
      case 0xda:
        return this.text(this.length(2));
      case 0xdb:
        return this.text(this.length(4));
      case 0xdc:
        return this.array(this.length(2), depth);
      case 0xdd:
        return this.array(this.length(4), depth);
      case 0xde:
        return this.object(this.length(2), depth);
      case 0xdf:
        return this.object(this.length(4), depth);
      default:
        return this.number(token);
    }
  }

  private number(token: number): number | bigint {
    const { bytes } = this;
    switch (token) {
      case 0xca:
        return bytes.readFloatBE(this.take(4));
      case 0xcb:
        return bytes.readDoubleBE(this.take(8));
      case 0xcc:
        return bytes[this.take(1)]!;
      case 0xcd:
        return bytes.readUInt16BE(this.take(2));
      case 0xce:
        return bytes.readUInt32BE(this.take(4));
      case 0xcf:
        return bytes.readBigUInt64BE(this.take(8));
      case 0xd0:
        return bytes.readInt8(this.take(1));
      case 0xd1:
        return bytes.readInt16BE(this.take(2));
      case 0xd2:
        return bytes.readInt32BE(this.take(4));
      case 0xd3:
        return bytes.readBigInt64BE(this.take(8));
      default:
        throw this.refusal('unknown_token');
    }
  }

  private text(length: number): string {
    return textOf(this.bytes, this.take(length), length);
  }

  /** A copy, so that nothing keeps the frame; but a view when that is most of the buffer which it would keep. */
  private binary(length: number): Uint8Array {
    const { bytes } = this;
    const at = this.take(length);
    if (length * 2 >= bytes.buffer.byteLength) return bytes.subarray(at, at + length);
    const copy = Buffer.allocUnsafe(length);
    if (length > copiedByByteMax) bytes.copy(copy, 0, at, at + length);
    else for (let i = 0; i < length; i++) copy[i] = bytes[at + i]!;
    return copy;
  }

  private array(length: number, depth: number): unknown[] {
    this.enter(length, depth);
    const values: unknown[] = new Array(length);
    for (let i = 0; i < length; i++) values[i] = this.value(depth + 1);
    return values;
  }

  private object(length: number, depth: number): Record<string, unknown> {
    this.enter(length * 2, depth);
    const value: Record<string, unknown> = {};
    for (let i = 0; i < length; i++) {
      const key = this.key();
      value[key] = this.value(depth + 1);
    }
    return value;
  }

  private key(): string {
    if (this.at >= this.end) throw this.refusal('truncated');
    if (++this.elements > payloadElementsMax) throw this.refusal('too_many_elements');
    const token = this.bytes[this.at++]!;
    let key: string;
    if (token >= 0xa0 && token < 0xc0) key = this.text(token & 0x1f);
    else if (token >= 0xd9 && token <= 0xdb) key = this.text(this.length(1 << (token - 0xd9)));
    else throw this.refusal('key_not_text');
    if (key === '__proto__') throw this.refusal('forbidden_key');
    return key;
  }

  private extension(size: number): unknown {
    const type = this.bytes[this.take(1)]!;
    const at = this.take(size);
    const refused = judgeExtension(type, this.bytes, at, size);
    if (refused !== null) throw this.refusal(refused);
    switch (type) {
      case timestampExtension:
        return readTimestamp(this.bytes, at, size);
      case refExtension:
        return this.ref(at, size);
      case errorExtension:
        return this.extensions.error(this.bytes.subarray(at, at + size));
      default:
        return undefined;
    }
  }

  private ref(at: number, size: number): unknown {
    const { bytes } = this;
    const node = textOf(bytes, at + refHeadBytes, size - refHeadBytes);
    return this.extensions.ref(node, bytes.readUIntBE(at, 6), bytes.readUIntBE(at + 6, 6));
  }

  /** Every value takes a byte at least, so a count beyond the rest of the bytes is a lie. */
  private enter(values: number, depth: number): void {
    if (values > this.end - this.at) throw this.refusal('truncated');
    if (this.elements + values > payloadElementsMax) throw this.refusal('too_many_elements');
    if (depth === payloadDepthMax) throw this.refusal('too_deep');
  }

  private length(lengthBytes: number): number {
    const at = this.take(lengthBytes);
    if (lengthBytes === 1) return this.bytes[at]!;
    return lengthBytes === 2 ? this.bytes.readUInt16BE(at) : this.bytes.readUInt32BE(at);
  }

  /** Where the next `length` bytes begin. */
  private take(length: number): number {
    const { at } = this;
    if (length > this.end - at) throw this.refusal('truncated');
    this.at = at + length;
    return at;
  }

  private refusal(reason: PayloadReason): ClusterError {
    return cannotDecode(reason, `${this.end} bytes`);
  }
}

export function cannotDecode(reason: PayloadReason, detail: string, cause?: unknown): ClusterError {
  return new ClusterError('cannot_decode', `${reason}, ${detail}`, reason, cause);
}
