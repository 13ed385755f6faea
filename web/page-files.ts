/**
 * The files of the page, read once when the door opens: a closed list, so no path of a request ever reaches the disk.
 * Scripts are the ones that the build made of `ui/`, loaded by the browser as the modules that they are.
 */
import { readFile } from 'node:fs/promises';
import type { Answer } from './answers.ts';
import { WebError } from './errors.ts';
import { iconSvg } from './ui/icon.ts';
import { pageHtml } from './ui/page-html.ts';
import { styleCss } from './ui/style-css.ts';

/** As they lie in this room; the page asks for them under `/page/`, so that they find each other. */
const scripts: readonly string[] = [
  'limits.js',
  'ui/newest-results.js',
  'ui/page-state.js',
  'ui/words.js',
  'ui/browser/announce.js',
  'ui/browser/browser-clock.js',
  'ui/browser/connection.js',
  'ui/browser/draw-checks.js',
  'ui/browser/draw-head.js',
  'ui/browser/draw-nodes.js',
  'ui/browser/draw-results.js',
  'ui/browser/elements.js',
  'ui/browser/main.js',
];

/** By path. Throws `page_missing` when the build has not made a script. */
export async function readPageFiles(): Promise<ReadonlyMap<string, Answer>> {
  const files = new Map<string, Answer>([
    ['/', { status: 200, contentType: 'text/html; charset=utf-8', body: pageHtml }],
    ['/page/style.css', { status: 200, contentType: 'text/css; charset=utf-8', body: styleCss }],
    ['/page/icon.svg', { status: 200, contentType: 'image/svg+xml; charset=utf-8', body: iconSvg }],
  ]);
  for (const script of scripts) {
    const body = await readScript(script);
    files.set(`/page/${script}`, { status: 200, contentType: 'text/javascript; charset=utf-8', body });
  }
  return files;
}

async function readScript(script: string): Promise<string> {
  // Run from the sources, as tests are, the scripts are those that the build made of them.
  const room = import.meta.url.endsWith('.ts') ? '../dist/web/' : './';
  try {
    return await readFile(new URL(`${room}${script}`, import.meta.url), 'utf8');
  } catch (error) {
    throw new WebError('page_missing', `${script} of the page is not there: run \`npm run build\``, error);
  }
}
