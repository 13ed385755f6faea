/**
 * The agent's program in a customer's network: what it finds is in the store once for each instant and with its own time, whoever
 * is killed meanwhile; its certificate is renewed on the way.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority, createIntermediate, issueLeaf, writeEnrolled } from '../../certs/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { type AgentProcess, covered, endAgents, enrolled, startAgent } from './agent-program.ts';
import { namespacesMissing } from './namespaces.ts';
import {
  type CheckRow,
  type Cluster,
  cluster,
  freePort,
  type MemberRow,
  pause,
  picket,
  until,
} from './picket.ts';
import { kill } from './processes.ts';

let net: Cluster;
let web: CheckRow;
let dir: string;
let packageId: string;
let agent: AgentProcess;
let target: ReturnType<typeof createServer>;

beforeAll(async () => {
  net = await cluster('core=1,web=0,poller=1,agent=0');
  await net.up();
  const port = await freePort();
  target = createServer((socket) => socket.end());
  await new Promise<void>((done) => target.listen(port, '127.0.0.1', done));
  const flags = ['--kind', 'tcp', '--target', '127.0.0.1', '--port', String(port), '--timeout', '1s'];
  web = await net.ask<CheckRow>(
    ...[
      'check',
      'add',
      '--tenant',
      'default',
      '--name',
      'web',
      '--interval',
      '1s',
      '--partition',
      'north',
      ...flags,
    ],
  );
  ({ dir, id: packageId } = await enrolled(net, 'default', 'site_1', '--partition', 'north'));
  agent = startAgent(['--dir', dir]);
});
afterAll(async () => {
  endAgents();
  target?.close();
  await net.close();
});

const settled = () => pause(6_000);
const pemOf = () => readFileSync(join(dir, 'edge.pem'), 'utf8');

/** One result for each instant of the span, by this agent, begun when it was due. */
async function isWhole(fromMs: number, toMs: number): Promise<boolean> {
  const { due, results } = await covered(net, web, fromMs, toMs);
  const ran = results.filter(({ agent: by }) => by === 'site_1');
  const instants = ran.map(({ due_at }) => Date.parse(due_at)).sort((a, b) => a - b);
  if (JSON.stringify(instants) !== JSON.stringify(due)) return false;
  expect(results).toHaveLength(ran.length);
  for (const { due_at, started_at, status } of ran) {
    expect(status).toBe('success');
    const lateMs = Date.parse(started_at!) - Date.parse(due_at);
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(1_000);
  }
  return true;
}

/** When its first result is of, from now on. */
async function brings(): Promise<number> {
  const sinceMs = Date.now();
  return until('a result is stored', 30_000, async () => {
    const { results } = await covered(net, web, sinceMs, Date.now());
    const mine = results.filter(({ agent: by }) => by === 'site_1').map(({ due_at }) => Date.parse(due_at));
    return mine.length > 0 && Math.min(...mine);
  });
}

test('it runs its checks, and each instant has one result with its own time', async () => {
  const fromMs = await brings();
  await settled();
  const toMs = Date.now() - 1_000;
  await until('each instant has its result', 20_000, () => isWhole(fromMs, toMs));
  expect(toMs - fromMs).toBeGreaterThan(4_000);
  const second = await picket('agent', '--dir', dir);
  expect([second.status, second.err]).toEqual([1, expect.stringContaining('agent_runs')]);
});

test('killed and started again it brings what it had found, none of it twice', async () => {
  const fromMs = await brings();
  // What it finds while its gateway is stopped waits on its disk.
  const poller = (await net.ask<MemberRow[]>('members')).find(({ role }) => role === 'poller')!;
  kill(poller.pid, 'SIGSTOP');
  await pause(2_000);
  const killedMs = Date.now();
  agent.kill('SIGKILL');
  await agent.ended;
  kill(poller.pid, 'SIGCONT');
  agent = startAgent(['--dir', dir]);
  const againMs = await brings();
  await until('what waited is stored', 30_000, () => isWhole(fromMs, killedMs - 1_000));
  await settled();
  await until('it goes on', 20_000, () => isWhole(againMs, Date.now() - 6_000));
});

test('while there is no gateway it goes on, and what it found comes afterwards, once each, with its own time', async () => {
  const fromMs = await brings();
  expect(await net.run('down')).toMatchObject({ status: 0 });
  await pause(6_000);
  await net.up();
  const backMs = await brings();
  expect(backMs - fromMs).toBeGreaterThan(6_000);
  await until('each instant of the outage has its result', 60_000, () => isWhole(fromMs, backMs));
  expect(agent.log()).toContain('no gateway now: checks go on, results are kept');
});

test('a poller that is killed loses nothing of it', async () => {
  const fromMs = await brings();
  const poller = (await net.ask<MemberRow[]>('members')).find(({ role }) => role === 'poller')!;
  kill(poller.pid, 'SIGKILL');
  await settled();
  const backMs = await brings();
  await until('each instant has its result', 30_000, () => isWhole(fromMs, backMs));
});

