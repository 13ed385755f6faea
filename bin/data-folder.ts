/**
 * The folder of a one-machine cluster (`--data`): what lies where, of which version it is, and who runs it now. Both
 * the launcher and the commands look here; nothing else knows a path.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CommandFailure } from './failure.ts';

/** Raised when an older `picket` could not use the folder any more. */
const layoutVersion = 1;
/** Boots have 48 bits on the wire. */
const bootMax = 2 ** 48 - 1;

export interface RunningNode {
  name: string;
  role: string;
  pid: number;
  address: string;
  /** Where its metrics are scraped: `HOST:PORT`; null: nowhere. */
  metrics?: string | null;
}

/** Who runs here: written when everything is ready, kept up to date, removed at the end. */
export interface Running {
  pid: number;
  started: string | null;
  http: string | null;
  nodes: (RunningNode & { started: string | null })[];
}

export interface DataFolder {
  readonly path: string;
  readonly authority: string;
  readonly credentials: string;
  readonly logs: string;
  at(name: string): string;
}

export function dataFolder(path: string): DataFolder {
  const full = resolve(path);
  const at = (name: string) => join(full, name);
  return { path: full, authority: at('authority'), credentials: at('credentials'), logs: at('logs'), at };
}

/** Makes what is missing; refuses a folder of a newer version, or one that is something else. */
export function prepareFolder(folder: DataFolder): void {
  try {
    for (const path of [folder.path, folder.logs, folder.at('nodes')]) makeFolders(path);
  } catch (error) {
    throw new CommandFailure('data_unusable', `${folder.path} cannot be used: ${(error as Error).message}`);
  }
  const file = folder.at('version.json');
  const found = readJson<{ layout?: unknown }>(file);
  if (found === null) {
    writeJson(file, { layout: layoutVersion });
    return;
  }
  checkVersion(folder);
}

export function checkVersion(folder: DataFolder): void {
  const found = readJson<{ layout?: unknown }>(folder.at('version.json'));
  if (found === null) return;
  if (typeof found.layout !== 'number') {
    throw new CommandFailure(
      'data_unusable',
      `${folder.at('version.json')} cannot be read; restore it or use another --data`,
    );
  }
  if (found.layout > layoutVersion) {
    throw new CommandFailure(
      'data_newer',
      `${folder.path} was made by a newer picket (layout ${found.layout}, this one knows ${layoutVersion}): ` +
        'use that version, or another folder with --data',
    );
  }
}

export function readRunning(folder: DataFolder): Running | null {
  const running = readJson<Running>(folder.at('running.json'));
  if (running === null) return null;
  const isNode = (node: unknown) => {
    const { name, role, pid, address } = (node ?? {}) as Partial<RunningNode>;
    return [name, role, address].every((one) => typeof one === 'string') && Number.isInteger(pid);
  };
  if (Array.isArray(running.nodes) && running.nodes.every(isNode)) return running;
  throw unreadable(folder.at('running.json'), 'it lists no nodes');
}

export function writeRunning(folder: DataFolder, running: Running): void {
  writeJson(folder.at('running.json'), running);
}

export function forgetRunning(folder: DataFolder): void {
  rmSync(folder.at('running.json'), { force: true });
}

/** Null when there is none. A file that is no JSON is a failure that names it. */
export function readJson<T>(path: string): T | null {
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (error) {
    throw unreadable(path, (error as Error).message);
  }
}

export function writeJson(path: string, value: unknown): void {
  const next = `${path}.next`;
  writeFileSync(next, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  renameSync(next, path);
}

/**
 * A life of a node: greater than any before it, also when the clock was set back. `unkept`: it could not be written down for
 * want of room, which is no reason not to start: the next life has a later clock, unless that is set back too.
 */
export function nextBoot(
  folder: DataFolder,
  name: string,
  nowMs: number,
  unkept: (why: string) => void,
): number {
  const file = join(folder.at('nodes'), `${name}.json`);
  const known = readJson<{ boot: unknown }>(file)?.boot ?? 0;
  if (!Number.isInteger(known) || (known as number) < 0 || (known as number) >= bootMax) {
    throw unreadable(file, 'it holds no boot');
  }
  const boot = Math.max(nowMs, (known as number) + 1);
  try {
    makeFolders(folder.at('nodes'));
    writeJson(file, { boot });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    unkept((error as Error).message);
  }
  return boot;
}

function unreadable(path: string, why: string): CommandFailure {
  return new CommandFailure('data_unusable', `${path} cannot be read (${why}): remove or restore it`);
}

/**
 * Makes a folder and what is missing above it, one by one: asked to do so itself, Node never comes back from folders
 * like those under /proc.
 */
export function makeFolders(path: string): void {
  const missing: string[] = [];
  for (let at = path; !existsSync(at); at = dirname(at)) missing.unshift(at);
  for (const one of missing) mkdirSync(one, { mode: 0o700 });
}
