/**
 * What was asked of the cluster and what came of it: every call, message, name and monitor of a history, written by the
 * load (load.ts) and the actors (worker.ts), read by the checks (checks/). Says itself only what can be judged on the
 * spot.
 */
import type { Metadata, RegistryKey } from '../../cluster/index.ts';
import type { Ref } from '../../runtime/index.ts';
import type { Life } from './life.ts';

export interface CallRecord {
  readonly life: Life;
  readonly what: string;
  /** Text only when something is wrong. */
  readonly target: Ref | string;
  /** The node that was asked. */
  readonly to: string;
  readonly askedAtMs: number;
  readonly timeoutMs: number;
  endedAtMs: number | null;
}

export interface HeldName {
  readonly key: RegistryKey;
  readonly ref: Ref;
  metadata: Metadata;
}

export interface MonitorRecord {
  readonly life: Life;
  readonly monitor: number;
  readonly target: Ref;
  readonly sinceMs: number;
  downs: number;
  forgotten: boolean;
}

/** What one life sent to one actor, and what came. */
export interface Stream {
  readonly from: Life;
  readonly to: Ref;
  sent: number;
  /** Highest that arrived. */
  heard: number;
  /** Those that have not arrived, with how often either side had lost its link when they were sent. */
  underWay: { readonly sequence: number; readonly losses: number; readonly sentAtMs: number }[];
}

/** A holder was told that it has lost its name. */
export interface Conflict {
  readonly atMs: number;
  readonly key: string;
  readonly life: Life;
  /** Who held it then, as the loser saw it. */
  readonly against: Life | undefined;
}

/** How often the link between the two was lost, as either side saw it. */
export function lossesOf(stream: Stream, to: Life | undefined): number {
  return (stream.from.losses.get(stream.to.node) ?? 0) + (to?.losses.get(stream.from.name) ?? 0);
}

export class Ledger {
  readonly openCalls = new Set<CallRecord>();
  readonly streams = new Map<string, Stream>();
  readonly monitors = new Map<string, MonitorRecord>();
  /** The highest boot of a sender that each life has heard. */
  readonly bootsHeard = new Map<string, number>();
  /** Since they were last looked at. */
  readonly conflicts: Conflict[] = [];
  counts = {
    calls: 0,
    answered: 0,
    failed: 0,
    casts: 0,
    told: 0,
    names: 0,
    monitors: 0,
    downs: 0,
    conflicts: 0,
  };
}
