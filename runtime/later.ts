/** A reply that is given after its handler has returned. Its actor owes it until then, so that an end tells the caller. */
import type { Cell } from './cell.ts';
import type { LaterReply } from './definition.ts';
import type { ReplyTarget } from './message.ts';

/** A handler that returns this has said when, not what; the caller is told when the actor ends without answering. */
export class Later implements LaterReply {
  private readonly cell: Cell;
  private readonly reply: ReplyTarget;

  constructor(cell: Cell, reply: ReplyTarget) {
    this.cell = cell;
    this.reply = reply;
    const ties = cell.tied();
    ties.owed ??= new Set();
    ties.owed.add(reply);
  }

  answer(value: unknown): void {
    if (this.cell.ties?.owed?.delete(this.reply)) this.reply.answer(value);
  }

  fail(error: unknown): void {
    if (this.cell.ties?.owed?.delete(this.reply)) this.reply.fail(error);
  }
}
