/**
 * One frame to bytes and back: length, kind, flags, routing fields; the payload is passed through and never decoded.
 * Between the link (which queues, writes and reads) and the layout in `frame-layout.ts`. Frames in a stream of chunks
 * are found by `frame-reader.ts`.
 */
import { ClusterError } from './errors.ts';
import {
  type ControlFields,
  type ControlKind,
  controlKinds,
  flagsKnown,
  type RoutedKind,
  routedKinds,
} from './frame-layout.ts';
import {
  deltaPayloadAt,
  heartbeatBytes,
  readDeltaHeader,
  readHeartbeat,
  writeHeartbeat,
} from './frame-often.ts';
import { frameBytesMax, frameTextBytesMax } from './limits.ts';
import { textOf } from './short-text.ts';

export interface RoutedHeader {
  /** The boot that the receiver's ref names: an earlier one reaches nobody. 48 bits. */
  toBoot: number;
  /** 48 bits. */
  toId: number;
  /** 0 when no actor sends. 48 bits. */
  fromId: number;
  callId: number;
  timeoutMs: number;
}

export interface RoutedFrame extends RoutedHeader {
  kind: RoutedKind;
  flags: number;
  payload: Uint8Array;
}

export type ControlFrame<K extends ControlKind = ControlKind> = {
  [One in K]: { kind: One; flags: number; header: ControlFields<One>; payload: Uint8Array };
}[K];

export type Frame = RoutedFrame | ControlFrame;

/** Length field, kind, flags. */
export const frameStartBytes = 6;
export const lengthBytes = 4;
/** Of every routed frame, its length field included: what a codec may reserve before a payload. */
export const routedHeadBytes = frameStartBytes + 26;
export const noPayload: Uint8Array = Buffer.alloc(0);

interface Layout {
  readonly kind: ControlKind;
  readonly number: number;
  readonly fields: readonly (readonly [name: string, type: string])[];
  readonly texts: readonly string[];
  /** Of a head whose texts are empty. */
  readonly bytesMin: number;
}

/** What does not fit in so many bytes any more. */
const boundOfBytes = Array.from({ length: 7 }, (_, bytes) => 2 ** (8 * bytes));

const numberBytes: Readonly<Record<string, number>> = { u16: 2, u32: 4, u48: 6 };

const layouts = (Object.keys(controlKinds) as ControlKind[]).map<Layout>((kind) => {
  const fields = Object.entries(controlKinds[kind].fields);
  const texts = fields.filter(([, type]) => type === 'text').map(([name]) => name);
  const bytesMin = fields.reduce((sum, [, type]) => sum + (numberBytes[type] ?? 1), frameStartBytes);
  return { kind, number: controlKinds[kind].number, fields, texts, bytesMin };
});
const layoutOfKind: ReadonlyMap<string, Layout> = new Map(layouts.map((one) => [one.kind, one]));
const layoutOfNumber: ReadonlyMap<number, Layout> = new Map(layouts.map((one) => [one.number, one]));
const routedOfNumber: readonly (RoutedKind | undefined)[] = (() => {
  const kinds: (RoutedKind | undefined)[] = [];
  for (const kind of Object.keys(routedKinds) as RoutedKind[]) kinds[routedKinds[kind]] = kind;
  return kinds;
})();

/**
 * Writes length field and header of a routed frame at `offset` and answers where the payload begins
 * (`offset + routedHeadBytes`). For links that gather frames in one buffer; the room must be there.
 */
export function writeRoutedHead(
  target: Buffer,
  offset: number,
  kind: RoutedKind,
  header: RoutedHeader,
  payloadBytes: number,
): number {
  const length = routedHeadBytes - lengthBytes + payloadBytes;
  if (length > frameBytesMax) throw tooLarge(length);
  let at = target.writeUInt32BE(length, offset);
  target[at++] = routedKinds[kind];
  target[at++] = 0;
  at = target.writeUIntBE(header.toBoot, at, 6);
  at = target.writeUIntBE(header.toId, at, 6);
  at = target.writeUIntBE(header.fromId, at, 6);
  at = target.writeUInt32BE(header.callId, at);
  return target.writeUInt32BE(header.timeoutMs, at);
}

/** Length field and header of a routed frame, to be written before its payload. Throws `frame_too_large`. */
export function encodeRoutedHead(kind: RoutedKind, header: RoutedHeader, payloadBytes: number): Buffer {
  const head = Buffer.allocUnsafe(routedHeadBytes);
  writeRoutedHead(head, 0, kind, header, payloadBytes);
  return head;
}

/**
 * Length field and header of a control frame, to be written before its payload. Throws `frame_too_large`, and
 * `frame_malformed` for a text over `frameTextBytesMax` bytes or a number out of range: both are ours to prevent.
 */
export function encodeControlHead<K extends ControlKind>(
  kind: K,
  header: ControlFields<K>,
  payloadBytes: number,
  flags = 0,
): Buffer {
  if (kind === 'heartbeat') return heartbeatHead(header as ControlFields<'heartbeat'>, payloadBytes, flags);
  const layout = layoutOfKind.get(kind)!;
  const values = header as Readonly<Record<string, number | string>>;
  let size = layout.bytesMin;
  for (const name of layout.texts) {
    const bytes = Buffer.byteLength(values[name] as string);
    if (bytes > frameTextBytesMax)
      throw new ClusterError('frame_malformed', `${kind}.${name} has ${bytes} bytes`);
    size += bytes;
  }
  const head = Buffer.allocUnsafe(size);
  let at = frameStartBytes;
  for (const [name, type] of layout.fields) {
    const value = values[name]!;
    if (type === 'text') {
      const bytes = head.write(value as string, at + 1);
      head[at] = bytes;
      at += 1 + bytes;
    } else {
      const bytes = numberBytes[type]!;
      if (!isWritable(value as number, bytes))
        throw new ClusterError('frame_malformed', `${kind}.${name} is ${value}`);
      at = head.writeUIntBE(value as number, at, bytes);
    }
  }
  const length = at - lengthBytes + payloadBytes;
  if (length > frameBytesMax) throw tooLarge(length);
  head.writeUInt32BE(length, 0);
  head[4] = layout.number;
  head[5] = flags;
  return head;
}

