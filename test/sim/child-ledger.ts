/**
 * What became of the supervised children of a history: who asked for what and who took it back, which actors run, what was
 * handed over. Written by child-load.ts and by the children themselves, read by the checks. Judges nothing.
 */
import type { ChildSpec } from '../../cluster/index.ts';
import type { Ref } from '../../runtime/index.ts';
import type { Life } from './life.ts';

/** One actor that is a child, from its `init` to its end. */
export interface Instance {
  readonly id: string;
  /** Of the spec that it was started from: unique in a history. */
  readonly serial: number;
  readonly kind: string;
  readonly life: Life;
  readonly ref: Ref;
  readonly sinceMs: number;
  /** What it has counted: the state that is to be handed over. */
  value: number;
  handedOff: boolean;
  /** It was told to crash. */
  crashing: boolean;
}

/** A spec that somebody started. */
export interface Write {
  readonly serial: number;
  readonly id: string;
  readonly writer: Life;
  readonly atMs: number;
  /** Who stopped it, having seen it. */
  readonly removers: Life[];
}

export interface Handoff {
  readonly serial: number;
  readonly value: number;
  readonly from: Life;
  readonly atMs: number;
  /** It arrived, or there was nobody to give it to. */
  isTaken: boolean;
}

export function handoffKey({ id, serial }: { readonly id: string; readonly serial: number }): string {
  return `${id} #${serial}`;
}

export interface ChildWatch {
  began?(instance: Instance, handed: { readonly serial: number; readonly value: number } | null): void;
  /** Not of a process that was killed: nothing ends in it. */
  ended?(instance: Instance, reason: string): void;
  startFailed?(life: Life, id: string): void;
}

export class ChildLedger {
  readonly running = new Map<string, Set<Instance>>();
  readonly writes = new Map<number, Write>();
  /** What the store says that must run, by id. */
  readonly rows = new Map<string, ChildSpec>();
  /** Their starts fail until then. */
  readonly failingUntilMs = new Map<string, number>();
  /** The last one of each child from each of its specs: sides of a split may each hand over their own. */
  readonly handoffs = new Map<string, Handoff>();
  /** When a reading of the rows failed last, or a change of them was not told, by the life that did not learn of it. */
  readonly rowsLostAtMs = new WeakMap<Life, number>();
  /** Ids of which nothing runs, since when. */
  readonly missing = new Map<string, number>();
  readonly rowWatchers = new Set<() => void>();
  readonly watches: ChildWatch[] = [];
  private serials = 0;
  counts = { started: 0, stopped: 0, crashed: 0, ran: 0, handed: 0 };

  nextSerial(): number {
    this.serials += 1;
    return this.serials;
  }

  /** Somebody wants it from now on. */
  asked(id: string, nowMs: number): void {
    if (!this.running.has(id)) this.missing.set(id, nowMs);
  }

  began(instance: Instance, handed: { readonly serial: number; readonly value: number } | null): void {
    const { id } = instance;
    this.counts.ran += 1;
    const running = this.running.get(id);
    if (running === undefined) this.running.set(id, new Set([instance]));
    else running.add(instance);
    this.missing.delete(id);
    for (const watch of this.watches) watch.began?.(instance, handed);
  }

  ended(instance: Instance, reason: string, nowMs: number): void {
    this.drop(instance, nowMs);
    for (const watch of this.watches) watch.ended?.(instance, reason);
  }

  /** A process is gone, and all that ran in it. */
  lifeEnded(life: Life, nowMs: number): void {
    for (const running of [...this.running.values()])
      for (const instance of running) if (instance.life === life) this.drop(instance, nowMs);
  }

  instancesOf(id: string): readonly Instance[] {
    return [...(this.running.get(id) ?? [])];
  }

  isFailing(id: string, nowMs: number): boolean {
    return (this.failingUntilMs.get(id) ?? 0) > nowMs;
  }

  private drop(instance: Instance, nowMs: number): void {
    const running = this.running.get(instance.id);
    if (running?.delete(instance) !== true || running.size > 0) return;
    this.running.delete(instance.id);
    this.missing.set(instance.id, nowMs);
  }
}
