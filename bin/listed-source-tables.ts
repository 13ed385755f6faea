/** Sources and their runs for a person: tables and lines. */
import { showDuration } from './durations.ts';
import type { ListedSourceView, ListingView } from './listed-source-views.ts';
import { table } from './table.ts';

export function showSources(rows: readonly ListedSourceView[]): string {
  return table(
    [
      'NAME',
      'KIND',
      'ENDPOINT',
      'PARTITION',
      'LISTED BY',
      'EVERY',
      'STATE',
      'LAST RUN',
      'AT',
      'DEVICES',
      'ID',
    ],
    rows.map((row) => [
      ...[row.name, row.kind, row.endpoint, row.partition, row.agent ?? 'core', everyOf(row), stateOf(row)],
      ...[row.last_run?.code ?? '', row.last_run?.ended_at ?? '', row.last_complete?.listed ?? '', row.id],
    ]),
  );
}

const everyOf = ({ interval_ms }: ListedSourceView) =>
  interval_ms === null ? 'by hand' : showDuration(interval_ms);

function stateOf({ running, enabled, breaker }: ListedSourceView): string {
  if (running !== null) return `page ${running.page}`;
  if (!enabled) return 'disabled';
  return breaker.state === 'closed' ? 'enabled' : `left alone until ${breaker.until ?? 'its trial ends'}`;
}

export function showOne(row: ListedSourceView): string {
  const { running, last_run, last_complete, blacklist, breaker, ...rest } = row;
  const fields: [string, string | number | boolean | null][] = Object.entries(rest);
  fields.push(
    ['blacklist', blacklist.join(', ')],
    ['breaker', breaker.state],
    ['breaker_until', breaker.until],
  );
  if (running !== null)
    fields.push(['running', `page ${running.page}, ${running.devices} devices, by ${running.by}`]);
  fields.push(['last_run', showRun(last_run)], ['last_complete', showRun(last_complete)]);
  return table(['FIELD', 'VALUE'], fields);
}

/** One line for a person. */
export function showRun(run: ListingView | null): string {
  if (run === null) return '';
  if (run.outcome === 'aborted')
    return `${run.ended_at}: aborted at page ${run.page}, ${run.code}: ${run.detail}; nothing of it is kept, nothing is retracted`;
  const beside = [
    ...(run.blacklisted > 0 ? [`${run.blacklisted} left out`] : []),
    ...(run.bad > 0 ? [`${run.bad} without an id`] : []),
    ...(run.unconfirmed > 0 ? [`${run.unconfirmed} absent but still there`] : []),
  ];
  const text = [`${run.listed} devices on ${run.pages} pages`, `${run.retracted} retracted`, ...beside].join(
    ', ',
  );
  return `${run.ended_at}: complete, ${text}; document ${run.document_id}`;
}
