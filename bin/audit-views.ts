/** Sessions and their entries as the command line prints them: instants in RFC 3339 with milliseconds. */
import { type ArchivedSession, type Entry, isFault, readEntry } from '../shell/index.ts';
import { instant } from './views.ts';

export interface SessionView {
  session: string;
  node: string;
  operator: string | null;
  tenant: string | null;
  from: string | null;
  may_write: boolean | null;
  opened_at: string | null;
  lines: number;
  last_at: string;
  /** Why it ended; null: it is open, or its node died. */
  closed: string | null;
}

export function sessionView({ node, session, line, lines, lastAtMs, closed }: ArchivedSession): SessionView {
  const opened = entryOf(line);
  const event = opened?.event.type === 'opened' ? opened.event : null;
  const end = closed === null ? null : entryOf(closed);
  return {
    session,
    node,
    operator: event?.operator ?? null,
    tenant: event?.tenant ?? null,
    from: event?.from ?? null,
    may_write: event?.mayWrite ?? null,
    opened_at: opened === null ? null : instant(opened.at),
    lines,
    last_at: instant(lastAtMs),
    closed: end?.event.type === 'closed' ? end.event.reason : null,
  };
}

/** Null: the database holds something else there, as `picket audit verify` says. */
export function entryOf(line: string): Entry | null {
  const read = readEntry(line);
  return isFault(read) ? null : read.entry;
}

export function entryView(entry: Entry) {
  const { node, boot, seq, at, session, event } = entry;
  return { node, boot, seq, at: instant(at), session, ...event };
}
