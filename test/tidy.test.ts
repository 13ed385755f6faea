import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { processRule, timeRule, timerRule } from './tidy/edges.ts';
import { type Finding, report } from './tidy/finding.ts';
import { importCycles, reachesNoDatabase, reachesNoRoom } from './tidy/graph.ts';
import { doors, names, openingComments, promisesOfWork, sizes } from './tidy/manner.ts';
import { dependenciesListed, limitsUsed, type Manifest, packagesDeclared } from './tidy/records.ts';
import { roomImports, unreadableImports } from './tidy/room-imports.ts';
import { readTree, root } from './tidy/tree.ts';

const tree = readTree();
const read = (path: string) => {
  const file = join(root, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
};
const manifest = JSON.parse(read('package.json')!) as Manifest;

/** The message is the list of findings: file, line, what to do. */
function expectNone(findings: readonly Finding[]): void {
  if (findings.length > 0) expect.fail(`${findings.length} to mend\n${report(findings)}`);
}

describe('what imports what', () => {
  it('reads a tree at all', () => {
    expect([...tree.keys()]).toContain('runtime/index.ts');
  });
  it('keeps to the room table: every import enters another room by a door that is open to it', () => {
    expectNone(roomImports(tree));
  });
  it('names every import so that it can be seen what is loaded', () => {
    expectNone(unreadableImports(tree));
  });
  it('has no circle of imports; circles of types alone are allowed, the build erases them', () => {
    expectNone(importCycles(tree));
  });
  it.each(['bin/roles/poller.ts', 'bin/roles/agent.ts'])('loads nothing of the database from %s', (entry) => {
    expectNone(reachesNoDatabase(tree, entry));
  });
  it.each(['edge/program.ts', 'bin/commands/agent.ts'])("keeps the agent's program small: %s", (entry) => {
    expectNone(reachesNoRoom(tree, entry, ['cluster', 'actors', 'store', 'web']));
  });
  it('declares every package that it loads', () => {
    expectNone(packagesDeclared(tree, manifest));
  });
});

describe('what stays at the edge', () => {
  it('reads the environment, touches signals and exits in bin/ alone', () => {
    expectNone(processRule(tree));
  });
  it("reads time and chance in the runtime's clock and random alone", () => {
    expectNone(timeRule(tree));
  });
  it('holds real timers only in the files that are listed with a reason', () => {
    expectNone(timerRule(tree));
  });
});

describe('how a file is written', () => {
  it('opens with a doc comment', () => {
    expectNone(openingComments(tree));
  });
  it('is short, and so are its functions', () => {
    expectNone(sizes(tree));
  });
  it('has a name that says something, and so has what it exports', () => {
    expectNone(names(tree));
  });
  it('is reached by the one door of its room, whose names are listed one by one', () => {
    expectNone(doors(tree));
  });
  it('promises no work instead of doing it', () => {
    expectNone(promisesOfWork(tree));
  });
});

describe('what is written down', () => {
  it('gives every dependency its line in docs/DEPENDENCIES.md', () => {
    expectNone(dependenciesListed(manifest, read('docs/DEPENDENCIES.md')));
  });
  it('uses every limit that it names', () => {
    expectNone(limitsUsed(tree));
  });
});
