/**
 * The address of an actor: node, the node's boot, id. A ref is data; it travels in messages and works from any node.
 * It has no send methods: who sends is part of the guarantee (a dead actor sends nothing), so sending starts at a
 * context (`self.cast(ref).tick(1)`) or, outside actors, at the system (`system.cast(ref).tick(1)`).
 */
import type { Cell } from './cell.ts';
import type { Protocol } from './definition.ts';

export class Ref<P extends Protocol = Protocol> {
  readonly node: string;
  /** One life of the node's process: a ref of an earlier boot reaches nobody. */
  readonly boot: number;
  readonly id: number;
  /** Only for the compiler: what the actor answers to. */
  declare readonly protocol?: P;
  /** What a send through the very ref that the actor's start gave finds without a look into the table of actors. */
  #cell: Cell | null = null;

  constructor(node: string, boot: number, id: number) {
    this.node = node;
    this.boot = boot;
    this.id = id;
  }

  /** For the runtime's own files. Null for a ref that came from elsewhere, and for one whose actor has ended. */
  static cellOf(ref: Ref): Cell | null {
    return ref.#cell;
  }

  /** Null when the actor ends: a ref that somebody keeps is not to keep its actor. */
  static bind(ref: Ref, cell: Cell | null): void {
    ref.#cell = cell;
  }

  toString(): string {
    return `${this.node}.${this.boot}.${this.id}`;
  }
}

export function isRef(value: unknown): value is Ref {
  return value instanceof Ref;
}

export function sameRef(a: Ref | null | undefined, b: Ref | null | undefined): boolean {
  return !!a && !!b && a.id === b.id && a.boot === b.boot && a.node === b.node;
}
