/**
 * A session as it looked, out of its entries: pieces of text with the pause before each. Pure. What was shown came from a
 * node: nothing in it may do more to the terminal of who looks than move on, begin a new screen, or change colours.
 */
import type { Entry } from './entry.ts';

export interface ReplayStep {
  /** Since the step before; ms, as it was then. */
  readonly pauseMs: number;
  readonly text: string;
}

export function replaySteps(entries: readonly Entry[]): ReplayStep[] {
  let beforeMs: number | null = null;
  let node = '';
  return entries.flatMap((entry) => {
    node = entry.node;
    const text = textOf(entry, node);
    if (text === '') return [];
    // A clock that was set back in between makes no pause of less than nothing.
    const pauseMs = beforeMs === null ? 0 : Math.max(0, entry.at - beforeMs);
    beforeMs = entry.at;
    return [{ pauseMs, text }];
  });
}

function textOf({ event, at }: Entry, node: string): string {
  switch (event.type) {
    case 'opened': {
      const rights = event.mayWrite ? 'may write' : 'reads';
      const tenant = event.tenant === null ? '' : ` of tenant ${harmless(event.tenant)}`;
      return `[${new Date(at).toISOString()} ${harmless(event.operator)}${tenant} on ${node} from ${harmless(event.from)}, ${rights}, ${event.columns}x${event.rows}]\n`;
    }
    case 'line':
      return `${node}> ${harmless(event.text)}\n`;
    case 'output':
      return harmless(event.text);
    case 'output_cut':
      return `\n[${event.characters} characters more were shown and not kept]\n`;
    case 'ended':
      return event.code === 'ok' ? '' : `[ended: ${harmless(event.code)}]\n`;
    case 'lines_refused':
      return `[${event.lines} lines came too fast and did not run]\n`;
    case 'resized':
      return `[${event.columns}x${event.rows}]\n`;
    case 'closed':
      return `[closed: ${harmless(event.reason)}]\n`;
    default:
      return '';
  }
}

const newScreen = '\u001b[H\u001b[2J';
/** Select Graphic Rendition alone, of ECMA-48 8.3.117. */
const colour = /^\[[0-9;]{0,20}m/;

/** Control characters are shown, but for line feeds, tabs, colours and form feeds. */
function harmless(text: string): string {
  return text.replace(/\p{Cc}/gu, (control, at: number) => {
    if (control === '\n' || control === '\t') return control;
    if (control === '\f') return newScreen;
    if (control === '\u001b' && colour.test(text.slice(at + 1, at + 30))) return control;
    if (control === '\r') return '';
    return `\\x${control.codePointAt(0)!.toString(16).padStart(2, '0')}`;
  });
}
