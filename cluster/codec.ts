/**
 * Payloads: MessagePack without shared structures, so that every frame can be decoded alone, refused, dropped or reordered.
 * Between the router (values) and the frames (opaque bytes); msgpackr writes, `payload-read.ts` reads what strangers send.
 * What may travel is a closed set: null, undefined, booleans, numbers, bigints of 64 bits, text, Uint8Array, arrays, plain
 * objects with text keys, Date, Error (as code, name and message) and refs. Text that is no valid UTF-16 arrives with
 * replacement characters, -0 as 0, symbol keys not at all.
 */
import { addExtension, Packr, RESERVE_START_SPACE } from 'msgpackr';
import {
  encodeSlabBytes,
  errorMessageCharactersMax,
  errorNameCharactersMax,
  payloadBytesMax,
} from './limits.ts';
import { isNodeName } from './names.ts';
import { cannotEncode, ErrorOnWire, PayloadCheck, RefOnWire } from './payload-check.ts';
import {
  errorExtension,
  errorHeadBytes,
  noErrorCode,
  refExtension,
  refHeadBytes,
} from './payload-extensions.ts';
import { cannotDecode, PayloadReader } from './payload-read.ts';

/** What a codec must know of refs; the actor runtime gives it. */
export interface RefForm {
  isRef(value: unknown): boolean;
  encodeRef(ref: unknown): readonly [node: string, boot: number, id: number];
  decodeRef(node: string, boot: number, id: number): unknown;
  /** Told of every ref that is decoded: the fence's look inside payloads. It may throw to refuse the payload. */
  onRef?(ref: unknown): void;
}

export interface Codec {
  /**
   * The bytes of a value, after `reserveBytes` (at most 255) of free room for a frame's head. The room and the bytes
   * are one view of a larger buffer that is not written again. Throws `cannot_encode` with a `PayloadReason`.
   */
  encode(value: unknown, reserveBytes?: number): Buffer;
  /**
   * Throws `cannot_decode` with a `PayloadReason`. Bytes and texts in the value are copies, so that nothing keeps the
   * frame; a binary that is most of the buffer that it came in may be a view of it: the caller must not write there again.
   */
  decode(bytes: Uint8Array): unknown;
}

/** An error of another node. Its stack stays there. */
export interface RemoteError extends Error {
  code?: string;
}

// msgpackr keeps one table of extensions for the process. These two are stateless, and are only written by it.
addExtension({ Class: RefOnWire, type: refExtension, pack: packRef });
addExtension({ Class: ErrorOnWire, type: errorExtension, pack: packError });

/** Payloads up to this size share slabs; one that is larger gets its own, so that a small one never keeps a large one. */
const sharedSlabBytesMax = encodeSlabBytes / 4;
/** msgpackr keeps some bytes free at the end of its buffer. */
const encodeSlackBytes = 64;

export function createCodec(refs: RefForm): Codec {
  const packr = new Packr({ useRecords: false, moreTypes: false, useToJSON: false } as object);
  const reader = new PayloadReader({
    ref(node, boot, id) {
      if (!isNodeName(node)) throw cannotDecode('bad_ref', 'a node name');
      const ref = refs.decodeRef(node, boot, id);
      refs.onRef?.(ref);
      return ref;
    },
    error: readError,
  });
  const check = new PayloadCheck(refs.isRef, (ref) => {
    const [node, boot, id] = refs.encodeRef(ref);
    if (!isNodeName(node) || !isNumber48(boot) || !isNumber48(id)) {
      throw cannotEncode('bad_ref', `${node}.${boot}.${id}`);
    }
    return new RefOnWire(node, boot, id);
  });
  let slabIsLarge = true;

  return {
    encode(value, reserveBytes = 0) {
      const prepared = check.prepare(value);
      const roomBytes = check.roomBytes + reserveBytes + encodeSlackBytes;
      // A large one gets a buffer of its own size: msgpackr would take four times that.
      if (roomBytes > sharedSlabBytesMax) packr.useBuffer(Buffer.allocUnsafeSlow(roomBytes));
      else if (slabIsLarge) packr.useBuffer(Buffer.allocUnsafeSlow(encodeSlabBytes));
      slabIsLarge = roomBytes > sharedSlabBytesMax;
      let bytes: Buffer;
      try {
        bytes = packr.pack(prepared, reserveBytes === 0 ? 0 : RESERVE_START_SPACE + reserveBytes);
      } catch (error) {
        slabIsLarge = true;
        throw cannotEncode('codec_failed', error instanceof Error ? error.message : String(error), error);
      }
      if (bytes.length - reserveBytes > payloadBytesMax)
        throw cannotEncode('too_large', `${bytes.length} bytes`);
      return bytes;
    },
    decode(bytes) {
      const source = Buffer.isBuffer(bytes)
        ? bytes
        : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return reader.read(source);
    },
  };
}

export function remoteError(code: string | null, name: string, message: string): RemoteError {
  const error: RemoteError = new Error(message);
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  error.stack = `${name}: ${message}\n    on another node`;
  if (code !== null) error.code = code;
  return error;
}

function isNumber48(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 48;
}

function packRef(ref: RefOnWire): Buffer {
  const bytes = Buffer.allocUnsafe(refHeadBytes + ref.node.length);
  bytes.writeUIntBE(ref.boot, 0, 6);
  bytes.writeUIntBE(ref.id, 6, 6);
  bytes.write(ref.node, refHeadBytes, 'latin1');
  return bytes;
}

function packError(error: ErrorOnWire): Buffer {
  const code = error.code === null ? null : cut(error.code, errorNameCharactersMax);
  const name = cut(error.name, errorNameCharactersMax);
  const message = Buffer.from(error.message.slice(0, errorMessageCharactersMax));
  const head = Buffer.of(code === null ? noErrorCode : code.length, name.length);
  return Buffer.concat([head, code ?? Buffer.alloc(0), name, message]);
}

/** A text whose length fits a byte and is never `noErrorCode`. */
function cut(text: string, characters: number): Buffer {
  const bytes = Buffer.from(text.slice(0, characters));
  return bytes.length < noErrorCode ? bytes : Buffer.from(text.replace(/[^ -~]/g, '?').slice(0, characters));
}

function readError(data: Buffer): RemoteError {
  const codeBytes = data[0] === noErrorCode ? 0 : data[0]!;
  const nameAt = errorHeadBytes + codeBytes;
  const messageAt = nameAt + data[1]!;
  const code = data[0] === noErrorCode ? null : data.toString('utf8', errorHeadBytes, nameAt);
  return remoteError(code, data.toString('utf8', nameAt, messageAt), data.toString('utf8', messageAt));
}
