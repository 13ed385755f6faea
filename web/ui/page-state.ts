/**
 * What the page knows, as a pure step over what happened to it: messages of the feed, the connection, a button. Between
 * the browser's socket and what is drawn. Knows no DOM and no time but what it is told.
 */
import { reconnectFirstMs, reconnectLastMs, rowsDrawn } from '../limits.ts';
import type {
  ChangeMessage,
  FullMessage,
  LiveMessage,
  PageCheck,
  PageCounts,
  PageNode,
  PageResult,
  PageTenant,
} from './live-message.ts';
import { newestResults } from './newest-results.ts';

/** `waiting`: lost, and tried again at `retryAtMs`. Instants are of the browser's own clock. */
export type PageConnection =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'live' }
  | { readonly phase: 'waiting'; readonly retryAtMs: number };

export interface PagePicture {
  readonly node: string;
  readonly tenant: PageTenant;
  readonly counts: PageCounts;
  readonly nodes: readonly PageNode[];
  readonly checks: ReadonlyMap<string, PageCheck>;
  /** Newest first. */
  readonly results: readonly PageResult[];
}

export interface PageState {
  readonly connection: PageConnection;
  /** Tries since the last message. */
  readonly attempts: number;
  /** When the feed was last heard; null: never. */
  readonly heardAtMs: number | null;
  /** The feed's clock minus this browser's. */
  readonly clockAheadMs: number;
  /** Null until the first full message. */
  readonly picture: PagePicture | null;
  readonly rowsWanted: number;
}

export type PageEvent =
  | { type: 'connecting' }
  /** `spread`: a chance from 0 to below 1, so that many pages do not come back at once. */
  | { type: 'lost'; nowMs: number; spread: number }
  | { type: 'message'; message: LiveMessage; nowMs: number }
  | { type: 'more_rows' };

export function newPage(): PageState {
  return {
    connection: { phase: 'connecting' },
    attempts: 0,
    heardAtMs: null,
    clockAheadMs: 0,
    picture: null,
    rowsWanted: rowsDrawn,
  };
}

export function stepPage(state: PageState, event: PageEvent): PageState {
  switch (event.type) {
    case 'connecting':
      return { ...state, connection: { phase: 'connecting' } };
    case 'lost': {
      const retryAtMs = event.nowMs + reconnectDelayMs(state.attempts, event.spread);
      return { ...state, attempts: state.attempts + 1, connection: { phase: 'waiting', retryAtMs } };
    }
    case 'message':
      return heard(state, event.message, event.nowMs);
    case 'more_rows':
      return { ...state, rowsWanted: state.rowsWanted + rowsDrawn };
  }
}

/** Doubled with every try in vain, up to the last; then shortened by up to a half. */
export function reconnectDelayMs(attempts: number, spread: number): number {
  const fullMs = Math.min(reconnectLastMs, reconnectFirstMs * 2 ** Math.min(attempts, 30));
  return Math.round(fullMs * (1 - spread / 2));
}

function heard(state: PageState, message: LiveMessage, nowMs: number): PageState {
  const picture = pictureAfter(state.picture, message);
  return {
    ...state,
    // A change without a full message before it cannot be drawn: still connecting.
    connection: picture === null ? state.connection : { phase: 'live' },
    attempts: picture === null ? state.attempts : 0,
    heardAtMs: nowMs,
    clockAheadMs: message.now_ms - nowMs,
    picture,
  };
}

function pictureAfter(picture: PagePicture | null, message: LiveMessage): PagePicture | null {
  if (message.type === 'full') return fullPicture(message);
  if (message.type === 'beat' || picture === null) return picture;
  return changedPicture(picture, message);
}

function fullPicture({ node, tenant, counts, nodes, checks, results }: FullMessage): PagePicture {
  return { node, tenant, counts, nodes, checks: new Map(checks.map((check) => [check.id, check])), results };
}

function changedPicture(picture: PagePicture, change: ChangeMessage): PagePicture {
  const { tenant, counts, nodes, checks: changed = [], removed = [], results: fresh = [] } = change;
  let { checks, results } = picture;
  if (changed.length > 0 || removed.length > 0) {
    const next = new Map(checks);
    for (const check of changed) next.set(check.id, check);
    for (const id of removed) next.delete(id);
    checks = next;
  }
  if (fresh.length > 0) {
    // A page that just came is told once more what its full message had.
    const seen = new Set(fresh.map(resultKey));
    const older = results.filter((result) => !seen.has(resultKey(result)));
    results = newestResults([...fresh, ...older]);
  }
  return {
    node: picture.node,
    tenant: tenant ?? picture.tenant,
    counts: counts ?? picture.counts,
    nodes: nodes ?? picture.nodes,
    checks,
    results,
  };
}

export function resultKey({ check_id, due_at }: PageResult): string {
  return `${check_id} ${due_at}`;
}

const severities: Readonly<Record<PageCheck['state'], number>> = { down: 0, degraded: 1, unknown: 2, up: 3 };

/** Worst first, then by name, so that the eye need not search. */
export function orderedChecks({ checks }: PagePicture): PageCheck[] {
  const severity = ({ enabled, state }: PageCheck) => (enabled ? severities[state] : 4);
  return [...checks.values()].sort(
    (a, b) => severity(a) - severity(b) || compareNames(a.name, b.name) || compareTexts(a.id, b.id),
  );
}

const roleOrder: readonly string[] = ['core', 'web', 'poller', 'agent'];

/** By role as work flows through them, then by name. */
export function orderedNodes({ nodes }: PagePicture): PageNode[] {
  const rank = ({ role }: PageNode) =>
    (roleOrder.indexOf(role) + roleOrder.length + 1) % (roleOrder.length + 1);
  return [...nodes].sort((a, b) => rank(a) - rank(b) || compareNames(a.name, b.name));
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function compareNames(a: string, b: string): number {
  return collator.compare(a, b);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
