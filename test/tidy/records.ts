/**
 * What is written down must be so: every dependency has its line in the list of dependencies, every package that the
 * product loads is declared as one that is installed with it, and every limit bounds something.
 */
import { builtinModules } from 'node:module';
import type { Finding } from './finding.ts';
import type { SourceFile, Tree } from './tree.ts';

export interface Manifest {
  readonly name?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** `list` is the text of docs/DEPENDENCIES.md, or null when there is none. A line names its package in backticks. */
export function dependenciesListed(manifest: Manifest, list: string | null): Finding[] {
  const path = 'docs/DEPENDENCIES.md';
  if (list === null) return [{ path, line: 1, what: 'is missing; list every dependency with its reason' }];
  const lines = list.split('\n');
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  return declared
    .filter((name) => !lines.some((line) => line.includes(`\`${name}\``)))
    .map((name) => ({
      path,
      line: 1,
      what: `has no line for \`${name}\`; say what it is for and why this one`,
    }));
}

/** What the product loads is in `dependencies`; tests, measurements and type-only imports may use the development ones. */
export function packagesDeclared(tree: Tree, manifest: Manifest): Finding[] {
  const findings: Finding[] = [];
  for (const file of tree.values()) {
    const forDevelopment = file.isTest || file.room === 'bench' || file.room === '';
    for (const { external, kind, line } of file.imports) {
      if (external === null || external.startsWith('node:')) continue;
      // The package's own name is how a program of a user gets in.
      if (external === manifest.name && file.room === 'examples') continue;
      const say = (what: string) => findings.push({ path: file.path, line, what: `${external}: ${what}` });
      const name = kind === 'type' ? [external, `@types/${external}`] : [external];
      const isIn = (list: Readonly<Record<string, string>> = {}) =>
        name.some((one) => Object.hasOwn(list, one));
      if (builtinModules.includes(external)) say('a built-in is written with `node:`');
      else if (isIn(manifest.dependencies)) continue;
      else if (!isIn(manifest.devDependencies)) say('is not in package.json; add it or do without');
      else if (!forDevelopment && kind !== 'type')
        say('is only there for development; move it to dependencies');
    }
  }
  return findings;
}

/**
 * Every name that a room's limits.ts exports, and every key of an object that it exports, is used by a file that imports
 * it (or the room's door), tests aside, or by another limit.
 */
export function limitsUsed(tree: Tree): Finding[] {
  const findings: Finding[] = [];
  for (const file of tree.values()) {
    if (!/(^|\/)limits\.ts$/.test(file.path)) continue;
    if (file.path !== `${file.room}/limits.ts` && !isOfPart(file.path))
      findings.push({
        path: file.path,
        line: 1,
        what: 'a room has one limits.ts, at its top, and a part with a folder of its own may have one; move its limits there',
      });
    const users = [...tree.values()].filter((one) => !one.isTest && importsLimits(one, file));
    const isUsed = (name: string) =>
      (file.facts.identifiers.get(name) ?? 0) > 1 || users.some((one) => one.facts.identifiers.has(name));
    const objects = new Set(file.facts.exportedKeys.map(({ of }) => of));
    const plain = file.facts.exports.filter(({ name }) => !objects.has(name) && /^[a-z]/.test(name));
    for (const { name, line } of [...plain, ...file.facts.exportedKeys]) {
      if (isUsed(name)) continue;
      findings.push({ path: file.path, line, what: `${name} bounds nothing; use it or take it away` });
    }
  }
  return findings;
}

/** `cluster/discovery/limits.ts`: a folder in a room, no deeper. */
function isOfPart(path: string): boolean {
  return /^[^/]+\/[^/]+\/limits\.ts$/.test(path);
}

function importsLimits(file: SourceFile, limits: SourceFile): boolean {
  if (file.path === limits.path || file.path === `${limits.room}/index.ts`) return false;
  return file.imports.some((one) => one.file === limits.path || one.file === `${limits.room}/index.ts`);
}
