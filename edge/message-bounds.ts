/**
 * What a message may hold, judged on its bytes before anything is decoded: eight million empty items are 16 MiB on the wire
 * and gigabytes as objects. Reads the outermost fields alone (protobuf encoding, protobuf.dev/programming-guides/encoding).
 * Pure.
 */
import { type GatewayRefusal, refuse } from './errors.ts';
import {
  commandMessageBytesMax,
  documentMessageBytesMax,
  fieldsMax,
  receivedMessageBytesMax,
  servicesMax,
  smallMessageBytesMax,
} from './limits.ts';

export interface MessageBounds {
  readonly bytesMax: number;
  /** How often field 1 may occur, when that is a list of services; else it counts with the others. */
  readonly servicesMax?: number;
  /** Bytes of some fields, by number, where they are bound more tightly than the message. */
  readonly fieldBytesMax?: Readonly<Record<number, number>>;
}

/** Pushes and chunks. */
export const statusBounds: MessageBounds = { bytesMax: receivedMessageBytesMax, servicesMax };
/** What is a few words. */
export const smallBounds: MessageBounds = { bytesMax: smallMessageBytesMax };
/** What comes on a control stream; its first field is a hello. */
export const controlBounds: MessageBounds = {
  bytesMax: commandMessageBytesMax,
  fieldBytesMax: { 1: smallMessageBytesMax },
};

/** A step of a stream of documents: its first field opens one, the second is a part. */
export const documentBounds: MessageBounds = {
  bytesMax: documentMessageBytesMax,
  fieldBytesMax: { 1: smallMessageBytesMax, 3: smallMessageBytesMax },
};

const servicesField = 1;

/** Null: it may be decoded. */
export function judgeBytes(bytes: Uint8Array, bounds: MessageBounds): GatewayRefusal | null {
  if (bytes.length > bounds.bytesMax) return refuse('too_large', `at most ${bounds.bytesMax} bytes`);
  const cursor = { bytes, at: 0 };
  let services = 0;
  let fields = 0;
  while (cursor.at < bytes.length) {
    const tag = readVarint(cursor);
    const length = tag === null ? null : skipValue(cursor, tag % 8);
    if (tag === null || length === null || tag < 8) return refuse('bad_message', 'not a protobuf message');
    const field = Math.floor(tag / 8);
    if (bounds.servicesMax !== undefined && field === servicesField) services += 1;
    else fields += 1;
    if (bounds.servicesMax !== undefined && services > bounds.servicesMax) {
      return refuse('too_many_services', `at most ${bounds.servicesMax} services`);
    }
    if (fields > fieldsMax) return refuse('too_large', `at most ${fieldsMax} fields`);
    const most = bounds.fieldBytesMax?.[field];
    if (most !== undefined && length > most)
      return refuse('too_large', `field ${field}: at most ${most} bytes`);
  }
  return null;
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** Null when it does not end within the bytes, or is longer than one may be. Exact up to 2^53: enough for tags and lengths. */
function readVarint(cursor: Cursor): number | null {
  let value = 0;
  let factor = 1;
  for (let count = 0; count < 10; count += 1) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) return null;
    cursor.at += 1;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
    factor *= 128;
  }
  return null;
}

/** The length of the value, or null when it is none. Groups are no part of proto3. */
function skipValue(cursor: Cursor, wireType: number): number | null {
  if (wireType === 0) return readVarint(cursor) === null ? null : 0;
  const length = wireType === 1 ? 8 : wireType === 5 ? 4 : wireType === 2 ? readVarint(cursor) : null;
  if (length === null || length > cursor.bytes.length - cursor.at) return null;
  cursor.at += length;
  return length;
}
