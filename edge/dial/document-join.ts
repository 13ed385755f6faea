/**
 * A document out of the chunks of one stream, a step at a time: strictly in order, of one sequence, each chunk whole in itself. Of a
 * sweep all have the same head and their hosts are put together; of a sync each is an array, and they become one. Pure.
 */
import type { ResultsChunk } from '../../proto/index.ts';
import { type ChunkOrder, noChunks, stepChunks } from '../chunk-order.ts';
import { isRefusal } from '../errors.ts';
import { resultsMessageBytesMax } from '../limits.ts';
import { type DialFault, faulty } from './dial-errors.ts';
import { sequenceCharactersMax } from './dial-limits.ts';

export type StreamedType = 'sweep' | 'sync';

export interface DocumentJoin {
  readonly type: StreamedType;
  readonly order: ChunkOrder;
  /** Null until the first chunk. */
  readonly sequence: string | null;
  readonly bytes: number;
  /** Of the first chunk, without its hosts, as JSON text; null of a sync, or before it came. */
  readonly head: string | null;
  /** What stands between the brackets of each chunk's array, where something does. */
  readonly inner: readonly string[];
  /** The first chunk as it came: alone, it is the document. */
  readonly first: Uint8Array | null;
}

/** Null: the agent has nothing new. */
export type JoinedDocument = { readonly data: Uint8Array; readonly sequence: string } | null;

export function newJoin(type: StreamedType): DocumentJoin {
  return { type, order: noChunks, sequence: null, bytes: 0, head: null, inner: [], first: null };
}

/** The state after a chunk, or why the stream is given up. */
export function joinChunk(
  state: DocumentJoin,
  chunk: ResultsChunk,
  lastSequence: string,
): DocumentJoin | DialFault {
  const { data, currentSequence } = chunk;
  const order = stepChunks(state.order, {
    ...{ type: 'chunk', place: chunk, senderId: '', services: 0, bytes: data.length },
  });
  if (isRefusal(order)) return faulty(order.code === 'too_large' ? 'too_large' : 'bad_chunk', order.detail);
  if (currentSequence.length > sequenceCharactersMax) return longSequence();
  if (state.sequence !== null && currentSequence !== state.sequence)
    return faulty('bad_chunk', 'the sequence changed within the stream');
  const bytes = state.bytes + data.length;
  if (bytes > resultsMessageBytesMax)
    return faulty('too_large', `a document of more than ${resultsMessageBytesMax} bytes`);
  const placed = { ...state, order, sequence: currentSequence, bytes };
  // What we have already is not read again, whatever comes with it.
  if (isKnown(currentSequence, lastSequence)) return placed;
  if (data.length === 0) {
    const isAlone = chunk.totalChunks === 1;
    return isAlone ? placed : faulty('bad_chunk', 'an empty chunk among others');
  }
  const read = readChunk(state.type, data);
  if ('fault' in read) return read;
  if (state.first !== null && read.head !== state.head)
    return faulty('bad_chunk', 'the head of a chunk is not that of the first');
  const inner = read.inner === '' ? state.inner : [...state.inner, read.inner];
  return { ...placed, head: read.head, inner, first: state.first ?? data };
}

export function joinEnd(state: DocumentJoin, lastSequence: string): JoinedDocument | DialFault {
  const ended = stepChunks(state.order, { type: 'end' });
  if (isRefusal(ended)) return faulty('bad_chunk', ended.detail);
  const { sequence, first, head, inner, type } = state;
  if (first === null || sequence === null || isKnown(sequence, lastSequence)) return null;
  if (ended.total === 1) return { data: first, sequence };
  const list = `[${inner.join(',')}]`;
  const text = type === 'sync' ? list : `${head!.slice(0, -1)}${head === '{}' ? '' : ','}"hosts":${list}}`;
  const data = Buffer.from(text);
  if (data.length <= resultsMessageBytesMax) return { data, sequence };
  return faulty('too_large', `a document of more than ${resultsMessageBytesMax} bytes`);
}

export function longSequence(): DialFault {
  return faulty('bad_answer', `a sequence of more than ${sequenceCharactersMax} characters`);
}

/** Equal sequences mean nothing new; an agent that names none has no memory of what we know. */
export function isKnown(currentSequence: string, lastSequence: string): boolean {
  return currentSequence !== '' && currentSequence === lastSequence;
}

interface ReadChunk {
  readonly head: string | null;
  readonly inner: string;
}

/** What is nested so deep that it could be read and cannot be written is none. */
function readChunk(type: StreamedType, data: Uint8Array): ReadChunk | DialFault {
  try {
    return type === 'sync' ? readSync(data) : readSweep(data);
  } catch {
    return faulty('bad_json', 'a chunk that is nested too deep');
  }
}

function readSync(data: Uint8Array): ReadChunk | DialFault {
  const list = parse(data);
  if (!Array.isArray(list)) return faulty('bad_json', 'a chunk of a sync is no JSON array');
  return { head: null, inner: inside(list) };
}

function readSweep(data: Uint8Array): ReadChunk | DialFault {
  const value = parse(data);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return faulty('bad_json', 'a chunk of a sweep is no JSON object');
  const { hosts = [], ...head } = value as { hosts?: unknown };
  // An agent written in Go says null of a list that it never began.
  const list = hosts === null ? [] : hosts;
  if (!Array.isArray(list)) return faulty('bad_json', 'the hosts of a sweep are no array');
  return { head: JSON.stringify(head), inner: inside(list) };
}

function inside(list: readonly unknown[]): string {
  return JSON.stringify(list).slice(1, -1);
}

/** Undefined: no JSON, also of what is nested too deep to be written again. */
export function readJson(data: Uint8Array): unknown {
  const value = parse(data);
  try {
    JSON.stringify(value);
    return value;
  } catch {
    return undefined;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(data)) as unknown;
  } catch {
    return undefined;
  }
}
