/**
 * What loads what: cycles between files, and all that an entry file reaches. Only imports that survive the build count.
 * A type-only import is erased and may close a circle: the two files then describe each other, and neither waits for the
 * other to be loaded.
 */
import type { Finding } from './finding.ts';
import { databasePackages, databaseRoom } from './room-table.ts';
import type { Import, SourceFile, Tree } from './tree.ts';

/** One finding per circle, at its first file by name, with the way round. */
export function importCycles(tree: Tree): Finding[] {
  const findings: Finding[] = [];
  const done = new Set<string>();
  for (const path of [...tree.keys()].sort()) {
    if (done.has(path)) continue;
    const way = wayBack(tree, path);
    if (way === null) continue;
    for (const one of way) done.add(one.file);
    const names = [path, ...way.map(({ file }) => file)].join(' -> ');
    const what = `imports go in a circle: ${names}; move what both need into a third file, or import only the type`;
    findings.push({ path, line: way[0]!.line, what });
  }
  return findings;
}

/**
 * What the entry loads, by static and dynamic imports, must not lie in the database's room nor be a database package.
 * The finding tells the way there.
 */
export function reachesNoDatabase(tree: Tree, entry: string): Finding[] {
  if (!tree.has(entry)) {
    return [
      { path: entry, line: 1, what: 'the entry file of this role is missing; it must be there to be proven' },
    ];
  }
  const findings: Finding[] = [];
  const ways = new Map<string, readonly string[]>([[entry, [entry]]]);
  for (const [path, way] of ways) {
    for (const one of loadedBy(tree.get(path))) {
      const isDatabase =
        one.file?.startsWith(`${databaseRoom}/`) || databasePackages.test(one.external ?? '');
      const next = [...way, one.file ?? one.external ?? ''];
      if (isDatabase) {
        const what = `what ${entry} loads reaches the database: ${next.join(' -> ')}; pass it in as a port`;
        findings.push({ path, line: one.line, what });
      } else if (one.file !== null && !ways.has(one.file)) ways.set(one.file, next);
    }
  }
  return findings;
}

/** What the entry loads lies in no file of these rooms: a program outside of the cluster is to stay small. */
export function reachesNoRoom(tree: Tree, entry: string, rooms: readonly string[]): Finding[] {
  if (!tree.has(entry)) return [{ path: entry, line: 1, what: 'the entry file of this program is missing' }];
  const findings: Finding[] = [];
  const ways = new Map<string, readonly string[]>([[entry, [entry]]]);
  for (const [path, way] of ways) {
    for (const { file, line } of loadedBy(tree.get(path))) {
      if (file === null || ways.has(file)) continue;
      const next = [...way, file];
      ways.set(file, next);
      if (rooms.includes(tree.get(file)?.room ?? ''))
        findings.push({ path, line, what: `${entry} must not load it: ${next.join(' -> ')}` });
    }
  }
  return findings;
}

function loadedBy(file: SourceFile | undefined): readonly Import[] {
  return file?.imports.filter((one) => one.kind !== 'type') ?? [];
}

/** The shortest way from a file back to itself, or null. */
function wayBack(tree: Tree, from: string): readonly { file: string; line: number }[] | null {
  const seen = new Set<string>();
  let front: (readonly { file: string; line: number }[])[] = [[{ file: from, line: 0 }]];
  while (front.length > 0) {
    const next: typeof front = [];
    for (const way of front) {
      for (const { file, line } of loadedBy(tree.get(way.at(-1)!.file))) {
        if (file === null) continue;
        if (file === from) return [...way.slice(1), { file, line }];
        if (seen.has(file)) continue;
        seen.add(file);
        next.push([...way, { file, line }]);
      }
    }
    front = next;
  }
  return null;
}
