/**
 * The rule of the room table over a tree. Unit tests may reach into any room (they compose what they test, as `bin/`
 * does); what is not a test may not reach into tests. A type-only import counts: it is erased, but it is knowledge of
 * the other room all the same.
 */
import type { Finding } from './finding.ts';
import { closedRooms, type Door, databasePackages, databaseRoom, rooms } from './room-table.ts';
import type { Import, SourceFile, Tree } from './tree.ts';

export function roomImports(tree: Tree): Finding[] {
  const findings: Finding[] = [];
  for (const file of tree.values()) {
    if (file.room === '') {
      if (!/\.config\.ts$/.test(file.path)) findings.push(misplaced(file, 'the root of the project'));
    } else if (rooms[file.room] === undefined) findings.push(misplaced(file, `the folder ${file.room}/`));
    else if (!file.isTest) for (const one of file.imports) findings.push(...judged(file, one, tree));
    if (/\.[cm]?jsx?$/.test(file.path) && !file.path.startsWith('web/ui/')) {
      findings.push({ path: file.path, line: 1, what: 'write it in TypeScript, as every room is' });
    }
  }
  return findings;
}

/** Relative imports that name no file, and dynamic ones that cannot be read: what hides from the other rules. */
export function unreadableImports(tree: Tree): Finding[] {
  return each(tree, (file, one) => {
    if (one.target === null)
      return file.isTest ? null : 'the target is computed; name it, so that it can be seen what is loaded';
    if (one.external !== null || one.file !== null || /\.(json|proto|erl)$/.test(one.target)) return null;
    // A test may start what the build made.
    if (file.isTest && /^(\.\.\/)+dist\//.test(one.target)) return null;
    return `${one.target} is not there; name the file with its ending (.ts)`;
  });
}

function judged(file: SourceFile, one: Import, tree: Tree): Finding[] {
  const kind = one.kind === 'type' ? 'type import' : 'import';
  const say = (what: string): Finding[] => [
    { path: file.path, line: one.line, what: `${kind} of ${one.target}: ${what}` },
  ];
  const room = rooms[file.room]!;
  if (one.external !== null) {
    if (room.only && !one.external.startsWith('node:') && !room.only.targets.test(one.target ?? ''))
      return say(room.only.because);
    if (room.without?.names.test(one.external)) return say(`${room.without.because}; take it as an argument`);
    if (databasePackages.test(one.external) && file.room !== databaseRoom)
      return say(`only ${databaseRoom}/ speaks to the database; state a port and let bin/ wire it`);
    return [];
  }
  const target = one.file === null ? undefined : tree.get(one.file);
  if (target === undefined) return [];
  if (target.isTest) return say('a test or a piece of one; move what is shared into the room');
  if (target.room === file.room) return [];
  if (closedRooms.includes(target.room))
    return say(`nothing imports ${target.room}/; move what is shared into a room`);
  const doors = room.imports[target.room] ?? room.imports['*'] ?? [];
  if (doors.some((door) => isDoor(door, target))) return [];
  if (doors.length === 0)
    return say(`${file.room}/ may not import ${target.room}/; state what it needs in a port or an argument`);
  return say(
    `${file.room}/ may enter ${target.room}/ only by ${doors.map((door) => doorName(door, target.room)).join(' or ')}`,
  );
}

function isDoor(door: Door, target: SourceFile): boolean {
  if (door === 'ports') return target.path.startsWith(`${target.room}/ports/`);
  return target.path === doorName(door, target.room);
}

function doorName(door: Door, room: string): string {
  return door === 'ports' ? `${room}/ports/` : `${room}/${door}.ts`;
}

function misplaced(file: SourceFile, where: string): Finding {
  const known = Object.keys(rooms).join(', ');
  return { path: file.path, line: 1, what: `${where} is no room; put it into one of ${known}` };
}

function each(tree: Tree, rule: (file: SourceFile, one: Import) => string | null): Finding[] {
  const findings: Finding[] = [];
  for (const file of tree.values()) {
    for (const one of file.imports) {
      const what = rule(file, one);
      if (what !== null) findings.push({ path: file.path, line: one.line, what });
    }
  }
  return findings;
}
