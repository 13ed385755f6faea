/**
 * The source tree as the rules see it: every program text below the rooms, with its room and its facts, and the imports
 * between them resolved. Read from disk, or made of strings when the rules themselves are tested.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Facts, factsOf, type ImportFact } from './syntax.ts';

export interface SourceFile {
  /** From the root of the project, with `/`. */
  readonly path: string;
  /** The top-level folder; empty for a file of the root. */
  readonly room: string;
  readonly text: string;
  /** A test, or a piece that only tests use: `x.test.ts`, what is below `test/` or in a folder `testing/`. */
  readonly isTest: boolean;
  readonly facts: Facts;
  readonly imports: readonly Import[];
}

export interface Import extends ImportFact {
  /** The file of ours that it names; null when it is a package, a built-in, or not there. */
  readonly file: string | null;
  /** The package or built-in that it names (`pg`, `@scope/name`, `node:net`); null for a relative one. */
  readonly external: string | null;
}

export type Tree = ReadonlyMap<string, SourceFile>;

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const notSource = new Set(['node_modules', 'dist', 'coverage']);

/** Every program text below `folder`; hidden folders, packages and build output are passed over. */
export function readTree(folder: string = root): Tree {
  const texts: Record<string, string> = {};
  const read = (directory: string) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory() && !entry.name.startsWith('.') && !notSource.has(entry.name)) read(path);
      if (entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name)) {
        texts[relative(folder, path).split('\\').join('/')] = readFileSync(path, 'utf8');
      }
    }
  };
  read(folder);
  return treeOf(texts);
}

/** A tree of texts by path. Throws with the path when one cannot be parsed. */
export function treeOf(texts: Readonly<Record<string, string>>): Tree {
  const tree = new Map<string, SourceFile>();
  for (const [path, text] of Object.entries(texts)) {
    const facts = parsed(path, text);
    tree.set(path, {
      path,
      room: path.includes('/') ? path.slice(0, path.indexOf('/')) : '',
      text,
      isTest: /\.test\.ts$|^test\/|\/testing\//.test(path),
      facts,
      imports: facts.imports.map((fact) => resolved(path, fact, texts)),
    });
  }
  return tree;
}

function parsed(path: string, text: string): Facts {
  try {
    return factsOf(path, text);
  } catch (error) {
    throw new Error(`${path} cannot be parsed`, { cause: error });
  }
}

function resolved(path: string, fact: ImportFact, texts: Readonly<Record<string, string>>): Import {
  const { target } = fact;
  if (target === null) return { ...fact, file: null, external: null };
  if (!target.startsWith('.')) {
    const isBuiltIn = target.startsWith('node:');
    const words = target.split('/');
    const name = isBuiltIn ? target : words.slice(0, target.startsWith('@') ? 2 : 1).join('/');
    return { ...fact, file: null, external: name };
  }
  const written = posix.normalize(posix.join(posix.dirname(path), target));
  // What the build makes of a `.ts` file is named `.js` where a path is given at run time.
  const source = [written, written.replace(/\.js$/, '.ts')].find((one) => Object.hasOwn(texts, one));
  return { ...fact, file: source ?? null, external: null };
}
