/**
 * What becomes of a message that a mailbox does not take as a matter of course: it is full and its definition says what then, or
 * somebody traces the actor. Between delivery (system.ts), which has no time for either, and the mailbox.
 */
import type { Cell } from './cell.ts';
import type { WhenFull } from './definition.ts';
import { RuntimeError } from './errors.ts';
import type { Message } from './message.ts';

export class Overflow {
  /** Messages that were not kept, by policy. */
  readonly full: Record<WhenFull, number> = { refuse: 0, drop_oldest: 0, drop_newest: 0 };

  get total(): number {
    return this.full.refuse + this.full.drop_oldest + this.full.drop_newest;
  }

  /** Answers what the sender of a cast is told. */
  take(cell: Cell, given: Message): boolean {
    const { mailbox, behaviour } = cell;
    const message = behaviour.trace?.received(given) ?? given;
    if (mailbox.userLength >= behaviour.messagesMax) {
      this.full[behaviour.whenFull] += 1;
      const full = () => new RuntimeError('mailbox_full', `${behaviour.definition.name} ${cell.ref}`);
      if (behaviour.whenFull !== 'drop_oldest') {
        message.reply?.fail(full());
        return behaviour.whenFull === 'drop_newest';
      }
      mailbox.dropOldestUser()?.reply?.fail(full());
    }
    mailbox.pushUser(message);
    cell.schedule();
    return true;
  }
}
