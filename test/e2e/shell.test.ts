import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Cluster, cluster, type MemberRow, picket, type UpAnswer, until } from './picket.ts';
import { openScreen, type Screen, terminalMissing } from './terminal.ts';

const withTerminal = test.skipIf(terminalMissing !== null);
const said = (what: string) => (terminalMissing === null ? what : `${what} (skipped: ${terminalMissing})`);
const everyone = ['agent_1', 'core_1', 'core_2', 'poller_1'];

let place: Cluster;
let up: UpAnswer;
const screens: Screen[] = [];

beforeAll(async () => {
  place = await cluster('core=2,web=0,poller=1,agent=1', '--allow-eval');
  up = await place.up();
});
afterEach(() => {
  for (const screen of screens.splice(0)) screen.close();
});
afterAll(() => place.close());

/** Of a certificate in a folder of its own, through a core by its address: nothing of the cluster's folder is used. */
async function operator(name: string, ...flags: string[]) {
  const out = join(place.data, 'people', name);
  const { status, err } = await place.run('certs', 'issue', '--operator', name, '--out', out, ...flags);
  if (status !== 0) throw new Error(err);
  const at = up.nodes.filter(({ role }) => role === 'core').map(({ address }) => address);
  const file = join(out, `${name}.pem`);
  return { file, flags: ['--at', at.join(','), '--as', file, '--data', join(place.data, 'nowhere')] };
}

function screen(...args: string[]): Screen {
  const opened = openScreen(['shell', ...args]);
  screens.push(opened);
  return opened;
}

const exec = (...args: string[]) => place.run('exec', ...args);
const pidOf = async (name: string) =>
  (await place.ask<MemberRow[]>('members')).find((row) => row.name === name)!.pid;
const isUp = async (name: string) =>
  (await place.ask<MemberRow[]>('members')).some((row) => row.name === name && row.status === 'up');

test('exec: one line in any node, from an operator’s certificate alone', async () => {
  const { flags } = await operator('ann', '--rights', 'read');
  for (const node of everyone) {
    const { status, out } = await picket('exec', node, 'nodes', '--json', ...flags);
    expect(status).toBe(0);
    expect((JSON.parse(out) as MemberRow[]).map(({ name }) => name)).toEqual(everyone);
  }
  for (const [line, expected, code] of [
    ['bogus', 2, 'no_such_command'],
    ['nodes "', 2, 'bad_line'],
    ['nodes --nothing', 2, 'bad_words'],
    ['stop 1', 1, 'read_only'],
    ['explain node nobody', 1, 'no_such_node'],
  ] as const) {
    const { status, err } = await picket('exec', 'core_1', line, ...flags);
    expect([line, status]).toEqual([line, expected]);
    expect(err).toContain(`picket: ${code}: `);
  }
  expect((await picket('exec', 'nobody', 'nodes', ...flags)).err).toContain('no_such_node');
  expect((await picket('exec', 'core_1', 'stop 1', '--write', ...flags)).err).toContain('no_right');
  expect((await exec('core_1', 'nodes --json | wc -c')).out.trim()).toMatch(/^\d+$/);
});

test('an operator of one tenant: issued by slug, sees that tenant and nothing else', async () => {
  await place.ask('tenant', 'create', 'acme');
  const { flags } = await operator('cy', '--tenant', 'acme', '--rights', 'read,write');
  const say = async (line: string) => await picket('exec', 'poller_1', line, ...flags);
  const tenants = JSON.parse((await say('tenants --json')).out) as { slug: string; tenant_id: string }[];
  expect(tenants.map(({ slug }) => slug)).toEqual(['acme']);
  const [own] = tenants;
  await until('names of the tenant', 20_000, async () => (await say('registry --json')).out.length > 10);
  const names = JSON.parse((await say('registry --json')).out) as { tenant: string }[];
  expect(new Set(names.map(({ tenant }) => tenant))).toEqual(new Set([own!.tenant_id]));
  expect((await say('checks acme --json')).out).toBe('[]\n');
  expect((await say('checks default')).err).toContain('no_such_tenant');
  for (const command of [
    ['members'],
    ['registry'],
    ['tenant', 'list'],
    ['check', 'list', '--tenant', 'acme'],
  ])
    expect((await picket(...command, ...flags)).err).toContain('procedure_denied');
});

