/**
 * The shell of the split's watch: looks at membership whenever it is asked to, records what it saw, and tells of a split and
 * of its end. Between membership's shell and the log.
 */
import type { Clock, Recorder, Recording } from '../runtime/index.ts';
import type { MembershipState } from './membership-peer.ts';
import { splitForm } from './record-split.ts';
import {
  lookFor,
  noSplit,
  type Split,
  type SplitEvent,
  type SplitLook,
  type SplitWatch,
  watchSplit,
} from './split.ts';

interface SplitNeeds {
  readonly clock: Clock;
  readonly recorder: Recorder;
  log(level: 'info' | 'warn', message: string, fields: Record<string, unknown>): void;
  /** What `present` answers is another. */
  told(): void;
}

export class SplitVigil {
  private readonly needs: SplitNeeds;
  private readonly record: Recording<SplitWatch, SplitLook, SplitEvent>;
  private watch: SplitWatch = noSplit;
  private sinceMs = 0;

  constructor(needs: SplitNeeds) {
    this.needs = needs;
    this.record = needs.recorder.machine(splitForm);
  }

  present(): (Split & { sinceMs: number }) | null {
    const { told } = this.watch;
    return told === null ? null : { ...told, sinceMs: this.sinceMs };
  }

  look(state: MembershipState, nowMs: number): void {
    const look = lookFor(this.watch, state, nowMs);
    const { state: watch, effects } = this.record.step(this.watch, look, watchSplit);
    this.watch = watch;
    for (const effect of effects) this.tell(effect);
  }

  private tell(event: SplitEvent): void {
    const { log, clock } = this.needs;
    if (event.type === 'healed') {
      log('info', 'the split is over', { back: event.back, lost: event.lost });
    } else {
      this.sinceMs = clock.wallMs();
      log('warn', 'the network is split', { here: event.split.here, there: event.split.there });
    }
    this.needs.told();
  }
}
