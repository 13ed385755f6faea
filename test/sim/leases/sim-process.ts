/** A process of these histories: what an operating system knows of it, its clock, and its actors. */
import { ActorSystem, type Log, seededRandom } from '../../../runtime/index.ts';
import type { EventLoop, Happening, Process } from '../event-loop.ts';
import { type ProcessClock, processClock } from '../process-clock.ts';

export interface ProcessOptions {
  readonly name: string;
  readonly role: 'core' | 'poller';
  readonly boot: number;
  readonly skewMs: number;
  /** 0 to 1: where its own clock began, and its chance. */
  readonly chance: number;
  readonly log: Log;
}

export class SimProcess implements Process {
  readonly name: string;
  readonly role: 'core' | 'poller';
  readonly boot: number;
  readonly clock: ProcessClock;
  readonly system: ActorSystem;
  ended = false;
  paused = false;
  held: Happening[] = [];

  constructor(loop: EventLoop, { name, role, boot, skewMs, chance, log }: ProcessOptions) {
    this.name = name;
    this.role = role;
    this.boot = boot;
    this.clock = processClock(loop, this, Math.floor(chance * 1e9), skewMs);
    const random = seededRandom(Math.floor(chance * 2 ** 32));
    this.system = new ActorSystem({ node: name, boot, clock: this.clock, random, log });
  }
}
