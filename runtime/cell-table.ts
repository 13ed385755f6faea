/**
 * The living actors of a system by id. Ids are given in rising order and not again, so neighbours share a page: a start
 * writes into an array where a map of all actors would look for a place, and move everything whenever it grows.
 */
import type { Cell } from './cell.ts';
import { cellPageBits } from './limits.ts';

const pageCells = 1 << cellPageBits;

class Page {
  readonly number: number;
  readonly cells: (Cell | undefined)[] = new Array(pageCells).fill(undefined);
  length = 0;

  constructor(number: number) {
    this.number = number;
  }
}

export class CellTable {
  /** Those that hold an actor, in rising order. */
  private readonly pages = new Map<number, Page>();
  private newest: Page = new Page(0);
  size = 0;

  get(id: number): Cell | undefined {
    return this.pages.get(pageOf(id))?.cells[id % pageCells];
  }

  /** Of a new actor: its id is higher than all before. */
  add(cell: Cell): void {
    const { id } = cell.ref;
    const number = pageOf(id);
    if (this.newest.number !== number) this.newest = new Page(number);
    if (this.newest.length === 0) this.pages.set(number, this.newest);
    this.newest.cells[id % pageCells] = cell;
    this.newest.length += 1;
    this.size += 1;
  }

  delete(id: number): void {
    const page = this.pages.get(pageOf(id));
    if (page?.cells[id % pageCells] === undefined) return;
    page.cells[id % pageCells] = undefined;
    page.length -= 1;
    this.size -= 1;
    if (page.length === 0) this.pages.delete(page.number);
  }

  /** In rising order, those that come and go meanwhile as they are when their turn comes. */
  *after(id: number): Generator<Cell> {
    const number = pageOf(id + 1);
    for (const page of this.pages.values()) {
      if (page.number < number) continue;
      for (const cell of page.cells) if (cell !== undefined && cell.ref.id > id) yield cell;
    }
  }

  *values(): Generator<Cell> {
    for (const { cells } of this.pages.values()) {
      for (const cell of cells) if (cell !== undefined) yield cell;
    }
  }
}

/** Ids outgrow 31 bits in a long life. */
function pageOf(id: number): number {
  return Math.floor(id / pageCells);
}
