/**
 * The shell of the replicated map of child specs (specs.ts): words of the peers in, deltas and comparisons out. Between the
 * supervisor's door and the links.
 */
import type { Clock, Recorder, Recording } from '../runtime/index.ts';
import type { Want } from './children-state.ts';
import type { Word } from './children-wire.ts';
import { specsCompareMs } from './limits.ts';
import { specsForm } from './record-specs.ts';
import { formatDot } from './spec-context.ts';
import { isForgettingDue, type SpecsEvent, stepSpecs } from './specs.ts';
import { createSpecs, type SpecsEffect, type SpecsState, specOf } from './specs-state.ts';

export interface SharedSpecsNeeds {
  readonly node: string;
  readonly boot: number;
  readonly clock: Clock;
  readonly recorder: Recorder;
  say(to: string | null, word: Word): boolean;
  /** Present life of each known node. */
  boots(): ReadonlyMap<string, number>;
  /** Whether this node takes children: told with the hash. */
  serving(): boolean;
  changed(ids: readonly string[]): void;
}

const noBoots: ReadonlyMap<string, number> = new Map();

export class SharedSpecs {
  private readonly needs: SharedSpecsNeeds;
  private readonly state: SpecsState;
  private readonly record: Recording<SpecsState, SpecsEvent, SpecsEffect>;
  private cancelTimer: () => void = () => {};

  constructor(needs: SharedSpecsNeeds) {
    this.needs = needs;
    this.state = createSpecs(needs.node, needs.boot);
    this.record = needs.recorder.machine(specsForm);
  }

  of(id: string): Want | null {
    const entry = specOf(this.state, id);
    return entry === null ? null : { spec: entry.spec, version: formatDot(entry), source: 'dynamic' };
  }

  /** The node that asked for this version of a child; null when another is wanted by now. */
  writerOf(id: string, version: string): string | null {
    const entry = specOf(this.state, id);
    return entry !== null && formatDot(entry) === version ? entry.node : null;
  }

  /** Compares now and then with all that are linked, for as long as there is anything to compare. */
  begin(): void {
    this.cancelTimer = this.needs.clock.timer(specsCompareMs, () => {
      const nowMs = this.needs.clock.wallMs();
      // All nodes that are known: not to be listed every second for what is done now and then.
      const boots = isForgettingDue(this.state, nowMs) ? this.needs.boots() : noBoots;
      this.apply({ type: 'tick', nowMs, boots });
      if (this.state.context.writers.size === 0 && this.needs.serving()) this.tellState(null);
      this.begin();
    });
  }

  end(): void {
    this.cancelTimer();
  }

  tellState(to: string | null): void {
    const { hashHigh, hashLow } = this.state;
    const serving = this.needs.serving();
    this.needs.say(to, { type: 'state', serving, high: hashHigh >>> 0, low: hashLow >>> 0 });
  }

  apply(event: SpecsEvent): void {
    for (const effect of this.record.step(this.state, event, stepSpecs).effects) {
      switch (effect.type) {
        case 'broadcast':
          this.needs.say(null, { type: 'delta', delta: effect.delta });
          break;
        case 'broadcast_hash':
          this.tellState(null);
          break;
        case 'send_digest':
          this.needs.say(effect.peer, { type: 'digest', digest: effect.digest });
          break;
        case 'send_exchange':
          this.needs.say(effect.peer, { type: 'exchange', exchange: effect.exchange });
          break;
        case 'changed':
          this.needs.changed(effect.ids);
          break;
      }
    }
  }
}
