/**
 * The rules of a stream of documents at the gateway, a step at a time: open, parts that follow on one another within the
 * credit, end; then the next document. Pure; whoever performs it asks the core and tells the sender.
 */

import { type GatewayRefusal, refuse } from './errors.ts';
import { documentPartBytesMax, documentWindowBytes } from './limits.ts';

export type DocumentEvent =
  | { type: 'open' }
  | { type: 'part'; offset: number; bytes: number }
  | { type: 'end'; totalBytes: number; hashBytes: number }
  /** The core has so much of it. */
  | { type: 'held'; heldBytes: number }
  /** The core has it whole. */
  | { type: 'received' };

export interface DocumentOrder {
  /** `opening` and `ending`: the core is asked, and nothing may come. */
  readonly phase: 'idle' | 'opening' | 'open' | 'ending';
  /** Where the next part begins. */
  readonly next: number;
  readonly held: number;
}

export const noDocument: DocumentOrder = { phase: 'idle', next: 0, held: 0 };
const documentHashBytes = 32;

/** Up to where the sender may send. */
export function creditOf({ held }: DocumentOrder): number {
  return held + documentWindowBytes;
}

/** The state after it, or why the stream is refused. */
export function stepDocument(state: DocumentOrder, event: DocumentEvent): DocumentOrder | GatewayRefusal {
  switch (event.type) {
    case 'open':
      return state.phase === 'idle' ? { phase: 'opening', next: 0, held: 0 } : bad('one is open');
    case 'part':
      return stepPart(state, event.offset, event.bytes);
    case 'end':
      if (state.phase !== 'open') return bad('none is open');
      if (event.hashBytes !== documentHashBytes) return bad('sha256 has 32 bytes');
      if (event.totalBytes < state.held)
        return refuse(
          'document_conflict',
          `${state.held} bytes are held, and it ends with ${event.totalBytes}`,
        );
      if (event.totalBytes !== state.next)
        return bad(`${state.next} bytes came, and it ends with ${event.totalBytes}`);
      return { ...state, phase: 'ending' };
    case 'held': {
      const { heldBytes: held } = event;
      if (state.phase === 'opening') return { phase: 'open', next: held, held };
      // Another stream of the same document may be ahead of this one.
      return { ...state, held: Math.max(state.held, held) };
    }
    case 'received':
      return noDocument;
  }
}

function stepPart(state: DocumentOrder, offset: number, bytes: number): DocumentOrder | GatewayRefusal {
  if (state.phase !== 'open') return bad('none is open');
  if (bytes < 1 || bytes > documentPartBytesMax) return bad(`a part has 1 to ${documentPartBytesMax} bytes`);
  if (offset !== state.next) return bad(`the part is at ${offset}, ${state.next} was next`);
  if (offset + bytes > creditOf(state)) return bad(`credit was given up to ${creditOf(state)}`);
  return { ...state, next: offset + bytes };
}

const bad = (detail: string) => refuse('bad_document', detail);
