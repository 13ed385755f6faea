/**
 * What goes over the page's WebSocket, from the feed to the browser; nothing goes the other way. Both sides import it,
 * so it imports no more than the words of a check. Instants are RFC 3339 texts, `now_ms` is the feed's wall clock.
 */
import type { CheckKind, CheckState, ResultStatus } from '../../actors/ports/check.ts';

export interface PageNode {
  name: string;
  role: string;
  status: 'up' | 'suspect' | 'down' | 'left';
  address: string;
  pid: number | null;
  rtt_ms: number | null;
}

export interface PageCheck {
  id: string;
  name: string;
  kind: CheckKind;
  target: string;
  port: number | null;
  interval_ms: number;
  timeout_ms: number;
  enabled: boolean;
  state: CheckState;
  flapping: boolean;
  since: string | null;
  last_due_at: string | null;
  last_status: ResultStatus | null;
  last_reason: string | null;
  last_latency_ms: number | null;
}

export interface PageResult {
  check_id: string;
  check_name: string;
  due_at: string;
  status: ResultStatus;
  reason: string | null;
  latency_ms: number | null;
}

export interface PageTenant {
  slug: string;
  /** Null until the store has told. */
  id: string | null;
  /** The node of the core that holds the tenant; null: none does at the moment. */
  holder: string | null;
  /** The feed was never told, is told by the present holder, or was told by an earlier one. */
  picture: 'none' | 'current' | 'stale';
  /** When the feed was last told. */
  told_at_ms: number | null;
}

/** Of all checks, also those that are not sent. */
export type PageCounts = Record<CheckState, number> & { disabled: number; total: number };

export interface FullMessage {
  type: 'full';
  now_ms: number;
  /** The node that serves the page. */
  node: string;
  tenant: PageTenant;
  counts: PageCounts;
  nodes: PageNode[];
  checks: PageCheck[];
  /** Newest first. */
  results: PageResult[];
}

/** What is not named did not change. `results` are the new ones, newest first. */
export interface ChangeMessage {
  type: 'change';
  now_ms: number;
  tenant?: PageTenant;
  counts?: PageCounts;
  nodes?: PageNode[];
  checks?: PageCheck[];
  removed?: string[];
  results?: PageResult[];
}

export interface BeatMessage {
  type: 'beat';
  now_ms: number;
}

export type LiveMessage = FullMessage | ChangeMessage | BeatMessage;
