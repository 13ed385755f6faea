/**
 * The two headers that are written and read most, heartbeats and deltas, without a look into their layout field by field:
 * half of what an idle cluster carries are heartbeats. Beside `frame.ts`, which knows all kinds by `frame-layout.ts`.
 */
import type { ControlFields } from './frame-layout.ts';
import { textOf } from './short-text.ts';

/** Seven numbers of 32 bits. */
export const heartbeatBytes = 28;
/** Of a delta: the boot, before the two texts. */
const deltaBootBytes = 6;

/** From `at` on. The room is there, and each is an unsigned number of 32 bits. */
export function writeHeartbeat(target: Buffer, at: number, header: ControlFields<'heartbeat'>): void {
  writeU32(target, at, header.incarnation);
  writeU32(target, at + 4, header.sequence);
  writeU32(target, at + 8, header.echo);
  writeU32(target, at + 12, header.echoAgeMs);
  writeU32(target, at + 16, header.viewHash);
  writeU32(target, at + 20, header.headsHigh);
  writeU32(target, at + 24, header.headsLow);
}

/** The bytes are there. */
export function readHeartbeat(bytes: Buffer, at: number): ControlFields<'heartbeat'> {
  return {
    incarnation: readU32(bytes, at),
    sequence: readU32(bytes, at + 4),
    echo: readU32(bytes, at + 8),
    echoAgeMs: readU32(bytes, at + 12),
    viewHash: readU32(bytes, at + 16),
    headsHigh: readU32(bytes, at + 20),
    headsLow: readU32(bytes, at + 24),
  };
}

/** Where the payload of a `registry_delta` begins whose fields begin at `start`; 0: they are not all there. */
export function deltaPayloadAt(bytes: Buffer, start: number, end: number): number {
  const originAt = start + deltaBootBytes;
  if (originAt >= end) return 0;
  const tenantAt = originAt + 1 + bytes[originAt]!;
  if (tenantAt >= end) return 0;
  const payloadAt = tenantAt + 1 + bytes[tenantAt]!;
  return payloadAt > end ? 0 : payloadAt;
}

/** The bytes are there. */
export function readDeltaHeader(bytes: Buffer, start: number): ControlFields<'registry_delta'> {
  const originAt = start + deltaBootBytes;
  const originBytes = bytes[originAt]!;
  const tenantAt = originAt + 1 + originBytes;
  return {
    boot: bytes.readUIntBE(start, deltaBootBytes),
    origin: textOf(bytes, originAt + 1, originBytes),
    tenant: textOf(bytes, tenantAt + 1, bytes[tenantAt]!),
  };
}

/** Room and value were judged: Buffer's own methods would judge both again for each field. */
function writeU32(target: Buffer, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

function readU32(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
