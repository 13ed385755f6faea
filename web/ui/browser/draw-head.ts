/** Draws what stands above the tables: the connection, the notices, and what the whole says at a glance. */
import type { PageState } from '../page-state.ts';
import { connectionText, figure, noticesOf, verdictOf } from '../words.ts';
import { byId, element, setText } from './elements.ts';

/** What they show is only as fresh as what the holder of the tenant tells. */
const watchedParts = ['checks', 'results', 'tiles'] as const;

export function headDrawer(): (state: PageState, nowMs: number) => void {
  const verdict = byId('verdict');
  const tones = ['down', 'degraded', 'unknown', 'up'] as const;
  const tiles = tones.map((tone) => ({ tone, count: byId(`count-${tone}`) }));
  let told = '';
  return ({ connection, heardAtMs, picture }, nowMs) => {
    document.body.dataset.connection = connection.phase;
    // Connecting again is still not seeing.
    const seen = connection.phase === 'live';
    const watched = seen && picture?.tenant.picture === 'current';
    for (const part of watchedParts) byId(part).classList.toggle('old', !watched);
    byId('nodes').classList.toggle('old', !seen);
    setText(byId('connection'), connectionText(connection, nowMs));
    const { tone, title, detail } = verdictOf(picture, connection);
    verdict.dataset.tone = tone;
    setText(byId('verdict-title'), title);
    setText(byId('verdict-detail'), detail);
    setText(byId('tenant'), picture?.tenant.slug ?? '');
    document.title = picture === null ? 'Picket' : `${title} – Picket`;
    const known = picture !== null && picture.tenant.picture !== 'none';
    for (const { tone: name, count } of tiles) {
      const some = picture?.counts[name] ?? 0;
      setText(count, known ? figure(some) : '–');
      count.parentElement!.classList.toggle('some', some > 0 && name !== 'unknown');
    }
    const notices = noticesOf(picture, connection, heardAtMs, nowMs);
    // Their seconds tick: the elements stay while they say the same.
    const said = notices.map((notice) => notice.replace(/\d+/g, '0')).join('\n');
    if (said !== told)
      byId('notices').replaceChildren(...notices.map((text) => element('p', 'notice', text)));
    else
      for (const [at, text] of notices.entries()) setText(byId('notices').children[at] as HTMLElement, text);
    told = said;
    setText(byId('served'), picture === null ? '' : `Served by ${picture.node}.`);
  };
}
