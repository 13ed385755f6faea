/**
 * What a sender of a document keeps of it: the bytes that were read and are not yet stored at the other end, at most a window
 * of them, so that a stream that broke goes on without reading them again. Pure; `document-client.ts` reads and sends.
 */

export interface DocumentWindow {
  /** Stored at the other end: what is before is forgotten. */
  readonly from: number;
  /** From `from` on, in order. */
  readonly pieces: readonly Uint8Array[];
  /** Up to where it was read. */
  readonly to: number;
  /** Up to where it was sent on the present stream. */
  readonly sent: number;
  /** Up to where it may be sent on it. */
  readonly credit: number;
}

export const emptyWindow: DocumentWindow = { from: 0, pieces: [], to: 0, sent: 0, credit: 0 };

/** The next bytes of the document were read. Those that are stored already are not kept. */
export function addPiece(window: DocumentWindow, bytes: Uint8Array): DocumentWindow {
  const to = window.to + bytes.length;
  // Read again from the beginning, until what the other end has is passed.
  if (to <= window.from) return { ...window, to };
  const kept = bytes.subarray(Math.max(0, window.from - window.to));
  return { ...window, to, pieces: [...window.pieces, kept] };
}

/** The other end says how much it has and how far may be sent. What is behind was never, and null: it has less than it had. */
export function acknowledge(
  window: DocumentWindow,
  heldBytes: number,
  credit: number,
): DocumentWindow | null {
  if (heldBytes < window.from) return null;
  const sent = Math.max(window.sent, heldBytes);
  return {
    ...window,
    from: heldBytes,
    sent,
    credit,
    pieces: dropBytes(window.pieces, heldBytes - window.from),
  };
}

/** A new stream is told what the other end has: nothing was sent on it yet. */
export function beginStream(
  window: DocumentWindow,
  heldBytes: number,
  credit: number,
): DocumentWindow | null {
  const known = acknowledge(window, heldBytes, credit);
  return known === null ? null : { ...known, sent: heldBytes };
}

/** What may be sent now, at most `bytesMax`; null: nothing. `sent` is after it. */
export function takeNext(
  window: DocumentWindow,
  bytesMax: number,
): { window: DocumentWindow; offset: number; bytes: Uint8Array } | null {
  const { sent: offset, to, credit, from, pieces } = window;
  const length = Math.min(to, credit, offset + bytesMax) - offset;
  if (length <= 0) return null;
  const bytes = cut(pieces, offset - from, length);
  return { window: { ...window, sent: offset + length }, offset, bytes };
}

function dropBytes(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  let left = count;
  const kept: Uint8Array[] = [];
  for (const piece of pieces) {
    if (left >= piece.length) left -= piece.length;
    else {
      kept.push(piece.subarray(left));
      left = 0;
    }
  }
  return kept;
}

function cut(pieces: readonly Uint8Array[], from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  let filled = 0;
  for (const piece of pieces) {
    const start = Math.max(0, from - at);
    if (start < piece.length && filled < length) {
      const part = piece.subarray(start, start + length - filled);
      bytes.set(part, filled);
      filled += part.length;
    }
    at += piece.length;
  }
  return bytes;
}
