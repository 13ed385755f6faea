import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeControlHead,
  encodeFrame,
  encodeRoutedHead,
  type Frame,
  noPayload,
  routedHeadBytes,
} from './frame.ts';
import {
  type ControlKind,
  controlKinds,
  type FrameKind,
  isSystemKind,
  type RoutedKind,
  routedKinds,
} from './frame-layout.ts';
import { createFrameReader } from './frame-reader.ts';
import { frameAssemblyStartBytes, frameBytesMax } from './limits.ts';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const payload = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const text = fc.string({ unit: 'grapheme', maxLength: 20 });

const routed: fc.Arbitrary<Frame> = fc.record({
  kind: fc.constantFrom(...(Object.keys(routedKinds) as RoutedKind[])),
  flags: fc.constant(0),
  toBoot: u48,
  toId: u48,
  fromId: u48,
  callId: u32,
  timeoutMs: u32,
  payload,
});
const control = fc.constantFrom(...(Object.keys(controlKinds) as ControlKind[])).chain((kind) => {
  const fields = Object.entries(controlKinds[kind].fields).map(([name, type]) => [
    name,
    type === 'text'
      ? text
      : type === 'u48'
        ? u48
        : type === 'u32'
          ? u32
          : fc.integer({ min: 0, max: 0xffff }),
  ]);
  return fc.record({
    kind: fc.constant(kind),
    flags: fc.constant(0),
    header: fc.record(Object.fromEntries(fields)),
    payload,
  });
}) as unknown as fc.Arbitrary<Frame>;
const frames = fc.array(fc.oneof(routed, control), { maxLength: 12 });

/** Cuts at the given places, wherever they fall. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((one) => one % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length));
}

function readAll(chunks: readonly Buffer[], bytesMax = frameBytesMax) {
  const reader = createFrameReader(bytesMax);
  const read: Frame[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let frame = reader.next(); frame !== null; frame = reader.next()) read.push(frame);
  }
  return { read, reader };
}

const bytesOf = (all: readonly Frame[]) => Buffer.concat(all.flatMap((frame) => encodeFrame(frame)));
const cast = (bytes: number): Frame => ({
  kind: 'cast',
  flags: 0,
  toBoot: 1,
  toId: 2,
  fromId: 3,
  callId: 0,
  timeoutMs: 0,
  payload: Buffer.alloc(bytes, 7),
});

describe('frames', () => {
  it('read back the same however the stream is cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { maxLength: 30 }), (sent, places) => {
        const { read, reader } = readAll(cut(bytesOf(sent), places));
        expect(reader.failure).toBeNull();
        expect(read).toEqual(sent);
        expect(reader.heldBytes).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('read back the same byte by byte', () => {
    fc.assert(
      fc.property(frames, (sent) => {
        const bytes = bytesOf(sent);
        expect(readAll(Array.from(bytes, (one) => Buffer.of(one))).read).toEqual(sent);
      }),
    );
  });

  it('of random bytes are frames or one stated failure, and hold no more than was pushed', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 20 }), (chunks) => {
        const { reader } = readAll(
          chunks.map((one) => Buffer.from(one)),
          4_096,
        );
        if (reader.failure !== null) {
          expect(['frame_too_large', 'frame_malformed']).toContain(reader.failure.code);
        }
        expect(reader.heldBytes).toBeLessThanOrEqual(4_100);
      }),
      { numRuns: 2_000 },
    );
  });

  it('with any one byte changed are frames or one stated failure', () => {
    fc.assert(
      fc.property(frames, fc.nat(), fc.nat(255), (sent, place, value) => {
        const bytes = bytesOf(sent);
        if (bytes.length > 0) bytes[place % bytes.length] = value;
        const { read, reader } = readAll([bytes]);
        expect(read.length <= sent.length + bytes.length / 6).toBe(true);
        if (reader.failure !== null) expect(reader.next()).toBeNull();
      }),
      { numRuns: 1_000 },
    );
  });

  it('judge the length before taking room for it', () => {
    const { reader } = readAll([Buffer.from([0xff, 0xff, 0xff, 0xff])]);
    expect(reader.failure?.code).toBe('frame_too_large');
    expect(reader.heldBytes).toBe(0);
    const claims = readAll([Buffer.from([0x00, 0xff, 0xff, 0xff, 1])]);
    expect(claims.reader.failure).toBeNull();
    expect(claims.reader.heldBytes).toBeLessThanOrEqual(frameAssemblyStartBytes);
  });

  it('of the greatest size arrive in small chunks within twice their size and without copying them over and over', () => {
    const bytes = bytesOf([cast(frameBytesMax - routedHeadBytes + 4), cast(1)]);
    const reader = createFrameReader(frameBytesMax);
    let heldMax = 0;
    const read: Frame[] = [];
    for (let at = 0; at < bytes.length; at += 1_400) {
      reader.push(bytes.subarray(at, at + 1_400));
      for (let frame = reader.next(); frame !== null; frame = reader.next()) read.push(frame);
      heldMax = Math.max(heldMax, reader.heldBytes);
    }
    expect(read.map((frame) => frame.payload.length)).toEqual([frameBytesMax - routedHeadBytes + 4, 1]);
    expect(heldMax).toBeLessThanOrEqual(frameBytesMax + 4);
  });

  it('over the greatest size are refused by the sender', () => {
    const header = { toBoot: 0, toId: 0, fromId: 0, callId: 0, timeoutMs: 0 };
    expect(() => encodeRoutedHead('cast', header, frameBytesMax)).toThrow('frame_too_large');
    expect(() => encodeControlHead('view', {}, frameBytesMax)).toThrow('frame_too_large');
    const long = { tenant: 't', topic: 'x'.repeat(256) };
    expect(() => encodeControlHead('publish', long, 0)).toThrow('frame_malformed');
  });

  it.each([
    ['an unknown kind', [0, 0, 0, 2, 250, 0]],
    ['unknown flags', [0, 0, 0, 2, 39, 2]],
    ['no room for a kind', [0, 0, 0, 1, 39]],
    ['a routed header cut short', [0, 0, 0, 10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['a text that runs past the frame', [0, 0, 0, 4, 80, 0, 200, 65]],
  ])('with %s fail as malformed and stop the reader', (_what, bytes) => {
    const { read, reader } = readAll([Buffer.from([...bytes, ...bytesOf([cast(1)])])]);
    expect(reader.failure?.code).toBe('frame_malformed');
    expect(read).toEqual([]);
    reader.push(bytesOf([cast(1)]));
    expect(reader.next()).toBeNull();
  });

  it('have one number a kind', () => {
    const numbers = [...Object.values(routedKinds), ...Object.values(controlKinds).map((one) => one.number)];
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(Math.max(...numbers)).toBeLessThan(256);
  });

  it('of the cluster go before user messages, those between actors keep their order', () => {
    const system: FrameKind[] = ['heartbeat', 'close', 'registry_delta', 'probe'];
    const user: FrameKind[] = ['cast', 'call', 'reply', 'down', 'exit', 'publish', 'part', 'procedure_call'];
    expect(system.every(isSystemKind)).toBe(true);
    expect(user.some(isSystemKind)).toBe(false);
  });

  it('keep an empty payload empty', () => {
    const frame: Frame = { kind: 'leaving', flags: 0, header: {}, payload: noPayload };
    expect(readAll([bytesOf([frame])]).read[0]?.payload.length).toBe(0);
  });
});
