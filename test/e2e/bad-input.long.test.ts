import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CheckRow, type Cluster, cluster, picket as command, type MemberRow, until } from './picket.ts';
import { type TcpTarget, tcpTarget } from './targets.ts';

let picket: Cluster;
let stopped: Cluster;
let target: TcpTarget;

beforeAll(async () => {
  [target, picket, stopped] = await Promise.all([tcpTarget(), cluster(), cluster()]);
  await picket.up();
});
afterAll(async () => {
  await Promise.all([picket.close(), stopped.close(), target.close()]);
});

const starters = ['health page', 'localhost name', 'loopback', 'web port'];
const checkRows = () => picket.ask<CheckRow[]>('check', 'list');

describe('a command line that makes no sense', () => {
  test.each([
    [['members', '--colour'], "unknown option '--colour'"],
    [['membres'], "unknown command 'membres'"],
    [['check', 'remove'], "missing required argument 'id'"],
    [['check', 'add', '--kind', 'tcp'], "required option '--target <target>' not specified"],
  ])('ends with 2 and says where help is: picket %s', async (args, said) => {
    const { status, out, err } = await command(...args);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain(said);
    expect(err).toMatch(/help/);
  });

  test.each([
    ['core=1,moon=2', 'ROLE=COUNT'],
    ['core=many', 'ROLE=COUNT'],
    ['core=1,core=2', 'core is named twice'],
    ['web=1,poller=1', 'at least one core'],
    ['core=1,agent=1000', 'at most 50 of role agent'],
  ])('names what is wrong with --nodes %s, and starts nothing', async (nodes, said) => {
    const { status, err } = await stopped.run('up', '--detach', '--nodes', nodes);
    expect(status).toBe(2);
    expect(err).toContain(said);
    expect(stopped.pids()).toEqual([]);
  });

  test.each([
    [['up', '--http', '70000'], '1 to 65535'],
    [['up', '--json'], '--detach'],
    [['results', '--since', 'yesterday'], '--since'],
    [['results', '--limit', '0'], '--limit'],
    [['results', '--status', 'fine'], 'success, warning, critical'],
    [['results', '--status', 'success', '--gaps'], 'a gap has no status'],
  ])('is usage: picket %s', async (args, said) => {
    const { status, err } = await stopped.run(...args);
    expect(status).toBe(2);
    expect(err).toContain(said);
  });
});

describe('a question about what is not there', () => {
  test.each([
    [['results', '--check', 'chk_nobody'], 'no_such_check', 'see picket check list --tenant default'],
    [['results', '--check', 'chk_nobody', '--gaps'], 'no_such_check', 'chk_nobody'],
    [['results', '--check', 'chk_nobody', '--status', 'success'], 'no_such_check', 'chk_nobody'],
    [['registry', '--kind', 'tenants'], 'no_such_kind', 'tenant, scheduler'],
  ])('says so and what to do, not an empty table: picket %s', async (args, code, said) => {
    const { status, out, err } = await picket.run(...args);
    expect([status, out]).toEqual([1, '']);
    expect(err).toContain(code);
    expect(err).toContain(said);
  });

  test('what is there and has nothing to show is an empty answer', async () => {
    expect(await picket.ask('registry', '--kind', 'topic', '--tenant', 'default')).toEqual([]);
    const [check] = await checkRows();
    expect(await picket.ask('results', '--check', check!.id, '--status', 'timeout')).toEqual([]);
  });
});

