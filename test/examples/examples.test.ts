import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blocksOf, commandsOf, endPrograms, node, type Program } from './program.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'picket-examples-'));
});
afterEach(() => {
  endPrograms();
  rmSync(folder, { recursive: true, force: true });
});

async function printed(program: Program): Promise<string> {
  expect(await program.ended, program.errors.join('\n')).toBe(0);
  return `${program.lines.join('\n')}\n`;
}

async function certificates(...names: string[]): Promise<void> {
  await printed(node(['dist/examples/certificates.js', folder, ...names]));
}

/** The command of a page, with a folder and an address of this test in the place of the page's. */
function told(page: string, script: string, changes: Record<string, string>): Program {
  const command = commandsOf(page).find(([file, ...rest]) => `${file} ${rest.join(' ')}`.includes(script));
  if (command === undefined) throw new Error(`${page} tells no command with ${script}`);
  return node(command.map((word) => changes[word] ?? word));
}

describe('the examples do what their pages say', () => {
  it.each(['counter', 'worker-pool'])('%s prints what its page says', async (example) => {
    const page = `examples/${example}/README.md`;
    const [command] = commandsOf(page);
    expect(await printed(node(command!))).toBe(blocksOf(page, 'text')[0]);
  });

  it('remote-call: two processes with certificates, and the answers that the page tells', async () => {
    const page = 'examples/remote-call/README.md';
    const here = { '/tmp/picket-example': folder, '127.0.0.1:7501': '127.0.0.1:0' };
    await printed(told(page, 'certificates.js', here));
    const server = told(page, 'server.js', here);
    const address = (await server.line(/^listening on /)).slice('listening on '.length);
    const client = told(page, 'client.js', { ...here, '127.0.0.1:7501': address });
    expect(await printed(client)).toBe(blocksOf(page, 'text')[0]);
    server.child.kill('SIGTERM');
    expect(await server.ended).toBe(0);
  });

  it('remote-call: who has a certificate of another authority finds nobody, and the server says why', async () => {
    await certificates('server');
    const others = mkdtempSync(join(tmpdir(), 'picket-examples-'));
    try {
      await printed(node(['dist/examples/certificates.js', others, 'client']));
      const server = node(['dist/examples/remote-call/server.js', folder]);
      const address = (await server.line(/^listening on /)).slice('listening on '.length);
      const client = node(['dist/examples/remote-call/client.js', others, address]);
      expect(await client.ended).not.toBe(0);
      expect(client.lines).toEqual([]);
      expect(client.errors.join('\n')).toContain('no_such_actor');
      expect(server.errors.join('\n')).toContain('peer refused');
    } finally {
      rmSync(others, { recursive: true, force: true });
    }
  });
});

describe('chat', () => {
  const chat = (nick: string, ...seed: string[]) =>
    node(['dist/examples/chat/chat.js', folder, nick, 'lobby', ...seed]);

  async function threeInTheLobby(): Promise<[ada: Program, bob: Program, cyd: Program]> {
    await certificates('ada', 'bob', 'cyd');
    const ada = chat('ada');
    const seed = (await ada.line(/^\* ada at /)).slice('* ada at '.length);
    await ada.line(/^\* in lobby on ada: ada$/);
    const bob = chat('bob', seed);
    await bob.line(/^\* in lobby on ada: ada, bob$/);
    const cyd = chat('cyd', seed);
    await cyd.line(/^\* in lobby on ada: ada, bob, cyd$/);
    // Bob and Cyd know each other only from Ada: had they no link when she is killed, they would be two clusters.
    await Promise.all([ada, bob, cyd].map((one) => one.line(/^\* nodes: ada, bob, cyd$/)));
    return [ada, bob, cyd];
  }

  it('what one says in a room is heard by all who are in it, and a member that is killed has left', async () => {
    const [ada, bob, cyd] = await threeInTheLobby();
    bob.child.stdin!.write('good morning\n');
    await Promise.all([ada, bob, cyd].map((one) => one.line(/^bob: good morning$/)));
    bob.child.kill('SIGKILL');
    await Promise.all([ada, cyd].map((one) => one.line(/^\* bob left$/)));
    cyd.child.stdin!.end();
    expect(await cyd.ended).toBe(0);
    await ada.line(/^\* cyd left$/);
  });

  it('when the host of a room is killed, the others find the room again under its name', async () => {
    const [ada, bob, cyd] = await threeInTheLobby();
    ada.child.kill('SIGKILL');
    for (const told of blocksOf('examples/chat/README.md', 'text')[0]!.trim().split('\n'))
      await bob.line(new RegExp(`^${told.replaceAll('*', '\\*')}$`));
    await cyd.line(/^\* in lobby on bob: bob, cyd$/);
    cyd.child.stdin!.write('still here\n');
    await Promise.all([bob, cyd].map((one) => one.line(/^cyd: still here$/)));
  });
});

describe('supervised-counter', () => {
  const page = 'examples/supervised-counter/README.md';
  const program = (name: string, ...seed: string[]) =>
    node(['dist/examples/supervised-counter/node.js', folder, name, ...seed]);
  const toldLines = (block: number) => blocksOf(page, 'text')[block]!.trim().split('\n');

  it('counts on elsewhere when its process is killed, and moves back when the node returns', async () => {
    await certificates('a', 'b', 'c');
    const a = program('a');
    const seed = (await a.line(/^a at /)).slice('a at '.length);
    const b = program('b', seed);
    const c = program('c', seed);
    await Promise.all([a, b, c].map((one) => one.line(/^nodes: a, b, c$/)));
    await Promise.all([b.line(/^b at /), c.line(/^c at /)]);
    a.child.stdin!.write('add\nadd\n');
    for (const told of toldLines(0)) await a.line(new RegExp(`^${told}$`));
    c.child.kill('SIGKILL');
    for (const told of toldLines(1)) await b.line(new RegExp(`^${told}$`));
    b.child.stdin!.write('add\n');
    await b.line(/^visits: 3$/);
    b.child.stdin!.write('why\n');
    await b.line(/^it belongs on a, the best placed of a, b$/);
    const again = program('c', seed);
    await again.line(/^visits runs on c$/);
    again.child.stdin!.write('add\n');
    await again.line(/^visits: 4$/);
    again.child.stdin!.end();
    expect(await again.ended).toBe(0);
  });
});
