/**
 * How an actor ends: stopped (with `terminate`), crashed (with a report), or ended on the spot; and what is still
 * running of it afterwards.
 */
import type { Cell } from './cell.ts';
import { messageOf, RuntimeError } from './errors.ts';
import { crashShapeCharactersMax } from './limits.ts';
import { type ExitReason, messageCall, messageCast } from './message.ts';
import { Ref } from './ref.ts';
import { shapeOf } from './shape.ts';
import type { Kernel } from './system.ts';

export class Lifecycle {
  private readonly kernel: Kernel;
  /** Async handlers of ended actors that have not settled. */
  private readonly unsettled = new Map<number, Promise<unknown>>();
  private readonly toEnd: (() => void)[] = [];
  private endingChain = false;
  crashes = 0;
  restarts = 0;
  zombies = 0;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Runs `terminate`, then ends. */
  stop(cell: Cell, reason: ExitReason, detail: string | null): void {
    if (!cell.alive || cell.stopping) return;
    cell.stopping = true;
    const { terminate } = cell.definition;
    if (terminate === undefined || !cell.started) {
      this.end(cell, reason, detail);
      return;
    }
    let ending: unknown = null;
    try {
      ending = terminate.call(cell.definition, cell.context, reason);
    } catch (thrown) {
      this.kernel.log('error', 'terminate failed', { actor: cell.definition.name, error: messageOf(thrown) });
    }
    if (!(ending instanceof Promise)) {
      this.end(cell, reason, detail);
      return;
    }
    cell.busy = ending
      .catch((thrown: unknown) =>
        this.kernel.log('error', 'terminate failed', {
          actor: cell.definition.name,
          error: messageOf(thrown),
        }),
      )
      .finally(() => {
        cell.busy = null;
        this.end(cell, reason, detail);
      });
  }

  crash(cell: Cell, thrown: unknown): void {
    this.crashes += 1;
    const detail = messageOf(thrown);
    this.kernel.log('error', 'actor crashed', {
      actor: `${cell.definition.name} ${cell.ref.id}`,
      path: this.pathOf(cell),
      during: cell.started ? (cell.present?.method ?? '-') : 'init',
      arguments: shapeOf(cell.present?.args ?? [], crashShapeCharactersMax),
      state: shapeOf(cell.context.state, crashShapeCharactersMax),
      error: detail,
      stack: thrown instanceof Error ? thrown.stack : undefined,
    });
    const { watchers } = this.kernel;
    if (watchers.isWatched) {
      const during = cell.started ? (cell.present?.method ?? '-') : 'init';
      watchers.tell({
        ...{ type: 'crashed', ref: cell.ref, during, error: detail },
        path: this.pathOf(cell),
      });
    }
    // Its caller has been told by now.
    cell.present = null;
    this.stop(cell, 'crash', detail);
  }

  /**
   * Ends an actor because another ended. A chain of linked actors that all await is ended in a loop: one call within
   * the other would run out of stack at some thousands.
   */
  endLinked(cell: Cell, reason: ExitReason, detail: string | null): void {
    this.toEnd.push(() => this.end(cell, reason, detail));
    if (this.endingChain) return;
    this.endingChain = true;
    for (let end = this.toEnd.shift(); end !== undefined; end = this.toEnd.shift()) end();
    this.endingChain = false;
  }

  end(cell: Cell, reason: ExitReason, detail: string | null): void {
    if (!cell.alive) return;
    cell.alive = false;
    cell.quiet = false;
    this.kernel.cells.delete(cell.ref.id);
    Ref.bind(cell.ref, null);
    const name = cell.ties?.registeredName ?? null;
    if (name !== null) this.kernel.forgetName(name);
    cell.context.revoke();
    for (const timer of cell.ties?.timers?.values() ?? []) this.kernel.wheel.clear(timer);
    if (cell.busy !== null && cell.started) this.keepUnsettled(cell, cell.busy);
    // Most actors end while nobody waits for them, and an error with its stack costs more than the rest of an end.
    let error: RuntimeError | null = null;
    const gone = () => {
      error ??= new RuntimeError('no_actor', `${cell.definition.name} ${cell.ref} ended: ${reason}`);
      return error;
    };
    const present = cell.present?.reply ?? null;
    if (present !== null && !cell.ties?.owed?.has(present)) present.fail(gone());
    for (const reply of cell.ties?.owed ?? []) reply.fail(gone());
    if (cell.ties !== null) cell.ties.owed = null;
    cell.onStarted?.fail(new RuntimeError('start_failed', `${cell.definition.name}: ${detail ?? reason}`));
    for (let message = cell.mailbox.shift(); message !== undefined; message = cell.mailbox.shift()) {
      if (message.kind === messageCall) message.reply!.fail(gone());
      else if (message.kind === messageCast) {
        message.reply?.fail(gone());
        this.kernel.deadLetter(cell.ref, message.method, reason);
      }
    }
    this.kernel.relations.ended(cell, reason, detail);
    for (const told of cell.ties?.onEnded ?? []) told(reason);
  }

  /** Resolves when the last async handler of an ended actor has settled; counts a zombie when it has not by then. */
  whenSettled(ref: Ref, withinMs: number): Promise<void> {
    const settling = this.unsettled.get(ref.id);
    if (settling === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.kernel.clock.timer(withinMs, () => {
        this.zombies += 1;
        this.kernel.log('warn', 'an ended actor is still running', {
          ref: ref.toString(),
          waitedMs: withinMs,
        });
        resolve();
      });
      settling.finally(() => {
        cancel();
        resolve();
      });
    });
  }

  private keepUnsettled(cell: Cell, busy: Promise<unknown>): void {
    const settled = busy.then(
      () => {},
      () => {},
    );
    this.unsettled.set(cell.ref.id, settled);
    settled.finally(() => this.unsettled.delete(cell.ref.id));
  }

  private pathOf(cell: Cell): string {
    const path = [cell.definition.name];
    for (let at = cell.parent; at !== null; ) {
      const parent = this.kernel.find(at);
      if (parent === null) break;
      path.unshift(parent.definition.name);
      at = parent.parent;
    }
    return path.join(' > ');
  }
}
