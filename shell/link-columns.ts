/**
 * The columns in which links are shown: few and narrow, for a terminal of 100 characters, and all of them. Pure. The shell's command
 * and `picket links` show the same; programs get every figure from `--json`.
 */
import type { LinkView } from '../cluster/index.ts';
import type { Cell } from './answer-rows.ts';
import { showAge } from './read-amount.ts';

type Columns = Readonly<Record<string, (link: LinkView) => Cell>>;

/** `nowMs`: wall clock. What is seldom more than nothing stands in one column, of links of which there is something to say. */
export function shortLinkColumns(nowMs: number): Columns {
  return {
    NAME: (one) => one.name,
    ROLE: (one) => one.role,
    STATE: (one) => one.state,
    'DIALLED BY US/IT': (one) => `${one.dialled ? 'us' : 'it'} ${one.address}`,
    FOR: (one) => showAge(nowMs - Date.parse(one.since)),
    'RTT MS': (one) => one.rttMs,
    'KIB IN/OUT': (one) => `${kib(one.bytesIn)}/${kib(one.bytesOut)}`,
    NOTES: notesOf,
  };
}

export const wideLinkColumns: Columns = {
  NAME: (one) => one.name,
  ROLE: (one) => one.role,
  STATE: (one) => one.state,
  DIALLED: (one) => (one.dialled ? 'by us' : 'by it'),
  ADDRESS: (one) => one.address,
  SINCE: (one) => one.since,
  'RTT MS': (one) => one.rttMs,
  'FRAMES IN/OUT': (one) => `${one.framesIn}/${one.framesOut}`,
  'BYTES IN/OUT': (one) => `${one.bytesIn}/${one.bytesOut}`,
  QUEUED: (one) => one.queuedBytes,
  REFUSED: (one) => one.refused,
  FENCED: (one) => (one.tenant === null ? null : fencedOf(one)),
};

function notesOf(link: LinkView): string {
  const fenced = fencedOf(link);
  const notes = [
    ...(link.queuedBytes > 0 ? [`${kib(link.queuedBytes)} KiB queued`] : []),
    ...(link.refused > 0 ? [`${link.refused} refused`] : []),
    ...(fenced > 0 ? [`${fenced} fenced`] : []),
  ];
  return notes.join(', ');
}

function fencedOf({ fenced }: LinkView): number {
  return Object.values(fenced).reduce((sum, one) => sum + one, 0);
}

function kib(bytes: number): number {
  return Math.ceil(bytes / 1_024);
}
