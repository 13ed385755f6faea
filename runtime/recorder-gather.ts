/** Pieces of a large state as they are read, and the entries that came between them. For a replay. */
import { hashText, type Plain } from './recorder-form.ts';
import type { EntryLine } from './recorder-line.ts';
import { joinPieces } from './recorder-pieces.ts';

export class Gather {
  readonly entries: EntryLine[] = [];
  private readonly pieces: Plain[] = [];
  hash = hashText('');

  get count(): number {
    return this.pieces.length;
  }

  /** False: one is missing before it. */
  take(piece: number, state: Plain): boolean {
    if (piece !== this.pieces.length) return false;
    this.pieces.push(state);
    this.hash = hashText(JSON.stringify(state), this.hash);
    return true;
  }

  snapshot(): Plain {
    return joinPieces(this.pieces);
  }
}
