/** The record of remote shells from outside: a node that is killed on a line, what the others know of it, and what was altered. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runningEmbedded } from '../../store/index.ts';
import { silentLog } from '../../store/log.ts';
import { openPool } from '../../store/pool.ts';
import { type Cluster, cluster, type Ran, script, until } from './picket.ts';

let one: Cluster;
let folder = '';
beforeAll(async () => {
  one = await cluster('core=1,poller=1,agent=1');
  folder = join(one.data, 'journal', 'poller_1');
});
afterAll(() => one?.close());

/** A node on which somebody types `stop tenant/acme`, and which dies between the line and its run. */
const writer = `
import { openSessionJournal } from ${JSON.stringify(pathToFileURL(join(script, '../../shell/index.js')).href)};
import { systemClock } from ${JSON.stringify(pathToFileURL(join(script, '../../runtime/index.js')).href)};
const keeper = { heads: async () => [], keep: async () => { throw new Error('no core is up'); } };
const place = { folder: process.argv[1], node: 'poller_1', boot: 5 };
const journal = openSessionJournal({ ...place, keeper, clock: systemClock(), log() {} });
const session = await journal.records.open('session-1');
const at = Date.parse('2026-11-22T10:00:00Z');
await session.write({ type: 'opened', operator: 'ann', identity: 'spiffe://x/operator/ann', from: '10.0.0.9:4242',
  tenant: null, mayWrite: true, columns: 80, rows: 24 }, at);
await session.write({ type: 'line', run: 1, text: 'nodes', access: 'read' }, at + 1000);
await session.write({ type: 'output', run: 1, text: '\\u000cNAME\\ncore_1\\n' }, at + 1100);
await session.write({ type: 'ended', run: 1, code: 'ok' }, at + 1200);
await session.write({ type: 'line', run: 2, text: 'tree core_1', access: 'read' }, at + 9000);
process.stdout.write('written');
setInterval(() => {}, 1000);
`;

interface SessionRow {
  session: string;
  node: string;
  operator: string;
  lines: number;
  closed: string | null;
}

interface Verified {
  ok: boolean;
  chains: {
    node: string;
    entries: number;
    fault: { code: string; seq: number } | null;
    journal: { state: string };
  }[];
}

const verify = async () => {
  const ran = await one.run('audit', 'verify', '--json');
  return { status: ran.status, err: ran.err, ...(JSON.parse(ran.out) as Verified) };
};
const journalFile = () => join(folder, readdirSync(folder).sort()[0]!);

test('a line is there when its node was killed -9 on it, and whoever asks another node sees and replays it', async () => {
  const node = spawn(process.execPath, ['--input-type=module', '-e', writer, folder]);
  await once(node.stdout, 'data');
  node.kill('SIGKILL');
  await once(node, 'exit');
  await one.up();
  const [row] = await until('the session is listed', 30_000, async () => {
    const rows = await one.ask<SessionRow[]>('audit', 'sessions', '--operator', 'ann');
    return rows.length > 0 && rows[0]!.lines === 2 ? rows : null;
  });
  expect(row).toMatchObject({ session: 'session-1', node: 'poller_1', operator: 'ann', closed: null });
  const entries = await one.ask<{ type: string; text?: string }[]>('audit', 'show', 'session-1');
  expect(entries.map(({ type }) => type)).toEqual(['opened', 'line', 'output', 'ended', 'line']);
  expect(entries.at(-1)!.text).toBe('tree core_1');
  const replayed = await one.run('audit', 'replay', 'session-1', '--instant');
  expect(replayed.out).toBe(
    '[2026-11-22T10:00:00.000Z ann on poller_1 from 10.0.0.9:4242, may write, 80x24]\n' +
      'poller_1> nodes\n\u001b[H\u001b[2JNAME\ncore_1\npoller_1> tree core_1\n',
  );
  const begunMs = performance.now();
  await one.run('audit', 'replay', 'session-1', '--speed', '10');
  expect(performance.now() - begunMs).toBeGreaterThan(600);
  expect((await one.run('audit', 'show', 'nobody')).err).toContain('no_such_session');
});

test('all chains are as they were written, in both copies', async () => {
  const { status, ok, chains } = await verify();
  expect([status, ok]).toEqual([0, true]);
  expect(chains).toMatchObject([{ node: 'poller_1', entries: 6, fault: null, journal: { state: 'agrees' } }]);
  const file = await one.run('audit', 'verify', '--file', folder);
  expect([file.status, file.out]).toEqual([0, expect.stringContaining('6 entries')]);
});

test('a byte of the journal that is another one is found with its place, and so is an end that was cut off', async () => {
  const path = journalFile();
  const bytes = readFileSync(path);
  const at = bytes.indexOf('"nodes"');
  writeFileSync(path, Buffer.concat([bytes.subarray(0, at), Buffer.from('"links"'), bytes.subarray(at + 7)]));
  const changed = await verify();
  expect([changed.status, changed.ok, changed.err]).toEqual([
    1,
    false,
    expect.stringContaining('record_altered'),
  ]);
  expect(changed.chains[0]!.journal).toMatchObject({
    state: 'faulty',
    detail: expect.stringContaining('entry 3'),
  });
  const alone: Ran = await one.run('audit', 'verify', '--file', path);
  expect([alone.status, alone.err]).toEqual([1, expect.stringContaining('changed at entry 3')]);

  writeFileSync(path, bytes);
  truncateSync(path, bytes.lastIndexOf(10, bytes.length - 2) + 1);
  expect((await verify()).chains[0]!.journal.state).toBe('cut');
  writeFileSync(path, bytes);
  expect((await verify()).status).toBe(0);
});

test('a row that was changed by the owner of the database, who took the guard away, is found', async () => {
  const pool = openPool(runningEmbedded(one.data)!, 1, silentLog);
  try {
    const update = "UPDATE platform.session_record SET line = replace(line, 'tree', 'free') WHERE seq = 6";
    await expect(pool.query(update)).rejects.toMatchObject({ code: '42501' });
    await pool.query('ALTER TABLE platform.session_record DISABLE TRIGGER session_record_kept');
    await pool.query(update);
    const { status, chains } = await verify();
    expect(status).toBe(1);
    expect(chains[0]).toMatchObject({ fault: { code: 'changed', seq: 6 } });
    await pool.query('DELETE FROM platform.session_record WHERE seq = 4');
    expect((await verify()).chains[0]).toMatchObject({ fault: { code: 'missing', seq: 5 } });
  } finally {
    await pool.end();
  }
});

test('bad questions are refused with a sentence', async () => {
  const refused = await one.run('audit', 'sessions', '--limit', '0');
  expect([refused.status, refused.err]).toEqual([2, expect.stringContaining('--limit')]);
  expect((await one.run('audit', 'prune', '--older-than', '10d')).status).toBe(2);
  expect(await one.ask('audit', 'prune')).toEqual({ removed: 0 });
  expect((await one.run('audit', 'verify', '--file', '/nowhere')).err).toContain('no_such_file');
});
