/**
 * Which results a page shows: the newest, in one order for the feed and the browser, so that both keep the same ones also
 * where many are of one instant. Pure.
 */
import { pageResultsMax } from '../limits.ts';
import type { PageResult } from './live-message.ts';

/** Newest first, those of one instant by their check; at most `pageResultsMax`. No two of one check and instant. */
export function newestResults(results: readonly PageResult[]): PageResult[] {
  return [...results].sort(byInstant).slice(0, pageResultsMax);
}

function byInstant(a: PageResult, b: PageResult): number {
  if (a.due_at !== b.due_at) return a.due_at < b.due_at ? 1 : -1;
  if (a.check_id === b.check_id) return 0;
  return a.check_id < b.check_id ? -1 : 1;
}