test('it ends in order when it is told to, and its certificate is renewed without losing a result', async () => {
  const fromMs = await brings();
  agent.kill('SIGTERM');
  expect(await agent.ended).toBe(0);
  const before = pemOf();
  agent = startAgent(['--dir', dir, '--renew']);
  await until('it is renewed', 20_000, () => agent.log().includes('the certificate was renewed'));
  expect(pemOf()).not.toBe(before);
  expect(statSync(join(dir, 'edge.pem')).mode & 0o777).toBe(0o600);
  const verified = await picket(
    'certs',
    'verify',
    join(dir, 'edge.pem'),
    '--ca',
    join(dir, 'roots.pem'),
    '--json',
  );
  expect(JSON.parse(verified.out)).toMatchObject({ ok: true, identity: { role: 'agent', id: 'site_1' } });
  const backMs = await brings();
  await settled();
  await until('it goes on with the new one', 20_000, () => isWhole(backMs, Date.now() - 6_000));
  expect(backMs).toBeGreaterThan(fromMs);
  const history = await net.ask<{ event: string; who: string; why: string }[]>(
    'tenant',
    'history',
    'default',
  );
  expect(history.at(-1)).toMatchObject({
    event: 'package_renew',
    why: expect.stringContaining(`${packageId}: serial`),
    who: expect.stringContaining('/agent/site_1'),
  });
});

test('a package that is revoked ends all of its certificates', async () => {
  const pem = pemOf();
  await net.ask('package', 'revoke', packageId, '--tenant', 'default');
  await until('it is put out', 10_000, () => agent.log().includes('no gateway now'));
  await until('it is told why', 20_000, () => /"code":"(revoked|package_revoked)"/.test(agent.log()));
  const file = join(net.data, 'renewed.pem');
  writeFileSync(file, pem.slice(pem.indexOf('-----BEGIN CERTIFICATE')));
  const trust = ['--ca', join(dir, 'roots.pem'), '--crl', join(net.data, 'authority/revoked.pem')];
  const { out } = await picket('certs', 'verify', file, ...trust, '--json');
  expect(JSON.parse(out)).toMatchObject({ ok: false, error: { code: 'revoked' } });
  agent.kill('SIGTERM');
  expect(await agent.ended).toBe(0);
});

test('with a certificate that has ended it says what to do, and nothing runs', async () => {
  const past = { wallMs: () => Date.now() - 3_600_000 };
  const authority = await createAuthority('test.local', past);
  const tenantId = 'abcdefghijkl';
  const issuer = await createIntermediate(authority.root, 'test.local', { kind: 'tenant', tenantId }, past);
  const identity = { kind: 'tenant', trustDomain: 'test.local', tenantId, role: 'agent', id: 'a' } as const;
  const credential = await issueLeaf(authority.root, issuer, { identity, lifetimeMs: 60_000 }, past);
  const folder = join(net.data, 'edge_old');
  mkdirSync(folder, { mode: 0o700 });
  const names = {
    identity: `spiffe://test.local/tenant/${tenantId}/agent/a`,
    tenantId,
    packageId: 'pkg_abcdefghijklmnop',
  };
  await writeEnrolled(folder, { ...names, partition: 'default', gateways: ['127.0.0.1:9'] }, credential);
  const { status, err } = await picket('agent', '--dir', folder);
  expect([status, err]).toEqual([1, expect.stringMatching(/certificate_expired: .*picket package create/)]);
  const nothing = await picket('agent', '--dir', join(net.data, 'edge_none'));
  expect([nothing.status, nothing.err]).toEqual([1, expect.stringContaining('not_enrolled')]);
  expect(systemClock().wallMs()).toBeGreaterThan(past.wallMs());
});

test.skipIf(namespacesMissing !== null)(
  `it runs where nothing but its state can be written${namespacesMissing === null ? '' : ` (skipped: ${namespacesMissing})`}`,
  async () => {
    const made = await enrolled(net, 'default', 'site_2', '--partition', 'north');
    const state = join(net.data, 'state_2');
    mkdirSync(state, { mode: 0o700 });
    const only =
      'mount --make-rprivate / && mount --bind "$0" "$0" && mount -o remount,bind,ro / && mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"';
    const before = ['unshare', '-m', 'sh', '-c', only, state, made.dir];
    const one = startAgent(['--dir', made.dir, '--state', state, '--renew'], before);
    await until('it is renewed, into its state', 30_000, () =>
      one.log().includes('the certificate was renewed'),
    );
    expect(execFileSync('ls', [state], { encoding: 'utf8' }).split('\n')).toEqual(
      expect.arrayContaining(['agent.pid', 'config', 'credential', 'outbox']),
    );
    one.kill('SIGTERM');
    expect(await one.ended).toBe(0);
  },
);
