/**
 * The page's sentences and figures, pure: durations, latencies, what the whole says at a glance, and what is read out
 * when a state changes. Texts only; where they stand is decided in `browser/`.
 */
import type { CheckState, ResultStatus } from '../../actors/ports/check.ts';
import { announcedMax, lateAfterMs } from '../limits.ts';
import type { PageCheck, PageNode, PageTenant } from './live-message.ts';
import type { PageConnection, PagePicture, PageState } from './page-state.ts';

/** `0 s`, `42 s`, `3 min`, `5 h`, `12 d`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

/** How long ago an RFC 3339 instant was. */
export function agoText(at: string, nowMs: number): string {
  const ms = nowMs - Date.parse(at);
  return ms < 1_000 ? 'now' : `${durationText(ms)} ago`;
}

/** Three figures that matter: `0.42 ms`, `4.2 ms`, `42 ms`, `1.24 s`. */
export function latencyText(ms: number | null): string {
  if (ms === null) return '–';
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(2)} s`;
  return `${ms.toFixed(ms >= 10 ? 0 : ms >= 1 ? 1 : 2)} ms`;
}

export function targetText({ target, port, kind }: PageCheck): string {
  if (port === null || kind === 'http') return target;
  return target.includes(':') ? `[${target}]:${port}` : `${target}:${port}`;
}

/** Why a result is what it is, where its status does not say it already. */
export function reasonText(status: ResultStatus | null, reason: string | null): string {
  return reason === null || reason === status ? '' : reason;
}

/** When the next result is due, told from the last: `in 4 s`, `now`, `late 12 s`. */
export function nextText(check: PageCheck, tenant: PageTenant, nowMs: number): string {
  if (!check.enabled || tenant.holder === null) return '–';
  if (check.last_due_at === null) return 'soon';
  const leftMs = Date.parse(check.last_due_at) + check.interval_ms - nowMs;
  if (leftMs >= 1_000) return `in ${durationText(leftMs)}`;
  const lateMs = -leftMs - check.timeout_ms - lateAfterMs;
  return lateMs <= 0 ? 'now' : `late ${durationText(-leftMs)}`;
}

export type Tone = CheckState;

export interface Verdict {
  readonly tone: Tone;
  readonly title: string;
  readonly detail: string;
}

/** What the whole says at a glance. Unseen or unwatched is never `up`, whatever was known last. */
export function verdictOf(picture: PagePicture | null, connection: PageConnection): Verdict {
  if (picture === null)
    return { tone: 'unknown', title: 'Connecting', detail: 'Asking the cluster how it is.' };
  const known = pictureVerdict(picture);
  if (connection.phase === 'live') return known;
  return { tone: 'unknown', title: 'Connection lost', detail: `Last known: ${known.title}. ${known.detail}` };
}

function pictureVerdict({ tenant, counts, nodes }: PagePicture): Verdict {
  const detail = `${holderText(tenant)} ${nodesText(nodes)}`;
  if (tenant.holder === null) return { tone: 'unknown', title: 'Nobody is watching', detail };
  if (tenant.picture !== 'current') return { tone: 'unknown', title: 'Reading the checks', detail };
  const { total, disabled, down, degraded, unknown } = counts;
  const active = total - disabled;
  if (total === 0) return { tone: 'unknown', title: 'No checks yet', detail };
  if (active === 0) return { tone: 'unknown', title: 'All checks are disabled', detail };
  if (down > 0) return { tone: 'down', title: `${shareText(down, active)} down`, detail };
  if (degraded > 0) return { tone: 'degraded', title: `${shareText(degraded, active)} degraded`, detail };
  if (unknown > 0) return { tone: 'unknown', title: `${shareText(unknown, active)} unknown`, detail };
  return {
    tone: 'up',
    title: active === 1 ? 'The check is up' : `All ${figure(active)} checks are up`,
    detail,
  };
}

function shareText(some: number, all: number): string {
  if (all === 1) return 'The check is';
  if (some === all) return `All ${figure(all)} checks are`;
  return `${figure(some)} of ${figure(all)} checks ${some === 1 ? 'is' : 'are'}`;
}

function nodesText(nodes: readonly PageNode[]): string {
  // A node that left was asked to.
  const expected = nodes.filter(({ status }) => status !== 'left');
  const up = expected.filter(({ status }) => status === 'up').length;
  if (up === expected.length) return up === 1 ? 'The only node is up.' : `All ${figure(up)} nodes are up.`;
  return `${figure(up)} of ${figure(expected.length)} nodes ${up === 1 ? 'is' : 'are'} up.`;
}

function holderText({ slug, id, holder }: PageTenant): string {
  if (id === null) return `Tenant ${slug} is not known to the store yet.`;
  return holder === null ? `No core holds tenant ${slug}.` : `Tenant ${slug} is held by ${holder}.`;
}

/** Whole numbers with thin spaces between thousands, so that they stay one word. */
export function figure(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

export function connectionText(connection: PageConnection, nowMs: number): string {
  if (connection.phase === 'live') return 'Live';
  if (connection.phase === 'connecting') return 'Connecting';
  const leftMs = connection.retryAtMs - nowMs;
  return leftMs < 1_000 ? 'Reconnecting' : `Reconnecting in ${durationText(leftMs)}`;
}

/** What stands between the reader and the truth right now, most telling first. Empty when nothing does. */
export function noticesOf(
  picture: PagePicture | null,
  connection: PageConnection,
  heardAtMs: number | null,
  nowMs: number,
): string[] {
  const notices: string[] = [];
  if (connection.phase === 'waiting') {
    const since =
      heardAtMs === null
        ? 'Nothing was heard yet.'
        : `What you see is from ${durationText(nowMs - heardAtMs)} ago.`;
    notices.push(`The connection to this node is lost. ${since}`);
  }
  if (picture?.tenant.id != null && picture.tenant.holder === null) {
    const known = picture.tenant.picture === 'none' ? '' : ' Until then the last known states are shown.';
    notices.push(`No core holds the tenant right now: nothing is checked until one takes it over.${known}`);
  }
  return notices;
}

/** What changed between two states of the page, for those who listen to it; null when nothing worth a word did. */
export function announcementOf(before: PageState, after: PageState): string | null {
  const said: string[] = [];
  const wasLive = before.connection.phase === 'live';
  if (wasLive && after.connection.phase === 'waiting') said.push('The connection is lost');
  if (!wasLive && before.heardAtMs !== null && after.connection.phase === 'live')
    said.push('The connection is back');
  if (before.picture !== null && after.picture !== null) {
    const { tenant } = after.picture;
    if (before.picture.tenant.holder !== tenant.holder) said.push(holderText(tenant).slice(0, -1));
    const changes = changedStates(before.picture, after.picture);
    said.push(...changes.slice(0, announcedMax));
    const more = changes.length - announcedMax;
    if (more > 0) said.push(`${figure(more)} more changed`);
  }
  return said.length === 0 ? null : `${said.join('. ')}.`;
}

function changedStates(before: PagePicture, after: PagePicture): string[] {
  const changes: string[] = [];
  for (const check of after.checks.values()) {
    const known = before.checks.get(check.id);
    if (known !== undefined && known.state !== check.state) changes.push(`${check.name} is ${check.state}`);
  }
  return changes;
}
