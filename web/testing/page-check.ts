/** A check as the page is told of it, for tests: enabled, up, and nothing heard of it yet unless they say otherwise. */
import type { PageCheck } from '../ui/live-message.ts';

export function pageCheck(id: string, changes: Partial<PageCheck> = {}): PageCheck {
  return {
    id,
    name: id,
    kind: 'tcp',
    target: '192.0.2.1',
    port: 80,
    interval_ms: 5_000,
    timeout_ms: 2_000,
    enabled: true,
    state: 'up',
    flapping: false,
    since: null,
    last_due_at: null,
    last_status: null,
    last_reason: null,
    last_latency_ms: null,
    ...changes,
  };
}
