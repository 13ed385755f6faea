/** How often a node took another for dead, counted from the lists of members that it saw. Between membership and a bench. */
import type { Member } from '../../cluster/index.ts';

type Seen = Pick<Member, 'name' | 'boot' | 'status'>;

export class Deaths {
  count = 0;
  private readonly dead = new Map<string, number>();

  /** After every change. A life that stays dead counts once; one that comes back and dies again counts again. */
  look(members: readonly Seen[]): void {
    for (const { name, boot, status } of members) {
      if (status !== 'down') this.dead.delete(name);
      else if (this.dead.get(name) !== boot) {
        this.dead.set(name, boot);
        this.count += 1;
      }
    }
  }

  isDead(name: string): boolean {
    return this.dead.has(name);
  }
}
