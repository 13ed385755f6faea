/** Reads out what changed to those who listen to the page; what only ticks is never read. */
import type { PageState } from '../page-state.ts';
import { announcementOf } from '../words.ts';
import { byId } from './elements.ts';

export function announcer(first: PageState): (state: PageState) => void {
  let before = first;
  return (state) => {
    const text = announcementOf(before, state);
    before = state;
    if (text !== null) byId('announcer').textContent = text;
  };
}
