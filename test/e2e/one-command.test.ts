import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type CheckRow,
  type Cluster,
  cluster,
  type LinkRow,
  type MemberRow,
  picket,
  type ResultRow,
  script,
  type UpAnswer,
  until,
} from './picket.ts';
import { alive } from './processes.ts';
import { icmpMissing } from './targets.ts';

let first: Cluster;
let second: Cluster;
let up: UpAnswer;
let startedMs = 0;

beforeAll(async () => {
  first = await cluster();
  second = await cluster();
  startedMs = Date.now();
  up = await first.up();
});
afterAll(async () => {
  await Promise.all([first.close(), second.close()]);
});

function get(path: string, host = `127.0.0.1:${first.port}`): Promise<{ status: number; body: string }> {
  return new Promise((done, fail) => {
    const asked = request({ port: first.port, host: '127.0.0.1', path, headers: { host } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => done({ status: response.statusCode!, body }));
    });
    asked.on('error', fail).end();
  });
}

describe('one command', () => {
  test('brings up a whole cluster and says what runs where', () => {
    expect(up.http).toBe(`http://127.0.0.1:${first.port}`);
    expect(alive([up.pid])).toEqual([up.pid]);
    expect(up.nodes.map(({ name, role }) => `${name} ${role}`).sort()).toEqual([
      'agent_1 agent',
      'core_1 core',
      'poller_1 poller',
      'poller_2 poller',
      'web_1 web',
    ]);
  });

  test.each(['core_1', 'web_1', 'poller_1', 'poller_2', 'agent_1'])(
    'has five nodes in four roles, each a process of its own and up, as %s sees them',
    async (node) => {
      const members = await first.ask<MemberRow[]>('members', '--node', node);
      const pids = members.map(({ pid }) => pid);
      expect(members).toHaveLength(5);
      expect(new Set(members.map(({ role }) => role))).toEqual(new Set(['core', 'web', 'poller', 'agent']));
      expect(members.map(({ status }) => status)).toEqual(Array(5).fill('up'));
      const links = await first.ask<LinkRow[]>('links', '--node', node);
      const others = members.map(({ name }) => name).filter((name) => name !== node);
      const open = links.filter(({ state, role }) => state === 'open' && role !== 'operator');
      expect(open.map(({ name }) => name).sort()).toEqual(others.sort());
      for (const link of open) {
        expect(link.frames_in).toBeGreaterThan(0);
        expect(link.bytes_out).toBeGreaterThan(0);
        expect(link.queued_bytes).toBeGreaterThanOrEqual(0);
      }
      expect(new Set(pids).size).toBe(5);
      expect(alive(pids)).toEqual(pids);
      expect([...pids].sort()).toEqual(up.nodes.map(({ pid }) => pid).sort());
    },
  );

  test('tells the same health, whichever node is asked', async () => {
    const asked = ['core_1', 'web_1', 'poller_2', 'agent_1'].map((node) =>
      first.ask<Record<string, unknown>>('status', '--node', node),
    );
    const counts = { status: 'ok', coordinator: 'core_1', nodes_up: 5, tenants: 1, checks: 4, pollers: 2 };
    for (const status of await Promise.all(asked))
      expect(status).toMatchObject({ ...counts, agents: 1, splits: 0, because: [] });
  });

  test('is reached by the address of a core and an own certificate, from anywhere', async () => {
    const core = up.nodes.find(({ role }) => role === 'core')!;
    const ann = `${first.data}-ann`;
    const issued = await first.run('certs', 'issue', '--operator', 'ann', '--rights', 'read', '--out', ann);
    expect(issued.status).toBe(0);
    const at = ['--at', core.address, '--as', `${ann}/ann.pem`, '--data', `${ann}/nothing`];
    const seen = await picket('members', '--json', ...at);
    expect(JSON.parse(seen.out)).toHaveLength(5);
    // Rights are those of the certificate, whatever the address.
    const denied = await picket(
      'check',
      'add',
      '--name',
      'a',
      '--kind',
      'icmp',
      '--target',
      '192.0.2.1',
      ...at,
    );
    expect(denied).toMatchObject({ status: 1, err: expect.stringContaining('procedure_denied') });
    const nobody = await picket('members', '--at', '127.0.0.1:1', '--as', `${ann}/ann.pem`);
    expect(nobody).toMatchObject({ status: 1, err: expect.stringContaining('unreachable') });
    rmSync(ann, { recursive: true });
  });

  test('explains why a node is up, as any other sees it', async () => {
    const answer = await first.ask<{ subject: string; state: string; because: string[] }>(
      'explain',
      'node',
      'poller_1',
      '--node',
      'web_1',
    );
    expect(answer).toMatchObject({ subject: 'poller_1', state: 'up' });
    expect(answer.because.at(-1)).toMatch(/^up: /);
  });

  test('watches this machine by itself: each starter check has run within 15 s of the start', async () => {
    const checks = await first.ask<CheckRow[]>('check', 'list');
    expect(checks.map(({ kind }) => kind).sort()).toEqual(['dns', 'http', 'icmp', 'tcp']);
    const runnable = checks.filter(({ kind }) => kind !== 'icmp' || icmpMissing() === null);
    const leftMs = startedMs + 15_000 - Date.now();
    const results = await until('a result of every starter check', leftMs, async () => {
      const rows = (await first.ask<ResultRow[]>('results')).filter(({ started_at }) => started_at !== null);
      const ran = new Set(rows.map(({ check_id }) => check_id));
      return runnable.every(({ id }) => ran.has(id)) && rows;
    });
    for (const { id, kind } of runnable) {
      const row = results.find(({ check_id }) => check_id === id);
      expect([kind, row?.status, row?.reason]).toEqual([kind, 'success', null]);
    }
  });

  test('answers for its health, and shows its page, to its own host alone', async () => {
    expect((await get('/health/live')).status).toBe(200);
    expect((await get('/health/ready')).status).toBe(200);
    const health = await get('/health/cluster');
    expect(health.status).toBe(200);
    for (const { name } of up.nodes) expect(health.body).toContain(name);
    expect((await get('/')).body).toContain('<!doctype html>');
    for (const path of ['/', '/health/live', '/health/cluster']) {
      expect(await get(path, 'rebound.example')).toMatchObject({ status: 421 });
    }
  });
});

