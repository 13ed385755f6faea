/** Draws the table of checks: those in trouble first, a bounded number of rows until more are asked for. */
import { rowsDrawn } from '../../limits.ts';
import type { PageCheck, PageTenant } from '../live-message.ts';
import { orderedChecks, type PageState } from '../page-state.ts';
import { agoText, durationText, figure, latencyText, nextText, reasonText, targetText } from '../words.ts';
import { bodyOf, byId, cell, element, keyedRows, type Row, setAttribute, setText } from './elements.ts';

interface Shown {
  check: PageCheck;
  tenant: PageTenant;
  nowMs: number;
}

export function checksDrawer(onMore: () => void): (state: PageState, nowMs: number) => void {
  const rows = keyedRows<Shown>(bodyOf('checks'), ({ check }) => check.id, checkRow);
  const more = byId('more');
  const empty = byId('checks-empty');
  let emptyFor = '';
  more.addEventListener('click', onMore);
  return ({ picture, rowsWanted }, nowMs) => {
    if (picture === null) return;
    const { tenant, counts } = picture;
    const ordered = orderedChecks(picture);
    const drawn = ordered.slice(0, rowsWanted);
    rows.draw(drawn.map((check) => ({ check, tenant, nowMs })));
    const hidden = ordered.length - drawn.length;
    setAttribute(more, 'hidden', hidden > 0 ? null : '');
    setText(more, `Show ${figure(Math.min(hidden, rowsDrawn))} more`);
    setText(byId('checks-aside'), asideText(counts.total, counts.disabled, ordered.length));
    const emptyNow = ordered.length > 0 ? '' : tenant.picture === 'none' ? 'unheard' : 'none';
    if (emptyNow !== emptyFor) empty.replaceChildren(...emptyWords(emptyNow, tenant.slug));
    emptyFor = emptyNow;
  };
}

function asideText(total: number, disabled: number, sent: number): string {
  if (total === 0) return '';
  const parts = [figure(total)];
  if (disabled > 0) parts.push(`${figure(disabled)} disabled`);
  if (sent < total) parts.push(`the page lists ${figure(sent)} of them`);
  return parts.join(', ');
}

function emptyWords(why: string, slug: string): (HTMLElement | string)[] {
  if (why === 'unheard') return ['The checks are known when a core holds the tenant.'];
  if (why === '') return [];
  const example = `picket check add --tenant ${slug} --name web --kind http --target http://127.0.0.1:8080/`;
  return ['No checks yet. Add the first one:', element('code', '', example)];
}

function checkRow(): Row<Shown> {
  const state = element('span', 'state');
  const flapping = element('span', 'flapping', 'flapping');
  const name = element('div', 'name clamp');
  const kind = element('span', 'kind');
  const target = element('span', 'target');
  const result = element('div', '');
  const reason = element('div', 'under clamp');
  const latency = element('span', '');
  const since = element('span', '');
  const next = element('span', '');
  const root = element(
    'tr',
    '',
    cell('', null, state, flapping),
    cell('', null, name, element('div', 'under clamp', kind, target)),
    cell('', null, result, reason),
    cell('figure', 'latency', latency),
    cell('figure', 'since', since),
    cell('figure', 'next', next),
  );
  return {
    root,
    update({ check, tenant, nowMs }) {
      state.dataset.tone = check.enabled ? check.state : 'unknown';
      setText(state, check.enabled ? check.state : 'disabled');
      flapping.hidden = !check.flapping || !check.enabled;
      setText(name, check.name);
      setAttribute(name, 'title', check.name);
      setText(kind, check.kind);
      setText(target, targetText(check));
      setAttribute(target, 'title', targetText(check));
      setText(result, resultText(check, nowMs));
      setAttribute(result, 'title', check.last_due_at);
      setText(reason, reasonText(check.last_status, check.last_reason));
      setAttribute(reason, 'title', check.last_reason);
      setText(latency, latencyText(check.last_latency_ms));
      setText(since, check.since === null ? '–' : durationText(nowMs - Date.parse(check.since)));
      setAttribute(since, 'title', check.since);
      const nextDue = nextText(check, tenant, nowMs);
      setText(next, nextDue);
      next.classList.toggle('late', nextDue.startsWith('late'));
    },
  };
}

function resultText({ last_status: status, last_due_at: dueAt }: PageCheck, nowMs: number): string {
  return status === null || dueAt === null ? 'no result yet' : `${status}, ${agoText(dueAt, nowMs)}`;
}
