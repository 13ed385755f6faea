/** What a replay tells: decisions, reasons, where it went another way, and its counts. Between the replay and its users. */
import type { ReplayForm } from './recorder-form.ts';
import type { GapLine } from './recorder-line.ts';

// biome-ignore lint/suspicious/noExplicitAny: forms of different machines in one list; each is used with its own states only.
export type AnyReplayForm = ReplayForm<any, any, any>;

/** One effect of one entry. */
export interface Decision {
  readonly node: string;
  readonly boot: number;
  readonly n: number;
  /** Wall clock, Unix milliseconds. */
  readonly atMs: number;
  readonly machine: string;
  readonly event: string;
  readonly effect: string;
  readonly text: string;
}

/** Why the subject that was asked about is as it is. */
export interface Reason {
  readonly node: string;
  readonly boot: number;
  readonly n: number;
  readonly atMs: number;
  readonly machine: string;
  readonly text: string;
}

export interface Mismatch {
  readonly node: string;
  readonly machine: string;
  /** `effects` of an entry, or the `state` at a checkpoint after it. */
  readonly what: 'effects' | 'state';
  readonly n: number;
  readonly expected: string;
  readonly got: string;
}

export interface ReplayCounts {
  machines: number;
  /** Entries that were stepped and compared. */
  stepped: number;
  /** Entries that follow from no state that is kept. */
  notStepped: number;
  /** Checkpoints that a stepped state was compared with. */
  checkpoints: number;
  /** Events that were never recorded, as far as the record tells. */
  leftOut: number;
}

export interface ReplayTold {
  readonly decisions: Decision[];
  readonly reasons: Reason[];
  readonly mismatches: Mismatch[];
  readonly gaps: (GapLine & { readonly node: string })[];
  readonly counts: ReplayCounts;
}

export interface ReplayOptions {
  /** Entries after this instant (Unix milliseconds) are not stepped. */
  readonly untilMs?: number;
  readonly explain?: string;
}