describe('a second cluster beside the first', () => {
  test('runs with another folder and port, and neither sees the other', async () => {
    const other = await second.up();
    expect(other.http).toBe(`http://127.0.0.1:${second.port}`);
    const ours = await first.ask<MemberRow[]>('members');
    const theirs = await second.ask<MemberRow[]>('members');
    const pids = new Set([...ours, ...theirs].map(({ pid }) => pid));
    expect([ours.length, theirs.length, pids.size]).toEqual([5, 5, 10]);
    const [ourTenants, theirTenants] = [
      await first.ask<{ id: string }[]>('tenant', 'list'),
      await second.ask<{ id: string }[]>('tenant', 'list'),
    ];
    expect(ourTenants[0]!.id).not.toBe(theirTenants[0]!.id);
  });

  test('is refused on the folder of a cluster that runs, which goes on', async () => {
    const again = await first.run('up', '--detach', '--json');
    expect(again).toMatchObject({ status: 1, out: '' });
    expect(again.err).toContain(`already runs in ${first.data} (process ${up.pid})`);
    expect(await first.ask<MemberRow[]>('members')).toHaveLength(5);
  });
});

describe('down', () => {
  test('leaves no process behind, and none of the other cluster ends with it', async () => {
    const pids = first.pids();
    const others = second.pids();
    expect(pids.length).toBeGreaterThan(7);
    expect(await first.run('down')).toMatchObject({ status: 0, out: '' });
    expect(alive(pids)).toEqual([]);
    expect(alive(others.slice(0, 7))).toEqual(others.slice(0, 7));
  });

  test('is content when nothing runs', async () => {
    const again = await first.run('down');
    expect(again.status).toBe(0);
    expect(again.err).toContain('nothing runs');
    const members = await first.run('members');
    expect(members.status).toBe(1);
    expect(members.err).toContain('picket up');
  });
});

describe('up in the foreground', () => {
  test('says what runs and what to try, and Ctrl-C drains it and leaves no process behind', async () => {
    const up = spawn(process.execPath, [script, 'up', '--data', first.data, '--http', String(first.port)]);
    let said = '';
    for (const stream of [up.stdout, up.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    const ended = new Promise<number | null>((done) => up.on('exit', done));
    await until('its last words before it waits', 60_000, () => said.includes('picket check list'));
    for (const name of ['core_1', 'web_1', 'poller_1', 'poller_2', 'agent_1']) expect(said).toContain(name);
    expect(said).toContain(`http://127.0.0.1:${first.port}`);
    const pids = first.pids();
    expect(pids.length).toBeGreaterThan(7);
    up.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(alive(pids)).toEqual([]);
  });
});
