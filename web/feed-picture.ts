/**
 * What the feed knows and what of it the pages have not been told yet. Pure but for its own state, which is changed in
 * place: the same events always give the same messages. Between the feed actor, which brings the events, and the
 * messages of `ui/live-message.ts`.
 */
import type { CheckView } from '../actors/messages.ts';
import type { Member } from '../cluster/index.ts';
import { pageChecksMax, pageTextCharactersMax, pageTroubledMax, pictureChecksMax } from './limits.ts';
import type {
  FullMessage,
  LiveMessage,
  PageCheck,
  PageCounts,
  PageNode,
  PageResult,
  PageTenant,
} from './ui/live-message.ts';
import { newestResults } from './ui/newest-results.ts';

export interface FeedPicture {
  readonly node: string;
  tenant: PageTenant;
  nodes: PageNode[];
  readonly checks: Map<string, PageCheck>;
  /** Ids of the checks that are sent to the page. */
  readonly shown: Set<string>;
  readonly counts: PageCounts;
  /** Newest first. */
  results: PageResult[];
  readonly untold: Untold;
}

/** What changed since the last message. */
interface Untold {
  all: boolean;
  tenant: boolean;
  nodes: boolean;
  counts: boolean;
  readonly checks: Set<string>;
  readonly removed: Set<string>;
  results: PageResult[];
}

export function feedPicture(node: string, slug: string): FeedPicture {
  return {
    node,
    tenant: { slug, id: null, holder: null, picture: 'none', told_at_ms: null },
    nodes: [],
    checks: new Map(),
    shown: new Set(),
    counts: noCounts(),
    results: [],
    untold: {
      all: false,
      tenant: false,
      nodes: false,
      counts: false,
      checks: new Set(),
      removed: new Set(),
      results: [],
    },
  };
}

export function takeTenant(picture: FeedPicture, tenant: Partial<PageTenant>): void {
  const next = { ...picture.tenant, ...tenant };
  if (same(next, picture.tenant)) return;
  picture.tenant = next;
  picture.untold.tenant = true;
}

export function takeMembers(picture: FeedPicture, members: readonly Member[]): void {
  const nodes = members.map(
    ({ name, role, status, address, pid, rttMs }): PageNode => ({
      name,
      role,
      status,
      address,
      pid,
      rtt_ms: rttMs === null ? null : Math.round(rttMs * 10) / 10,
    }),
  );
  if (same(nodes, picture.nodes)) return;
  picture.nodes = nodes;
  picture.untold.nodes = true;
}

/** Everything the monitor knows. Answers how many checks were too many to be kept. */
export function takeAllViews(picture: FeedPicture, views: readonly CheckView[]): number {
  const before = new Map(picture.checks);
  picture.checks.clear();
  picture.shown.clear();
  Object.assign(picture.counts, noCounts());
  // Those in trouble first, so that they have a place on the page whatever else there is.
  const ordered = [...views.filter(isTroubled), ...views.filter((view) => !isTroubled(view))];
  const kept = ordered.slice(0, pictureChecksMax);
  noteResults(
    picture,
    kept.flatMap((view) => resultOf(take(picture, view), before.get(view.id))),
  );
  picture.untold.all = true;
  return ordered.length - kept.length;
}

/** Only what changed. Answers how many checks were too many to be kept. */
export function takeViews(picture: FeedPicture, views: readonly CheckView[]): number {
  const fresh: PageResult[] = [];
  let dropped = 0;
  for (const view of views) {
    const before = picture.checks.get(view.id);
    if (before === undefined && picture.checks.size >= pictureChecksMax) dropped += 1;
    else fresh.push(...resultOf(take(picture, view), before));
  }
  noteResults(picture, fresh);
  return dropped;
}

export function dropCheck(picture: FeedPicture, id: string): void {
  const check = picture.checks.get(id);
  if (check === undefined) return;
  count(picture, check, -1);
  picture.checks.delete(id);
  picture.untold.checks.delete(id);
  if (picture.shown.delete(id)) picture.untold.removed.add(id);
}

export function fullMessage(picture: FeedPicture, nowMs: number): FullMessage {
  const { node, tenant, counts, nodes, results } = picture;
  const checks = [...picture.shown].map((id) => picture.checks.get(id)!);
  return { type: 'full', now_ms: nowMs, node, tenant, counts, nodes, checks, results };
}

