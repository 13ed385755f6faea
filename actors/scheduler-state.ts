/** What a scheduler holds beside its accounting: who can run jobs, who has which, and what waits. */
import { CheckTraces } from './check-trace.ts';
import { EdgeAgents } from './edge-agents.ts';
import type { HandedOut } from './handing.ts';
import type { Dispatch } from './job.ts';
import { platformTenant, type SchedulerStart } from './messages.ts';
import { type Accounting, accounting } from './open-instants.ts';
import { Roster } from './roster.ts';

export interface SchedulerState {
  start: SchedulerStart;
  accounting: Accounting;
  pollers: Roster;
  /** The tenant's agents in its own networks. */
  edge: EdgeAgents;
  /** Who has how many of ours: taken back when a row for the instant is given out. */
  handed: HandedOut;
  traces: CheckTraces;
  timer: number | null;
  /** Dispatches that no poller was there for yet. */
  parked: Dispatch[];
  /** When a poller was last there to be chosen. */
  hadPollerMs: number;
  looking: boolean;
  /** Edge agents are gone, and what they had is handed out in a moment. */
  losing: boolean;
}

export function newState(start: SchedulerStart, nowMs: number): SchedulerState {
  return {
    start,
    accounting: accounting(),
    pollers: new Roster('poller', [platformTenant, start.tenantId]),
    edge: new EdgeAgents(),
    handed: new Map(),
    traces: new CheckTraces(),
    timer: null,
    parked: [],
    hadPollerMs: nowMs,
    looking: false,
    losing: false,
  };
}