/** A whole control frame in one buffer: to be sent on many links, which all get the same bytes. */
export function encodeControl<K extends ControlKind>(
  kind: K,
  header: ControlFields<K>,
  payload: Uint8Array,
): Buffer {
  const head = encodeControlHead(kind, header, payload.length);
  return payload.length === 0 ? head : Buffer.concat([head, payload], head.length + payload.length);
}

/** Head and payload of any frame, in the order of writing; the payload is not copied. */
export function encodeFrame(frame: Frame): [head: Buffer, payload: Uint8Array] {
  if (isRouted(frame)) return [encodeRoutedHead(frame.kind, frame, frame.payload.length), frame.payload];
  const head = encodeControlHead(frame.kind, frame.header as never, frame.payload.length, frame.flags);
  return [head, frame.payload];
}

export function isRouted(frame: Frame): frame is RoutedFrame {
  return 'toBoot' in frame;
}

/**
 * Reads a whole frame that lies in `bytes` from `start` (after the length field) to `end`. The payload is a view, not a
 * copy. A string is the detail of a `frame_malformed`.
 */
export function decodeFrame(bytes: Buffer, start: number, end: number): Frame | string {
  if (end - start < 2) return `a frame of ${end - start} bytes`;
  const number = bytes[start]!;
  const flags = bytes[start + 1]!;
  if ((flags & ~flagsKnown) !== 0) return `unknown flags ${flags}`;
  const routed = routedOfNumber[number];
  const at = start + 2;
  if (routed !== undefined) {
    const payloadAt = start + routedHeadBytes - lengthBytes;
    if (end < payloadAt) return `${routed} ends within its header`;
    return {
      kind: routed,
      flags,
      toBoot: bytes.readUIntBE(at, 6),
      toId: bytes.readUIntBE(at + 6, 6),
      fromId: bytes.readUIntBE(at + 12, 6),
      callId: bytes.readUInt32BE(at + 18),
      timeoutMs: bytes.readUInt32BE(at + 22),
      payload: bytes.subarray(payloadAt, end),
    };
  }
  const layout = layoutOfNumber.get(number);
  return layout === undefined ? `unknown kind ${number}` : decodeControl(layout, flags, bytes, at, end);
}

function decodeControl(
  layout: Layout,
  flags: number,
  bytes: Buffer,
  start: number,
  end: number,
): Frame | string {
  const { kind } = layout;
  if (kind === 'heartbeat' && end - start >= heartbeatBytes) {
    const payload = rest(bytes, start + heartbeatBytes, end);
    return { kind, flags, header: readHeartbeat(bytes, start), payload };
  }
  const deltaAt = kind === 'registry_delta' ? deltaPayloadAt(bytes, start, end) : 0;
  if (deltaAt > 0) {
    const header = readDeltaHeader(bytes, start);
    return { kind: 'registry_delta', flags, header, payload: rest(bytes, deltaAt, end) };
  }
  const header: Record<string, number | string> = {};
  let at = start;
  for (const [name, type] of layout.fields) {
    let size = numberBytes[type] ?? 1;
    if (at + size > end) return `${kind} ends within ${name}`;
    if (type === 'text') {
      size += bytes[at]!;
      if (at + size > end) return `${kind} ends within ${name}`;
      header[name] = textOf(bytes, at + 1, size - 1);
    } else {
      header[name] = bytes.readUIntBE(at, size);
    }
    at += size;
  }
  return { kind, flags, header, payload: rest(bytes, at, end) } as unknown as ControlFrame;
}

/** A view; of nothing none is made. */
function rest(bytes: Buffer, at: number, end: number): Uint8Array {
  return at === end ? noPayload : bytes.subarray(at, end);
}

function heartbeatHead(header: ControlFields<'heartbeat'>, payloadBytes: number, flags: number): Buffer {
  const { incarnation, sequence, echo, echoAgeMs, viewHash, headsHigh, headsLow } = header;
  const areCounts = isWritable(incarnation, 4) && isWritable(sequence, 4) && isWritable(echo, 4);
  const areHashes = isWritable(viewHash, 4) && isWritable(headsHigh, 4) && isWritable(headsLow, 4);
  if (!areCounts || !areHashes || !isWritable(echoAgeMs, 4))
    throw new ClusterError('frame_malformed', `heartbeat with ${JSON.stringify(header)}`);
  const length = frameStartBytes - lengthBytes + heartbeatBytes + payloadBytes;
  if (length > frameBytesMax) throw tooLarge(length);
  const head = Buffer.allocUnsafe(frameStartBytes + heartbeatBytes);
  head.writeUInt32BE(length, 0);
  head[4] = controlKinds.heartbeat.number;
  head[5] = flags;
  writeHeartbeat(head, frameStartBytes, header);
  return head;
}

function isWritable(value: number, bytes: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < boundOfBytes[bytes]!;
}

function tooLarge(length: number): ClusterError {
  return new ClusterError('frame_too_large', `${length} bytes, at most ${frameBytesMax}`);
}