describe('a check that cannot be', () => {
  const tcp = ['--kind', 'tcp', '--target', '127.0.0.1', '--port', '80'];

  test.each([
    ['no duration', [...tcp, '--interval', 'soon'], 2, '"soon" is no duration'],
    ['too short an interval', [...tcp, '--interval', '10ms'], 1, 'interval'],
    ['too long a timeout', [...tcp, '--timeout', '2h'], 1, 'timeout'],
    ['no kind of ours', ['--kind', 'smtp', '--target', 'mail.example'], 2, 'tcp, http, icmp, dns'],
    ['no port', ['--kind', 'tcp', '--target', '127.0.0.1'], 2, '--port'],
    ['no such port', ['--kind', 'tcp', '--target', '127.0.0.1', '--port', '70000'], 1, 'port'],
    ['no host', ['--kind', 'icmp', '--target', 'not a host'], 1, 'not a host'],
    ['no URL', ['--kind', 'http', '--target', 'ftp://127.0.0.1/'], 1, 'http'],
    ['a setting that its kind has not', [...tcp, '--set', 'expect_status=200'], 1, 'expect_status'],
    ['no such tenant', [...tcp, '--tenant', 'nobody'], 1, 'there is no tenant "nobody"'],
  ])('is refused with its field named: %s', async (_, flags, status, said) => {
    const ran = await picket.run('check', 'add', ...flags);
    expect([ran.status, ran.out]).toEqual([status, '']);
    expect(ran.err).toContain(said);
    expect(ran.err.trim().split('\n')).toHaveLength(1);
  });

  test('is not there afterwards', async () => {
    expect((await checkRows()).map(({ name }) => name).sort()).toEqual(starters);
  });

  test('is refused to a tenant whose target is the machine of the platform itself', async () => {
    await picket.ask('tenant', 'create', 'acme');
    for (const flags of [
      ['--kind', 'tcp', '--target', '127.0.0.1', '--port', String(target.port)],
      ['--kind', 'http', '--target', `http://[::ffff:127.0.0.1]:${picket.port}/`],
      ['--kind', 'icmp', '--target', '169.254.169.254'],
      ['--kind', 'dns', '--target', 'name.example', '--set', 'server=127.0.0.1:53'],
    ]) {
      const { status, err } = await picket.run('check', 'add', '--tenant', 'acme', ...flags);
      expect([flags, status]).toEqual([flags, 1]);
      expect(err).toContain('target_not_allowed');
    }
    expect(await picket.ask('check', 'list', '--tenant', 'acme')).toEqual([]);
  });

  test('in one line of an import keeps the others out too, and its line is named', async () => {
    const file = join(picket.data, 'bad.ndjson');
    const good = { kind: 'tcp', target: '127.0.0.1', port: target.port };
    for (const [bad, said] of [
      ['{"kind":"tcp","target":"127.0.0.1"', 'JSON'],
      ['{"kind":"tcp","target":"127.0.0.1"}', 'port'],
      ['{"kind":"tcp","target":"127.0.0.1","port":1,"colour":"red"}', 'colour'],
      ['{"kind":"tcp","target":"127.0.0.1","port":1,"interval":"10ms"}', 'interval'],
    ] as const) {
      writeFileSync(
        file,
        `${JSON.stringify(good)}\n${JSON.stringify(good)}\n${bad}\n${JSON.stringify(good)}\n`,
      );
      const { status, err } = await picket.run('check', 'import', file);
      expect([bad, status]).toEqual([bad, 1]);
      expect(err).toContain(said);
      expect(err).toMatch(/bad\.ndjson:3: .*nothing was added/);
    }
    const many = Array.from({ length: 700 }, () => JSON.stringify(good));
    writeFileSync(file, [...many, JSON.stringify({ ...good, interval: '2d' })].join('\n'));
    const last = await picket.run('check', 'import', file);
    expect(last.status).toBe(1);
    expect(last.err).toMatch(/bad\.ndjson:701: .*interval.*nothing was added/);
    writeFileSync(file, [JSON.stringify({ ...good, target: '192.0.2.1' }), JSON.stringify(good)].join('\n'));
    const foreign = await picket.run('check', 'import', file, '--tenant', 'acme');
    expect(foreign.status).toBe(1);
    expect(foreign.err).toMatch(/bad\.ndjson:2: target_not_allowed: .*nothing was added/);
    expect(await picket.ask('check', 'list', '--tenant', 'acme')).toEqual([]);
    const absent = await picket.run('check', 'import', '/nowhere.ndjson');
    expect(absent).toMatchObject({
      status: 1,
      err: expect.stringContaining('/nowhere.ndjson cannot be read'),
    });
    expect((await checkRows()).map(({ name }) => name).sort()).toEqual(starters);
  });
});

describe('what up finds', () => {
  test('a port in use: the owner is named', async () => {
    const { status, err } = await stopped.run('up', '--detach', '--http', String(target.port));
    expect(status).toBe(1);
    expect(err).toContain(`port ${target.port} is in use by process ${process.pid} (`);
    expect(err).toContain('--http');
    expect(stopped.pids()).toEqual([]);
  });

  test('a data folder of a newer version: every command says what to do, and none changes it', async () => {
    const newer = join(stopped.data, 'newer');
    mkdirSync(newer);
    writeFileSync(join(newer, 'version.json'), '{"layout":999}\n');
    for (const args of [['up', '--detach'], ['members'], ['down']]) {
      const { status, err } = await command(...args, '--data', newer);
      expect([args, status]).toEqual([args, 1]);
      expect(err).toContain('was made by a newer picket');
      expect(err).toContain('--data');
    }
    expect(readFileSync(join(newer, 'version.json'), 'utf8')).toBe('{"layout":999}\n');
  });

  test('a data folder that is a file', async () => {
    const file = join(stopped.data, 'file');
    writeFileSync(file, 'a file');
    const { status, err } = await command('up', '--detach', '--data', file);
    expect(status).toBe(1);
    expect(err).toContain(`${file} cannot be used`);
    expect(readFileSync(file, 'utf8')).toBe('a file');
  });

  test('a corrupt certificate of a command: its file is named, and the cluster goes on', async () => {
    const file = join(picket.data, 'credentials/operator.pem');
    const good = readFileSync(file, 'utf8');
    writeFileSync(file, good.replace(/CERTIFICATE-----\n..../, 'CERTIFICATE-----\nAAAA'));
    const { status, err } = await picket.run('members');
    expect(status).toBe(1);
    expect(err).toContain(file);
    writeFileSync(file, good);
    expect(await picket.ask<MemberRow[]>('members')).toHaveLength(5);
  });

  test('corrupt certificates of a stopped cluster: those of nodes are made anew, the authority must be restored', async () => {
    await picket.run('down');
    const nodes = join(picket.data, 'authority/nodes.pem');
    const good = readFileSync(nodes, 'utf8');
    writeFileSync(nodes, good.slice(0, 200));
    const { status, err } = await picket.run('up', '--detach', '--http', String(picket.port));
    expect(status).toBe(1);
    expect(err).toContain(nodes);
    expect(err).toContain('restore');
    expect(picket.pids()).toEqual([]);
    writeFileSync(nodes, good);
    writeFileSync(join(picket.data, 'credentials/core_1.pem'), 'not a certificate');
    await picket.up();
    expect(await until('five nodes', 15_000, () => picket.ask<MemberRow[]>('members'))).toHaveLength(5);
  });
});