export function hasUntold({ untold }: FeedPicture): boolean {
  const { all, tenant, nodes, counts, checks, removed, results } = untold;
  return all || tenant || nodes || counts || checks.size > 0 || removed.size > 0 || results.length > 0;
}

/** The message with everything that was not told yet; null when there is nothing. It counts as told from then on. */
export function takeUntold(picture: FeedPicture, nowMs: number): LiveMessage | null {
  if (!hasUntold(picture)) return null;
  const { untold } = picture;
  const message: LiveMessage = untold.all
    ? fullMessage(picture, nowMs)
    : {
        type: 'change',
        now_ms: nowMs,
        ...(untold.tenant && { tenant: picture.tenant }),
        ...(untold.counts && { counts: { ...picture.counts } }),
        ...(untold.nodes && { nodes: picture.nodes }),
        ...(untold.checks.size > 0 && { checks: [...untold.checks].map((id) => picture.checks.get(id)!) }),
        ...(untold.removed.size > 0 && { removed: [...untold.removed] }),
        ...(untold.results.length > 0 && { results: untold.results }),
      };
  Object.assign(untold, { all: false, tenant: false, nodes: false, counts: false, results: [] });
  untold.checks.clear();
  untold.removed.clear();
  return message;
}

function take(picture: FeedPicture, view: CheckView): PageCheck {
  const { checks, shown, untold } = picture;
  const known = checks.get(view.id);
  const check = pageCheck(view);
  if (known !== undefined) count(picture, known, -1);
  count(picture, check, 1);
  checks.set(check.id, check);
  const room = pageChecksMax + (isTroubled(check) ? pageTroubledMax : 0);
  if (!shown.has(check.id) && shown.size < room) shown.add(check.id);
  if (shown.has(check.id)) {
    untold.checks.add(check.id);
    untold.removed.delete(check.id);
  }
  return check;
}

/** The monitor tells states, not results; a later due instant than before is a result that was not seen yet. */
function resultOf(check: PageCheck, before: PageCheck | undefined): PageResult[] {
  const { id, name, last_due_at, last_status, last_reason, last_latency_ms } = check;
  if (last_due_at === null || last_status === null) return [];
  if (before !== undefined && before.last_due_at !== null && before.last_due_at >= last_due_at) return [];
  return [
    {
      check_id: id,
      check_name: name,
      due_at: last_due_at,
      status: last_status,
      reason: last_reason,
      latency_ms: last_latency_ms,
    },
  ];
}

/** A new holder of the tenant may tell once more of what is known. */
function noteResults(picture: FeedPicture, found: readonly PageResult[]): void {
  const fresh = newestResults(found).filter(
    (one) => !picture.results.some((old) => old.check_id === one.check_id && old.due_at === one.due_at),
  );
  if (fresh.length === 0) return;
  picture.results = newestResults([...picture.results, ...fresh]);
  picture.untold.results = newestResults([...picture.untold.results, ...fresh]);
}

/** Newest first, no more than the page shows. RFC 3339 in UTC with milliseconds sorts as text. */
function count({ counts, untold }: FeedPicture, check: PageCheck, by: 1 | -1): void {
  counts.total += by;
  if (check.enabled) counts[check.state] += by;
  else counts.disabled += by;
  untold.counts = true;
}

function noCounts(): PageCounts {
  return { up: 0, degraded: 0, down: 0, unknown: 0, disabled: 0, total: 0 };
}

function isTroubled({ enabled, state }: { enabled: boolean; state: string }): boolean {
  return enabled && (state === 'down' || state === 'degraded');
}

/** Only what the page shows: settings may hold what is nobody's business. */
function pageCheck(view: CheckView): PageCheck {
  return {
    id: view.id,
    name: cut(view.name),
    kind: view.kind,
    target: cut(view.target),
    port: view.port,
    interval_ms: view.interval_ms,
    timeout_ms: view.timeout_ms,
    enabled: view.enabled,
    state: view.state,
    flapping: view.flapping,
    since: view.since,
    last_due_at: view.last_due_at,
    last_status: view.last_status,
    last_reason: view.last_reason === null ? null : cut(view.last_reason),
    last_latency_ms: view.last_latency_ms,
  };
}

function cut(text: string): string {
  return text.length <= pageTextCharactersMax ? text : `${text.slice(0, pageTextCharactersMax - 1)}…`;
}

/** Small plain records only. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
