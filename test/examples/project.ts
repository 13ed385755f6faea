/**
 * An empty project of a user, in a folder of its own: package.json, node_modules, programs compiled by the compiler and
 * run. Packages are linked from here, so that no network is needed; what the lock file calls a development package is
 * there only when it is asked for.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { node, type Program, root } from './program.ts';

export interface Project {
  readonly folder: string;
  write(files: Readonly<Record<string, string>>): void;
  /** Makes the package of that name lead to a folder. */
  link(name: string, to?: string): void;
  /** What the compiler says; empty when all is well. */
  compile(...args: string[]): Promise<string>;
  run(file: string, ...args: string[]): Program;
  remove(): void;
}

export function emptyProject(): Project {
  const folder = mkdtempSync(join(tmpdir(), 'picket-project-'));
  const write = (files: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  };
  write({ 'package.json': JSON.stringify({ name: 'newcomer', private: true, type: 'module' }) });
  return {
    folder,
    write,
    link(name, to = join(root, 'node_modules', name)) {
      const place = join(folder, 'node_modules', name);
      // One that a package of ours brings along may be asked for by the newcomer, too.
      if (existsSync(place)) return;
      mkdirSync(dirname(place), { recursive: true });
      symlinkSync(to, place, 'dir');
    },
    async compile(...args) {
      const compiler = node([join(root, 'node_modules/typescript/bin/tsc'), ...args], folder);
      const status = await compiler.ended;
      return status === 0 ? '' : [`tsc: ${status}`, ...compiler.lines, ...compiler.errors].join('\n');
    },
    run: (file, ...args) => node([file, ...args], folder),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Names of the packages that an installation without development brings along, ours excepted. */
export function packagesInstalledWithUs(): string[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; os?: string[]; cpu?: string[] }>;
  };
  return Object.entries(lock.packages)
    .filter(([path, one]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !one.dev && !one.optional)
    .map(([path]) => path.slice('node_modules/'.length));
}
