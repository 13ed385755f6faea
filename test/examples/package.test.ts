import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { endPrograms, root } from './program.ts';
import { emptyProject, type Project, packagesInstalledWithUs } from './project.ts';

const run = promisify(execFile);

const settings = (compilerOptions: Record<string, unknown>) =>
  JSON.stringify({
    compilerOptions: {
      target: 'es2023',
      types: ['node'],
      strict: true,
      rootDir: '.',
      outDir: 'dist',
      ...compilerOptions,
    },
    include: ['*.ts'],
  });

/** What a newcomer writes: a supervised actor on one node, called by name from another, before and after its crash. */
const program = `
import { createAuthority, issueNode } from 'picket/certs';
import { ClusterError, type RunningNode, startNode } from 'picket/cluster';
import { childOf, defineActor, RuntimeError, supervisor, systemClock } from 'picket/runtime';

interface GreeterProtocol {
  start: [];
  call: { greet(name: string): string };
  cast: { stumble(): void };
}
const key = { tenant: 'default', partition: 'default', kind: 'greeter', id: 'main' };

function greeter(node: RunningNode) {
  return defineActor<{ greeted: number }, GreeterProtocol>({
    name: 'greeter',
    init(self) {
      node.names.register(key, self.ref, {});
      return { greeted: 0 };
    },
    call: {
      greet(self, name) {
        self.state.greeted += 1;
        return \`hello \${name}, \${self.state.greeted}\`;
      },
    },
    cast: {
      stumble() {
        throw new Error('on purpose');
      },
    },
  });
}

const clock = systemClock();
const authority = await createAuthority('example.org', clock);
const start = async (name: string, seeds: string[]) =>
  await startNode({ credential: await issueNode(authority, { role: 'core', name }, clock), listen: '127.0.0.1:0', seeds });
const server = await start('server', []);
const client = await start('client', [server.address]);
server.system.spawn(supervisor({ name: 'top' }, [{ id: 'greeter', start: childOf(greeter(server)) }]));

const first = await client.find<GreeterProtocol>(key);
console.log(await client.system.call(first).greet('Ada'));
const renamed = new Promise<void>((resolve) => {
  client.names.watch(key, ({ type, entry }) => {
    if (type !== 'removed' && entry.ref.id !== first.id) resolve();
  }, new AbortController().signal);
});
client.system.cast(first).stumble();
await renamed;
await client.system.call(first).greet('Bob').catch((error: unknown) => {
  if (error instanceof RuntimeError) console.log(error.code);
});
console.log(await client.system.call(await client.find<GreeterProtocol>(key)).greet('Cyd'));
try {
  server.names.register({ ...key, kind: '' }, first, {});
} catch (error) {
  if (error instanceof ClusterError) console.log(error.code);
}
await client.stop();
await server.stop();
process.exit(0);
`;

let packed = '';
let project: Project;
let files: string[] = [];

beforeAll(async () => {
  packed = mkdtempSync(join(tmpdir(), 'picket-packed-'));
  // The build was made before the tests; packing must not make another beside them.
  const arguments_ = ['pack', '--ignore-scripts', '--json', '--pack-destination', packed];
  const { stdout } = await run('npm', arguments_, { cwd: root });
  const [told] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  files = told.files.map(({ path }) => path);
  // As npm does it, without the network: the package is unpacked, what it depends on is put beside it.
  await run('tar', ['-xzf', join(packed, told.filename), '-C', packed]);
  project = emptyProject();
  // Copied, not linked: nothing of this repository can be found from it.
  await run('mkdir', ['-p', join(project.folder, 'node_modules')]);
  await run('mv', [join(packed, 'package'), join(project.folder, 'node_modules/picket')]);
  for (const name of packagesInstalledWithUs()) project.link(name);
  for (const name of ['@types/node', 'undici-types']) project.link(name);
  project.write({ 'newcomer.ts': program });
});
afterEach(endPrograms);
afterAll(() => {
  project.remove();
  rmSync(packed, { recursive: true, force: true });
});

