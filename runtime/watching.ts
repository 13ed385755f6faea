/**
 * Events of a system as they happen, for whoever watches it live: crashes, restarts, messages that nobody took. Between the
 * places where they are decided and the monitor of the shell. Nobody watching costs a look at an empty set where something went
 * wrong anyway, and nothing where messages flow.
 */
import type { Ref } from './ref.ts';

export type SystemEvent =
  | {
      readonly type: 'crashed';
      readonly ref: Ref;
      /** From the topmost supervisor down to the actor. */
      readonly path: string;
      /** The method of the message that it did not survive. */
      readonly during: string;
      readonly error: string;
    }
  | {
      readonly type: 'restarted';
      readonly supervisor: Ref;
      readonly ref: Ref;
      readonly name: string;
      readonly child: string;
      readonly restarts: number;
    }
  | { readonly type: 'dead_letter'; readonly ref: Ref; readonly method: string; readonly why: string };

export class Watchers {
  private readonly told = new Set<(event: SystemEvent) => void>();

  get isWatched(): boolean {
    return this.told.size > 0;
  }

  /** Called at once, within what happens: it keeps the event and returns. */
  watch(onEvent: (event: SystemEvent) => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.told.add(onEvent);
    signal.addEventListener('abort', () => this.told.delete(onEvent), { once: true });
  }

  tell(event: SystemEvent): void {
    for (const told of this.told) told(event);
  }
}
