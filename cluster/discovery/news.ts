/**
 * What discovery says in the log: that the addresses changed, which of them do not answer, that the source fails or works
 * again. Once per change and never per try, and not more often than `newsMs` whatever the network does. Pure.
 */

import { type DiscoveryState, type Hint, isLinked } from './hints.ts';
import { newsAddressesMax, newsMs } from './limits.ts';

export interface Said {
  type: 'say';
  level: 'info' | 'warn';
  message: string;
  fields: Readonly<Record<string, unknown>>;
}

/** What is to be said now; empties the news. */
export function tellNews(state: DiscoveryState, nowMs: number): Said[] {
  const { news, source } = state;
  if ((!news.listed && !news.touched) || nowMs < news.saidMs + newsMs) return [];
  const said: Said[] = [];
  if (news.listed) {
    const { added, gone, dropped } = news;
    const fields = {
      source: source.title,
      addresses: state.hints.size,
      ...(added.length > 0 && { added: sample(added) }),
      ...(gone.length > 0 && { gone: sample(gone) }),
      ...(dropped > 0 && { dropped }),
    };
    const level = dropped > 0 ? 'warn' : 'info';
    const message =
      dropped > 0 ? 'discovery has more addresses than are kept' : 'discovery has other addresses';
    said.push({ type: 'say', level, message, fields });
    news.added = [];
    news.gone = [];
    news.listed = false;
  }
  const failing = tellFailing(state);
  if (failing !== null) said.push(failing);
  if (said.length > 0) news.saidMs = nowMs;
  return said;
}

/** When there will be something to say that is not said yet for its hurry; infinite when nothing waits. */
export function newsDueMs({ news }: DiscoveryState): number {
  return news.listed || news.touched ? news.saidMs + newsMs : Number.POSITIVE_INFINITY;
}

/** Waits until every address was tried: what is not known yet is no news. */
function tellFailing(state: DiscoveryState): Said | null {
  const { hints, news, source } = state;
  if (!news.touched) return null;
  const failing: Hint[] = [];
  for (const hint of hints.values()) {
    if (isLinked(state, hint)) continue;
    if (hint.problem !== null) failing.push(hint);
    else if (hint.attempts === 0) {
      news.touched = false;
      return null;
    }
  }
  news.touched = false;
  const addresses = failing.map(({ address }) => address).sort();
  const key = addresses.join(' ');
  if (key === news.failing) return null;
  news.failing = key;
  const fields = { source: source.title, addresses: hints.size };
  if (failing.length === 0)
    return { type: 'say', level: 'info', message: 'every address of discovery answers', fields };
  const codes = [...new Set(failing.map(({ problem }) => problem))].sort();
  return {
    type: 'say',
    level: 'warn',
    message: 'addresses of discovery do not answer',
    fields: { ...fields, failing: failing.length, codes, which: sample(addresses) },
  };
}

function sample(addresses: readonly string[]): readonly string[] {
  if (addresses.length <= newsAddressesMax) return addresses;
  return [...addresses.slice(0, newsAddressesMax), `and ${addresses.length - newsAddressesMax} more`];
}
