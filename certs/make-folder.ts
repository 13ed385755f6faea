/**
 * A folder with those above it. `mkdir` with `recursive` never answers below a folder that takes none, such as /proc (Node 20
 * tries for ever), so each is made by itself here. Between those who write to a path that somebody named and the file system.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes what is missing, with this mode. Throws what the file system says. */
export function makeFolderAt(path: string, mode: number): void {
  const missing: string[] = [];
  let at = path;
  while (!isFolder(at)) {
    missing.push(at);
    const above = dirname(at);
    if (above === at) break;
    at = above;
  }
  for (const one of missing.reverse()) makeOne(one, mode);
}

function makeOne(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!isFolder(path)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