describe('the packed package', () => {
  it('holds the build, the docs and the examples, and neither tests nor measurements', () => {
    for (const needed of [
      'dist/runtime/index.d.ts',
      'dist/bin/picket.js',
      'dist/examples/chat/chat.js',
      'dist/proto/monitoring/gateway.proto',
      'dist/proto/picket/edge/v1/enrollment.proto',
      'examples/chat/chat.ts',
      'docs/GUIDE.md',
      'README.md',
      'LICENSE',
    ])
      expect(files).toContain(needed);
    const ours = files.filter((path) => /\.test\.|(^|\/)(test|testing|bench)\//.test(path));
    // What was measured, not what measures.
    expect(ours).toEqual(['bench/README.md']);
  });

  it('has the pages that those for its users lead to, and a build of the examples that stands alone', () => {
    const missing: string[] = [];
    for (const page of files.filter((path) => /^(README|docs\/[A-Z]+|examples\/README)\.md$/.test(path))) {
      const text = readFileSync(join(project.folder, 'node_modules/picket', page), 'utf8');
      for (const [, link] of text.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)) {
        const path = posix.join(posix.dirname(page), link!);
        if (!files.some((file) => file === path || file.startsWith(`${path}/`)))
          missing.push(`${page}: ${path}`);
      }
    }
    expect(missing).toEqual([]);
    const settings = readFileSync(join(project.folder, 'node_modules/picket/examples/tsconfig.json'), 'utf8');
    expect(JSON.parse(settings)).not.toHaveProperty('extends');
  });

  it.each([
    ['nodenext', { module: 'nodenext', verbatimModuleSyntax: true }],
    ['nodenext, declarations checked too', { module: 'nodenext', lib: ['es2023'], skipLibCheck: false }],
    ['bundler', { module: 'esnext', moduleResolution: 'bundler' }],
  ])('has types for %s', async (_name, options) => {
    project.write({ 'tsconfig.json': settings(options) });
    expect(await project.compile()).toBe('');
  });

  it("runs a newcomer's program: a supervised actor that answers calls from another node", async () => {
    project.write({ 'tsconfig.json': settings({ module: 'nodenext' }) });
    expect(await project.compile()).toBe('');
    const newcomer = project.run('dist/newcomer.js');
    expect(await newcomer.ended, newcomer.errors.join('\n')).toBe(0);
    expect(newcomer.lines).toEqual(['hello Ada, 1', 'no_actor', 'hello Cyd, 1', 'bad_key']);
  });

  it('opens its three doors and package.json, and nothing else', async () => {
    project.write({
      'doors.mjs': `for (const name of ['runtime', 'cluster', 'certs', 'store', 'dist/runtime/index.js'])
        console.log(name, await import('picket/' + name).then(() => 'opens', (error) => error.code));
      console.log(await import('picket').catch((error) => error.code));
      console.log((await import('picket/package.json', { with: { type: 'json' } })).default.name);`,
    });
    const doors = project.run('doors.mjs');
    expect(await doors.ended).toBe(0);
    expect(doors.lines).toEqual([
      'runtime opens',
      'cluster opens',
      'certs opens',
      'store ERR_PACKAGE_PATH_NOT_EXPORTED',
      'dist/runtime/index.js ERR_PACKAGE_PATH_NOT_EXPORTED',
      'ERR_PACKAGE_PATH_NOT_EXPORTED',
      'picket',
    ]);
  });

  it('has the command, executable, with all that it loads', async () => {
    const file = 'node_modules/picket/dist/bin/picket.js';
    expect(statSync(join(project.folder, file)).mode & 0o111).not.toBe(0);
    const command = project.run(file, 'help', 'up');
    expect(await command.ended, command.errors.join('\n')).toBe(0);
    expect(command.lines.join('\n')).toContain('picket up');
    const certs = project.run(file, 'members', '--data', join(project.folder, 'nothing'));
    expect(await certs.ended).toBe(1);
    expect(certs.errors.join('\n')).not.toContain('ERR_MODULE_NOT_FOUND');
  });

  it('has the examples, which run from it', async () => {
    const counter = project.run('node_modules/picket/dist/examples/counter/counter.js');
    expect(await counter.ended, counter.errors.join('\n')).toBe(0);
    expect(counter.lines[0]).toBe('value: 7');
  });
});
