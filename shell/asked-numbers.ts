/** Numbers in the requests of strangers, made into ones that can be counted with. Pure. Used by the door of the shell alone. */
import { terminalCellsMax } from './limits.ts';

/** From a stranger: a number that is none is 0, which no line and no piece has. */
export function whole(value: unknown): number {
  return Number.isSafeInteger(value) ? (value as number) : 0;
}

/** Columns and rows of a terminal, within bounds. */
export function cells(value: unknown): number {
  return Number.isSafeInteger(value) ? Math.min(Math.max(value as number, 1), terminalCellsMax) : 80;
}
