/**
 * What was sent on a simulated connection, on its way: it holds the bytes itself, so that the connection, which is long-lived
 * and one of many, is not written to for each. Between the event loop and the end that sent it.
 */
import { type Due, type Process, socketPart } from './event-loop.ts';

/** What goes through a pipe: bytes, or the news that no more come. */
export type Item = Buffer | 'end';

/** The end that sent it. */
export interface Sender {
  /** The process at the other end. */
  readonly receiver: Process;
  arrive(delivery: Delivery): void;
}

export class Delivery implements Due {
  private readonly sender: Sender;
  /** Null: what has waited longest, if anything. */
  readonly item: Item | null;
  /** What was sent first comes first. */
  readonly sequence: number;
  /** Of the sender: what was under way when its pipe was emptied is lost. */
  readonly emptied: number;

  constructor(sender: Sender, item: Item | null, sequence: number, emptied: number) {
    this.sender = sender;
    this.item = item;
    this.sequence = sequence;
    this.emptied = emptied;
  }

  get part(): typeof socketPart {
    return socketPart;
  }

  get owner(): Process {
    return this.sender.receiver;
  }

  get cancelled(): boolean {
    return false;
  }

  run(): void {
    this.sender.arrive(this);
  }
}

/** Puts it where it belongs by its sequence. Mostly at the end. */
export function wait(waiting: Delivery[], delivery: Delivery): void {
  let at = waiting.length;
  while (at > 0 && waiting[at - 1]!.sequence > delivery.sequence) at -= 1;
  waiting.splice(at, 0, delivery);
}