withTerminal(
  said('a prompt with completion, history, another node, pages, a pipe and a way out'),
  async () => {
    const terminal = screen('--data', place.data);
    const greeting = await terminal.shows(/^core_[12] .*\ncore_[12]>$/);
    expect(greeting).toMatch(/^core_[12] \(core\) as operator: read-only/);
    terminal.type('nod');
    terminal.keys('Tab');
    await terminal.shows(/core_[12]> nodes$/);
    terminal.keys('Enter');
    await terminal.shows(/poller_1 +poller +up/);
    terminal.type('connect po');
    terminal.keys('Tab');
    await terminal.shows('connect poller_1');
    terminal.keys('Enter');
    await terminal.shows(/poller_1>$/);
    terminal.keys('C-c');
    await terminal.shows('Ctrl-D or "exit" leaves the shell');
    terminal.keys('Up', 'Up');
    await terminal.shows(/poller_1> nodes$/);
    terminal.keys('C-c');
    // In one breath: what Tab finds comes too late for a line that was entered.
    terminal.keys('t', 'r', 'e', 'Tab', 'Space', 'a', 'g', 'Enter');
    await terminal.shows(/tre ag\nno_such_command/);
    terminal.resize(100, 10);
    terminal.type('registry');
    terminal.keys('Enter');
    await terminal.shows('--More--');
    terminal.keys('q');
    await terminal.shows(/poller_1>$/);
    terminal.type('nodes | wc -l');
    terminal.keys('Enter');
    await terminal.shows(/wc -l\n *5\npoller_1>$/);
    terminal.keys('C-d');
    await terminal.shows('EXIT 0');
    expect(statSync(join(place.data, 'shell-history')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(place.data, 'shell-history'), 'utf8')).toContain('connect poller_1\n');
  },
);

withTerminal(said('a node that is killed in mid-command: a clear error, and the shell goes on'), async () => {
  const terminal = screen('poller_1', '--write', '--data', place.data);
  await terminal.shows('poller_1#');
  const pid = await pidOf('poller_1');
  process.kill(pid, 'SIGSTOP');
  terminal.type('nodes');
  terminal.keys('Enter');
  process.kill(pid, 'SIGKILL');
  await terminal.shows(/node_down: poller_1 was lost while the line ran|no_such_node: there is no node/);
  await until('it is back', 30_000, () => isUp('poller_1'));
  await until('the shell works', 30_000, async () => {
    terminal.type('help nodes');
    terminal.keys('Enter');
    await terminal.shows(/Examples:/);
    return true;
  });
  terminal.keys('C-d');
  await terminal.shows('EXIT 0');
});

withTerminal(
  said('the core that it goes through is killed: the next line goes through another'),
  async () => {
    const { flags } = await operator('bob', '--rights', 'read');
    const terminal = screen(...flags);
    const entry = /^(core_[12]) /.exec(await terminal.shows(/^core_[12] .*\ncore_[12]>$/))![1]!;
    const other = entry === 'core_1' ? 'core_2' : 'core_1';
    process.kill(await pidOf(entry), 'SIGKILL');
    await until('it is gone', 30_000, async () => !(await isUp(entry)) || true);
    await until('the shell is at the other', 30_000, async () => {
      terminal.type('nodes');
      terminal.keys('Enter');
      return await terminal.shows(new RegExp(`${other}> |${entry}> nodes\\n(.*\\n)*.*NAME`));
    });
    await until('it is back', 30_000, () => isUp(entry));
  },
);

