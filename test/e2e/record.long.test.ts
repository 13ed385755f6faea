import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, cluster, picket as command, type MemberRow, type Ran, until } from './picket.ts';
import { kill } from './processes.ts';

/** How long the cluster may take to see what happened: no expectation of speed. */
const waitMs = 30_000;

interface DecisionRow {
  at: string;
  node: string;
  machine: string;
  entry: number;
  event: string;
  decision: string;
  text: string;
}

let picket: Cluster;
let pids: Map<string, number>;
let file = '';

const rowsOf = <T>({ out }: Ran) =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
const replay = (...args: string[]) => command('replay', ...args);
const seen = (what: string, look: (rows: MemberRow[]) => boolean) =>
  until(what, waitMs, async () => look(await picket.ask<MemberRow[]>('members', '--node', 'core_1')));

beforeAll(async () => {
  picket = await cluster('core=2,agent=1');
  const { nodes } = await picket.up();
  pids = new Map(nodes.map(({ name, pid }) => [name, pid]));
  file = join(picket.data, 'incident.jsonl');
  await seen('all nodes', (rows) => rows.filter(({ status }) => status === 'up').length === 3);
  kill(pids.get('agent_1')!, 'SIGKILL');
  await seen('the agent again, in another process', (rows) =>
    rows.some(({ name, status, pid }) => name === 'agent_1' && status === 'up' && pid !== pids.get(name)),
  );
  kill(pids.get('core_2')!, 'SIGSTOP');
  await seen('the hung core down', (rows) =>
    rows.some(({ name, status }) => name === 'core_2' && status === 'down'),
  );
});
afterAll(async () => {
  kill(pids.get('core_2')!, 'SIGCONT');
  await picket.close();
});

describe('picket record', () => {
  test('takes the nodes that live, and says whose record went with its process', async () => {
    const { status, err } = await picket.run('record', 'all', file);
    expect(err).toContain('core_2 is down: its record went with its process');
    expect(status).toBe(0);
    const heads = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{"record"'))
      .map((line) => JSON.parse(line) as object);
    expect(heads).toMatchObject([
      { record: 'picket', version: 2, node: 'agent_1' },
      { record: 'picket', version: 2, node: 'core_1' },
    ]);
  });

  test('refuses what it cannot do, with its code, and leaves every file as it is', async () => {
    const before = readFileSync(file, 'utf8');
    const refused = async (...args: string[]) => {
      const { status, err } = await picket.run('record', ...args);
      expect(status, err).toBe(1);
      return err.trimEnd().split('\n').at(-1);
    };
    expect(await refused('core_1', file)).toMatch(/^picket: file_exists: /);
    expect(await refused('core_9', `${file}.2`)).toMatch(/^picket: no_such_node: there is no node "core_9"/);
    expect(await refused('core_2', `${file}.2`)).toMatch(/^picket: node_down: core_2 is down/);
    expect(await refused('core_1', join(picket.data, 'no/folder/x'))).toMatch(/^picket: cannot_write: /);
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(existsSync(`${file}.2`)).toBe(false);
    expect(readdirSync(picket.data).filter((name) => name.includes('partial'))).toEqual([]);
    expect((await picket.run('record', 'all', file, '--force')).status).toBe(0);
  });
});

describe('picket replay', () => {
  test('makes every decision again, those of all nodes in the order of their clocks', async () => {
    const ran = await replay(file, '--json');
    expect(ran.err).toContain(': as recorded');
    expect(ran.status).toBe(0);
    const rows = rowsOf<DecisionRow>(ran);
    expect(new Set(rows.map(({ node }) => node))).toEqual(new Set(['agent_1', 'core_1']));
    expect([...new Set(rows.map(({ machine }) => machine.split('/')[0]))].sort()).toEqual(
      expect.arrayContaining(['membership', 'registry', 'specs', 'supervision']),
    );
    expect(rows.map(({ at }) => at)).toEqual(rows.map(({ at }) => at).sort());
    const lines = (await replay(file)).out.trimEnd().split('\n');
    expect(lines).toEqual(rows.map(({ at, node, machine, text }) => `${at} ${node} ${machine}: ${text}`));
  });

  test('tells why a node was called down, why a name was lost, and why a child was started', async () => {
    const why = async (subject: string) => (await replay(file, '--explain', subject)).out;
    expect(await why('agent_1')).toMatch(
      /core_1 membership: agent_1 is down \(was suspect\): link closed and connection refused for \d+ ms/,
    );
    expect(await why('core_2')).toMatch(
      /core_1 membership: core_2 is suspect .*\n[\s\S]*core_1 membership: core_2 is down \(was suspect\): no sign of life/,
    );
    expect(await why('platform/default/writer/core_2')).toMatch(
      /is lost: nobody holds it, core_2 \(actor \d+\) did; core_2 is down: its names are hidden/,
    );
    expect(await why('tenants')).toMatch(/core_1 supervision\/core\/\d+: starts tenants: session runs/);
    const unknown = await replay(file, '--explain', 'nobody');
    expect([unknown.status, unknown.err]).toEqual([1, expect.stringMatching(/^picket: no_such_subject: /)]);
  });

  test('stops at an instant, or so long after the start', async () => {
    const all = rowsOf<DecisionRow>(await replay(file, '--json'));
    const some = rowsOf<DecisionRow>(await replay(file, '--json', '--until', '1s'));
    expect(some.length).toBeGreaterThan(0);
    expect(all.slice(0, some.length)).toEqual(some);
    const last = some.at(-1)!.at;
    const until = rowsOf<DecisionRow>(await replay(file, '--json', '--until', last));
    expect(until).toEqual(all.filter(({ at }) => at <= last));
    expect((await replay(file, '--until', 'soon')).status).toBe(2);
  });

  test('refuses files that are cut, changed, of others or of later versions, and never with a stack', async () => {
    const text = readFileSync(file, 'utf8');
    const other = `${file}.bad`;
    const refused = async (changed: string) => {
      writeFileSync(other, changed);
      const { status, out, err } = await replay(other);
      expect([status, out]).toEqual([1, '']);
      expect(err.split('\n')).toHaveLength(2);
      return err;
    };
    expect(await refused(text.slice(0, text.length / 2))).toMatch(/^picket: record_(truncated|damaged): /);
    expect(await refused(text.replace('"core_2"', '"core_3"'))).toMatch(
      /^picket: record_damaged: line \d+: /,
    );
    expect(await refused('')).toMatch(/^picket: record_foreign: the file is empty/);
    expect(await refused('{"level":30}\n')).toMatch(/^picket: record_foreign: /);
    expect(await refused(text.replace('"version":2', '"version":9'))).toMatch(/^picket: record_newer: /);
    expect((await replay(`${file}.none`)).err).toMatch(/^picket: no_such_file: /);
  });
});
