/** Draws the last results, newest first. */
import type { ResultStatus } from '../../../actors/ports/check.ts';
import type { PageResult } from '../live-message.ts';
import { type PageState, resultKey } from '../page-state.ts';
import { agoText, latencyText, reasonText, type Tone } from '../words.ts';
import { bodyOf, byId, cell, element, keyedRows, type Row, setAttribute, setText } from './elements.ts';

interface Shown {
  result: PageResult;
  nowMs: number;
}

const tones: Readonly<Record<ResultStatus, Tone>> = {
  success: 'up',
  warning: 'degraded',
  critical: 'down',
  timeout: 'down',
  unknown: 'unknown',
  skipped: 'unknown',
};

export function resultsDrawer(): (state: PageState, nowMs: number) => void {
  const rows = keyedRows<Shown>(bodyOf('results'), ({ result }) => resultKey(result), resultRow);
  return ({ picture }, nowMs) => {
    if (picture === null) return;
    const { results } = picture;
    rows.draw(results.map((result) => ({ result, nowMs })));
    setText(byId('results-aside'), results.length === 0 ? '' : 'newest first');
    setText(byId('results-empty'), results.length === 0 ? 'No results yet.' : '');
  };
}

function resultRow(): Row<Shown> {
  const status = element('span', 'state');
  const name = element('div', 'line');
  const reason = element('div', 'under line');
  const latency = element('span', '');
  const due = element('span', '');
  const root = element(
    'tr',
    'fresh',
    cell('', null, status),
    cell('', null, name, reason),
    cell('figure', null, latency),
    cell('figure', null, due),
  );
  return {
    root,
    update({ result, nowMs }) {
      status.dataset.tone = tones[result.status];
      setText(status, result.status);
      setText(name, result.check_name);
      setAttribute(name, 'title', result.check_name);
      setText(reason, reasonText(result.status, result.reason));
      setAttribute(reason, 'title', result.reason);
      setText(latency, latencyText(result.latency_ms));
      setText(due, agoText(result.due_at, nowMs));
      setAttribute(due, 'title', result.due_at);
    },
  };
}
