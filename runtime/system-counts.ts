/** What an actor system counts since its start, for the status, the metrics and whoever looks on. */
import type { WhenFull } from './definition.ts';

export interface SystemCounts {
  actors: number;
  deadLetters: number;
  /** Messages that a full mailbox did not keep, under whichever policy, and by policy. */
  refused: number;
  full: Readonly<Record<WhenFull, number>>;
  crashes: number;
  /** Children that their supervisors started again. */
  restarts: number;
  zombies: number;
  yields: number;
}