withTerminal(
  said('an open session of a revoked certificate is lost within 5 s, at a node behind as well'),
  async () => {
    const { file, flags } = await operator('eve', '--rights', 'read');
    const terminal = screen('agent_1', ...flags);
    await terminal.shows('agent_1>');
    const revokedMs = performance.now();
    await place.ask('certs', 'revoke', file);
    await until('the session is closed', 20_000, () =>
      journalOf('agent_1').includes('"reason":"connection ended"'),
    );
    const withinMs = performance.now() - revokedMs;
    expect(withinMs).toBeLessThan(5_000);
    // The other core reads the list at its own time, a second later at most.
    await until('no core takes it', 20_000, async () => {
      terminal.keys('C-l');
      terminal.type('nodes');
      terminal.keys('Enter');
      await terminal.shows(/agent_1> nodes\n(.*\n)+agent_1>$/);
      return /unreachable: no core|refused/.test(terminal.text());
    });
    expect((await picket('exec', 'agent_1', 'nodes', ...flags)).status).toBe(1);
  },
);

test('a node that is no core is asked for what only cores have: it says what it is, and whom to ask', async () => {
  const { address } = up.nodes.find(({ name }) => name === 'agent_1')!;
  const file = join(place.data, 'credentials', 'operator.pem');
  const { status, err } = await picket('check', 'list', '--tenant', 'default', '--at', address, '--as', file);
  expect([status, err]).toEqual([1, expect.stringContaining('picket: no_such_procedure: agent_1 does not')]);
  expect(err).toMatch(/an agent does not have .* Name a core with --at: core_1 at /);
});

test('every line stands in the journal of its node, with who said it', async () => {
  await exec('agent_1', "help 'no such'");
  const text = journalOf('agent_1');
  expect(text).toContain(`"text":"help 'no such'"`);
  expect(text).toContain('"operator":"operator"');
});

test('JavaScript needs its right, and a loop in it is ended while the node lives on', async () => {
  const { flags } = await operator('dev', '--rights', 'read,write,eval');
  const say = (code: string) => picket('exec', 'core_1', `eval ${code}`, '--write', ...flags);
  const pid = await pidOf('core_1');
  expect((await say('node.node')).out).toBe("'core_1'\n");
  expect((await say('"a" + "b" || 1')).out).toBe("'ab'\n");
  for (const loop of ['while (true);', 'await null; while (true);'])
    expect(await say(loop)).toMatchObject({
      status: 1,
      err: expect.stringContaining('eval_failed') as string,
    });
  expect(await pidOf('core_1')).toBe(pid);
  expect((await exec('core_1', 'eval 1', '--write')).err).toContain('no_right');
});

withTerminal(
  said('Ctrl-C ends a line that runs, and what is typed meanwhile waits for the prompt'),
  async () => {
    const { flags } = await operator('lee', '--rights', 'read,write,eval');
    const terminal = screen('core_2', '--write', ...flags);
    await terminal.shows('core_2#');
    terminal.type('eval await new Promise(() => {})');
    terminal.keys('Enter');
    await until('it runs', 20_000, () => journalOf('core_2').includes('await new Promise'));
    terminal.type('help nodes');
    terminal.keys('C-c');
    await terminal.shows(/cancelled|core_2# help nodes$/);
    terminal.resize(70, 20);
    await terminal.shows(/core_2# help nodes$/);
    terminal.keys('Enter');
    await terminal.shows('Examples:');
    // It is written down with what is said next.
    terminal.type('help links');
    terminal.keys('Enter');
    await until('the new size is known', 20_000, () =>
      journalOf('core_2').includes('"type":"resized","columns":70,"rows":20'),
    );
  },
);

test('drain has a node give away what it has and end; its launcher starts it again', async () => {
  const pid = await pidOf('agent_1');
  expect((await exec('core_1', 'drain agent_1')).err).toContain('read_only');
  expect((await exec('core_1', 'drain agent_1', '--write')).out).toContain('agent_1 drains and ends');
  await until('another process has its name', 40_000, async () => {
    return (await isUp('agent_1')) && (await pidOf('agent_1')) !== pid;
  });
});

function journalOf(node: string): string {
  const folder = join(place.data, 'journal', node);
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
}
