/** What a scheduler holds beside its accounting: who can run jobs, who has which, and what waits. */
import type { Dispatch } from './job.ts';
import { platformTenant, type SchedulerStart } from './messages.ts';
import { type Accounting, accounting } from './open-instants.ts';
import { Roster } from './roster.ts';

export interface SchedulerState {
  start: SchedulerStart;
  accounting: Accounting;
  pollers: Roster;
  /** Who has how many of ours: taken back when a row for the instant is given out. */
  handed: Map<string, string>;
  timer: number | null;
  /** Dispatches that no poller was there for yet. */
  parked: Dispatch[];
  /** When a poller was last there to be chosen. */
  hadPollerMs: number;
  looking: boolean;
}

export function newState(start: SchedulerStart, nowMs: number): SchedulerState {
  return {
    start,
    accounting: accounting(),
    pollers: new Roster('poller', [platformTenant, start.tenantId]),
    handed: new Map(),
    timer: null,
    parked: [],
    hadPollerMs: nowMs,
    looking: false,
  };
}
