/**
 * The strict rules of a stream of chunks, a step at a time: one sender, a total that is known and stays, indexes 0, 1, 2 and
 * so on, the final one last; and how much of it may be held. Pure; whoever holds the items stores them when it is `complete`.
 */
import type { ChunkPlace } from '../proto/index.ts';
import { type GatewayRefusal, refuse } from './errors.ts';
import { chunksMax, servicesMax, streamHeldBytesMax } from './limits.ts';

export type ChunkEvent =
  /** `bytes`: of the whole message; `services`: items in it. */
  | { type: 'chunk'; place: ChunkPlace; senderId: string; services: number; bytes: number }
  /** The sender has said all that it will. */
  | { type: 'end' };

export interface ChunkOrder {
  /** The index that comes next. */
  readonly next: number;
  /** Null until the first chunk. */
  readonly total: number | null;
  readonly senderId: string | null;
  readonly services: number;
  readonly bytes: number;
  readonly complete: boolean;
}

export const noChunks: ChunkOrder = {
  next: 0,
  total: null,
  senderId: null,
  services: 0,
  bytes: 0,
  complete: false,
};

/** The state after it, or why the stream is refused. */
export function stepChunks(state: ChunkOrder, event: ChunkEvent): ChunkOrder | GatewayRefusal {
  if (event.type === 'end') {
    if (state.complete) return state;
    const told = state.total === null ? 'no chunk came' : `${state.next} of ${state.total} chunks came`;
    return refuse('stream_incomplete', `${told}: nothing of it was stored`);
  }
  const refusal = judgePlace(state, event);
  if (refusal !== null) return refusal;
  const services = state.services + event.services;
  if (services > servicesMax) return refuse('too_many_services', `at most ${servicesMax} services a stream`);
  const bytes = state.bytes + event.bytes;
  if (bytes > streamHeldBytesMax) return refuse('too_large', `at most ${streamHeldBytesMax} bytes a stream`);
  const { place, senderId } = event;
  return {
    next: state.next + 1,
    total: place.totalChunks,
    senderId: state.senderId ?? senderId,
    services,
    bytes,
    complete: place.isFinal,
  };
}

function judgePlace(state: ChunkOrder, event: ChunkEvent & { type: 'chunk' }): GatewayRefusal | null {
  const { isFinal, chunkIndex, totalChunks } = event.place;
  if (state.complete) return refuse('bad_chunk', 'a chunk after the final one');
  if (totalChunks <= 0) return refuse('bad_chunk', `total_chunks is ${totalChunks}`);
  if (totalChunks > chunksMax)
    return refuse('bad_chunk', `total_chunks is ${totalChunks}, at most ${chunksMax}`);
  if (state.total !== null && totalChunks !== state.total) {
    return refuse('bad_chunk', `total_chunks was ${state.total} and is ${totalChunks}`);
  }
  if (state.senderId !== null && event.senderId !== state.senderId) {
    return refuse('bad_chunk', 'the chunks are of two senders');
  }
  if (chunkIndex !== state.next) {
    return refuse('bad_chunk', `chunk_index is ${chunkIndex}, ${state.next} was next`);
  }
  if (isFinal !== (chunkIndex === totalChunks - 1)) {
    return refuse('bad_chunk', `chunk ${chunkIndex} of ${totalChunks} ${isFinal ? 'is' : 'is not'} final`);
  }
  return null;
}
