/**
 * What happened, for two readers: a hash of every delivered byte and every decision, so that two runs can be compared,
 * and the last events as text, for people. Texts are made when somebody reads them; a run that nobody reads keeps none,
 * since its seed makes them again.
 */
import { createFrameReader } from '../../cluster/frame-reader.ts';
import { mix32, numberHash, textHash } from '../../cluster/hash.ts';
import { frameBytesMax } from '../../cluster/limits.ts';

type Line =
  | { readonly atMs: number; readonly from: string; readonly to: string; readonly bytes: Buffer }
  | { readonly atMs: number; readonly who: string; readonly what: string };

export class Trace {
  private high = 0x811c9dc5;
  private low = 0x9e3779b9;
  private readonly lines: Line[] = [];
  private readonly linesMax: number;
  private at = 0;
  private readonly names = new Map<string, number>();

  constructor(linesMax: number) {
    this.linesMax = linesMax;
  }

  get hash(): string {
    const hex = (lane: number) => (lane >>> 0).toString(16).padStart(8, '0');
    return hex(this.high) + hex(this.low);
  }

  /** `way`: as `wayHash` makes it of the two names. */
  bytes(atMs: number, from: string, to: string, way: number, bytes: Buffer): void {
    this.fold(bytesHash(bytes, this.high), atMs, way);
    if (this.linesMax > 0) this.keep({ atMs, from, to, bytes });
  }

  wayHash(from: string, to: string): number {
    return this.nameHash(from) ^ Math.imul(this.nameHash(to), 3);
  }

  say(atMs: number, who: string, what: string): void {
    this.fold(textHash(what, this.high), atMs, this.nameHash(who));
    if (this.linesMax > 0) this.keep({ atMs, who, what });
  }

  /** The last events, oldest first. */
  text(): string[] {
    const ordered = [...this.lines.slice(this.at), ...this.lines.slice(0, this.at)];
    return ordered.map(lineText);
  }

  private fold(hash: number, atMs: number, who: number): void {
    this.high = hash | 0;
    this.low = mix32(numberHash(Math.round(atMs * 1_000), this.low ^ who) + hash);
  }

  private nameHash(name: string): number {
    let hash = this.names.get(name);
    if (hash === undefined) {
      hash = textHash(name, 7);
      this.names.set(name, hash);
    }
    return hash;
  }

  private keep(line: Line): void {
    if (this.lines.length < this.linesMax) {
      this.lines.push(line);
      return;
    }
    this.lines[this.at] = line;
    this.at = (this.at + 1) % this.linesMax;
  }
}

/** Four bytes at once, each of which the product and the turn carry on. */
function bytesHash(bytes: Buffer, seed: number): number {
  const { length } = bytes;
  let hash = seed ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash = Math.imul(hash ^ word, 0xcc9e2d51);
    hash = (hash << 15) | (hash >>> 17);
  }
  for (; at < length; at += 1) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash;
}

function lineText(line: Line): string {
  const at = (line.atMs / 1_000).toFixed(4).padStart(9);
  if ('what' in line) return `${at} ${line.who}: ${line.what}`;
  return `${at} ${line.from} -> ${line.to} ${framesIn(line.bytes)}`;
}

/** Kinds of the whole frames in a chunk; a piece of one is only counted. */
function framesIn(bytes: Buffer): string {
  const reader = createFrameReader(frameBytesMax);
  reader.push(bytes);
  const kinds: string[] = [];
  for (let frame = reader.next(); frame !== null; frame = reader.next()) {
    const header = 'header' in frame ? JSON.stringify(frame.header) : `#${frame.callId} to ${frame.toId}`;
    kinds.push(`${frame.kind} ${header}`);
  }
  return `${kinds.join(', ') || 'a piece'} (${bytes.length} B)`;
}
