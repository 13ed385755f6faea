/**
 * A result as it waits on disk, and its frame: length, CRC-32, JSON. A file of frames is read up to what was torn or
 * damaged; nothing that was changed is read as a result. Pure.
 */
import { crc32 } from 'node:zlib';
import { recordBytesMax, wordCharactersMax } from './limits.ts';

export const resultStatuses = ['success', 'warning', 'critical', 'unknown', 'timeout'] as const;
export type ResultStatus = (typeof resultStatuses)[number];

export interface KeptResult {
  readonly checkId: string;
  readonly kind: string;
  /** Unix milliseconds, by the gateway's clock as far as it is known. */
  readonly dueAtMs: number;
  readonly startedAtMs: number;
  readonly latencyMs: number | null;
  readonly status: ResultStatus;
  readonly reason: string | null;
}

const headBytes = 8;

/** Null: its words are too long to be kept. */
export function frameOf(result: KeptResult): Buffer | null {
  const { checkId, kind, dueAtMs, startedAtMs, latencyMs, status, reason } = result;
  const body = Buffer.from(JSON.stringify([checkId, kind, dueAtMs, startedAtMs, latencyMs, status, reason]));
  if (body.length > recordBytesMax) return null;
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(body.length, 0);
  head.writeUInt32LE(crc32(body), 4);
  return Buffer.concat([head, body]);
}

export interface FramesRead {
  readonly results: { readonly result: KeptResult /** Where its frame ends. */; readonly endsAt: number }[];
  /** Where the last whole frame ends: what comes behind was torn. */
  readonly endsAt: number;
  /** Whole frames that hold no result any more. */
  readonly damaged: number;
}

/** From `from` on, at most `resultsMax`. Never throws on any bytes. */
export function readFrames(bytes: Buffer, from = 0, resultsMax = Number.POSITIVE_INFINITY): FramesRead {
  const results: { result: KeptResult; endsAt: number }[] = [];
  let at = Math.min(from, bytes.length);
  let damaged = 0;
  while (at + headBytes <= bytes.length && results.length < resultsMax) {
    const length = bytes.readUInt32LE(at);
    const endsAt = at + headBytes + length;
    if (length > recordBytesMax || endsAt > bytes.length) break;
    const body = bytes.subarray(at + headBytes, endsAt);
    const result = crc32(body) === bytes.readUInt32LE(at + 4) ? resultOf(body) : null;
    if (result === null) damaged += 1;
    else results.push({ result, endsAt });
    at = endsAt;
  }
  return { results, endsAt: at, damaged };
}

function resultOf(body: Buffer): KeptResult | null {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
  if (!Array.isArray(value) || value.length !== 7) return null;
  const [checkId, kind, dueAtMs, startedAtMs, latencyMs, status, reason] = value as unknown[];
  const known = resultStatuses.find((one) => one === status);
  if (!isWord(checkId) || !isWord(kind) || known === undefined) return null;
  if (!isInstant(dueAtMs) || !isInstant(startedAtMs)) return null;
  if (latencyMs !== null && !(typeof latencyMs === 'number' && latencyMs >= 0)) return null;
  if (reason !== null && typeof reason !== 'string') return null;
  return { checkId, kind, dueAtMs, startedAtMs, latencyMs, status: known, reason };
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= wordCharactersMax;
}

function isInstant(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
