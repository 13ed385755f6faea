/** A debug bundle from outside: what is in it, that no secret is, and that a node which hangs holds nobody up. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runningEmbedded } from '../../store/index.ts';
import { type Cluster, cluster, type MemberRow } from './picket.ts';
import { kill } from './processes.ts';

let one: Cluster;
const planted = 'pLanted-Secret_4711';
const body = Buffer.from('a private key of nobody, planted here').toString('base64');
const pem = `-----BEGIN EC PRIVATE KEY-----\n${body}\n-----END EC PRIVATE KEY-----`;

/** Of every kind, as they stand in a log. */
const lines = [
  JSON.stringify({ level: 30, msg: 'dialled', url: `https://ann:${planted}@cmdb.example/api` }),
  JSON.stringify({ level: 30, msg: `sent Authorization: Bearer ${planted}` }),
  JSON.stringify({ level: 30, password: planted, nested: { apiKey: planted, tokens: [planted] } }),
  JSON.stringify({ level: 30, msg: `configured ${JSON.stringify({ client_secret: planted })}` }),
  JSON.stringify({ level: 50, msg: pem }),
  pem,
  `picket1.${planted}.${planted}`,
  `token=${planted} and --password ${planted}`,
  JSON.stringify({
    level: 30,
    credentials: { user: 'ann', value: planted },
    secrets: [`a ${planted}`, planted],
  }),
];

beforeAll(async () => {
  process.env.NODE_PLANTED_TOKEN = planted;
  process.env.OTEL_EXPORTER_OTLP_HEADERS = `authorization=Bearer ${planted}`;
  one = await cluster('core=1,poller=2,agent=1');
  await one.up();
  for (const node of ['core_1', 'poller_1'])
    appendFileSync(join(one.data, 'logs', `${node}.log`), `${lines.join('\n')}\n`);
});
afterAll(async () => {
  delete process.env.NODE_PLANTED_TOKEN;
  delete process.env.OTEL_EXPORTER_OTLP_HEADERS;
  await one?.close();
});

interface Made {
  file: string;
  files: string[];
  missing: string[];
  redacted: Record<string, number>;
}

async function bundle(name: string, ...flags: string[]) {
  const file = join(one.data, `${name}.tar.gz`);
  const begunMs = performance.now();
  const made = await one.ask<Made>('debug', 'bundle', '--out', file, ...flags);
  const tookMs = performance.now() - begunMs;
  const folder = join(one.data, name);
  mkdirSync(folder);
  execFileSync('tar', ['-xzf', file, '-C', folder]);
  return { ...made, tookMs, folder };
}

const read = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8');

/** Of keys and passwords that the cluster really has. */
function ownSecrets(): string[] {
  const keys = readdirSync(join(one.data, 'credentials'))
    .map((name) => readFileSync(join(one.data, 'credentials', name), 'utf8'))
    .flatMap((text) => /PRIVATE KEY-----\n([^\n]+)\n([^\n]+)/.exec(text)?.slice(1) ?? []);
  const url = decodeURIComponent(new URL(runningEmbedded(one.data)!.replace(/@[^/]*\//, '@host/')).password);
  // The first line of a key says only of which kind it is.
  return [planted, body, url, ...keys.filter((_, at) => at % 2 === 1)];
}

test('members, trees, names, versions, configuration and logs of all nodes are in it, and no secret is', async () => {
  const { files, missing, redacted, folder, tookMs } = await bundle('whole');
  for (const node of ['core_1', 'poller_1', 'poller_2', 'agent_1'])
    for (const name of ['about.json', 'tree.json', 'links.json', 'names.json', 'log.txt'])
      expect(files).toContain(`nodes/${node}/${name}`);
  expect(files).toEqual(
    expect.arrayContaining([
      'README.txt',
      'summary.json',
      'cluster/members.json',
      'cluster/status.json',
      'limits/bin.txt',
      'limits/cluster.txt',
    ]),
  );
  // A node of this version may tell no metrics; nothing else may be missing.
  expect(missing.filter((line) => !line.includes('metrics'))).toEqual([]);
  expect(tookMs).toBeLessThan(10_000);

  const secrets = ownSecrets();
  expect(secrets.length).toBeGreaterThan(5);
  expect(Math.min(...secrets.map(({ length }) => length))).toBeGreaterThan(10);
  const found = files.flatMap((name) =>
    secrets.filter((secret) => read(folder, name).includes(secret)).map(() => name),
  );
  expect(found).toEqual([]);
  expect(Object.keys(redacted).sort()).toEqual(
    expect.arrayContaining(['credentials of URLs', 'fields', 'headers', 'package tokens', 'private keys']),
  );
  const about = JSON.parse(read(folder, 'nodes/core_1/about.json')) as Record<string, Record<string, string>>;
  expect(about).toMatchObject({
    ...{ name: 'core_1', picket: expect.any(String), flags: { role: 'core' } },
    environment: { NODE_PLANTED_TOKEN: '[redacted]' },
    packages: { pg: expect.any(String) },
  });
  expect(about.environment!.DATABASE_URL).toContain('[redacted]@');
  expect(read(folder, 'nodes/core_1/log.txt')).toContain('"msg":"ready"');
  expect(read(folder, 'README.txt')).toContain('Taken out');
  const members = JSON.parse(read(folder, 'cluster/members.json')) as MemberRow[];
  expect(members.map(({ name }) => name)).toEqual(['agent_1', 'core_1', 'poller_1', 'poller_2']);
});

test('of one node alone, as it sees the cluster, and by way of a node that is no core', async () => {
  const { files } = await bundle('alone', '--node', 'agent_1');
  expect(
    files.filter((name) => name.startsWith('nodes/')).every((name) => name.startsWith('nodes/agent_1/')),
  ).toBe(true);
  const members = await one.ask<MemberRow[]>('members');
  const poller = members.find(({ name }) => name === 'poller_1')!;
  const through = await bundle(
    'through',
    '--at',
    poller.address,
    '--as',
    join(one.data, 'credentials', 'operator.pem'),
  );
  expect(JSON.parse(read(through.folder, 'summary.json'))).toMatchObject({
    through: 'poller_1',
    nodes: expect.arrayContaining(['core_1']),
  });
});

test('a node that hangs is listed as missing, and the bundle is there within ten seconds', async () => {
  const members = await one.ask<MemberRow[]>('members');
  const { pid } = members.find(({ name }) => name === 'poller_2')!;
  kill(pid, 'SIGSTOP');
  try {
    const { files, missing, tookMs } = await bundle('hung');
    expect(missing.some((line) => line.startsWith('poller_2: about'))).toBe(true);
    expect(files).toContain('nodes/agent_1/about.json');
    expect(tookMs).toBeLessThan(10_000);
  } finally {
    kill(pid, 'SIGCONT');
  }
});
