import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, endPrograms, root } from './program.ts';
import { emptyProject, type Project } from './project.ts';

const page = 'docs/GUIDE.md';
const text = readFileSync(join(root, page), 'utf8');
/** A program is named by its first line; the output that is told, if any, follows it. */
const told = new Map(
  [...text.matchAll(/^```ts\n\/\/ (\w+)\.ts\n[\s\S]*?^```$(?:\n\n```text\n([\s\S]*?)^```$)?/gm)].map(
    ([, name, output]) => [name!, output ?? ''],
  ),
);

let project: Project;
let complaints = '';
beforeAll(async () => {
  project = emptyProject();
  project.link('picket', root);
  project.link('@types/node');
  project.link('undici-types');
  project.write({ 'tsconfig.json': blocksOf(page, 'json')[0]! });
  for (const block of blocksOf(page, 'ts')) {
    const name = /^\/\/ (\w+\.ts)\n/.exec(block)?.[1];
    if (name === undefined) throw new Error(`a program on ${page} has no name:\n${block}`);
    project.write({ [name]: block });
  }
  complaints = await project.compile();
});
afterEach(endPrograms);
afterAll(() => project.remove());

describe('the guide', () => {
  it('has programs, each compiled with the settings that it tells', () => {
    expect(told.size).toBe(blocksOf(page, 'ts').length);
    expect(told.size).toBeGreaterThan(5);
    expect(complaints).toBe('');
  });

  it.each([...told])('%s.ts prints what stands below it', async (name, output) => {
    const program = project.run(`dist/${name}.js`);
    expect(await program.ended, program.errors.join('\n')).toBe(0);
    expect(program.lines.map((line) => `${line}\n`).join('')).toBe(output);
  });

  it('tells every code of the runtime, and none of the cluster that is not there', () => {
    const codesIn = (path: string, type: string) => {
      const union = new RegExp(`export type ${type} =([\\s\\S]*?);\\n(?!  )`).exec(
        readFileSync(join(root, path), 'utf8'),
      );
      return [...union![1]!.matchAll(/'(\w+)'/g)].map((found) => found[1]!).sort();
    };
    const errors = text.slice(text.indexOf('\n## Errors'), text.indexOf('\n## In Elixir'));
    const [ofRuntime = '', ofCluster = ''] = errors.split('The cluster throws');
    const rows = (part: string) => [...part.matchAll(/^\| `(\w+)` +\|/gm)].map((found) => found[1]!).sort();
    expect(rows(ofRuntime)).toEqual(codesIn('runtime/errors.ts', 'RuntimeErrorCode'));
    const known = codesIn('cluster/errors.ts', 'ClusterErrorCode');
    expect(rows(ofCluster)).toContain('refused');
    expect(rows(ofCluster).filter((code) => !known.includes(code))).toEqual([]);
  });
});
