/**
 * The topology of docker/compose.yaml with its own commands, as processes in namespaces: three cores, a web node, two pollers,
 * two agents of two tenants. What is not tried is the image: there is no Docker here.
 */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EmbeddedServer } from '../../store/index.ts';
import { scratchDir, startIn } from '../contract/scratch-database.ts';
import { composeFile } from '../docker/compose-file.ts';
import { type Host, Hosts } from './compose-hosts.ts';
import { namespacesMissing } from './namespaces.ts';
import { type MemberRow, type ResultRow, until } from './picket.ts';

const file = composeFile();
const nodes = ['core-1', 'core-2', 'core-3', 'web-1', 'poller-1', 'poller-2'];
const agents = ['agent-acme', 'agent-globex'];
const longMs = 240_000;
const skipped = namespacesMissing === null ? '' : ` (skipped: ${namespacesMissing})`;

let server: EmbeddedServer;
let database: string | null = null;
let all: Hosts;
const running = new Map<string, Host>();
const of = (name: string) => running.get(name)!;

/** A command of the operator, given inside of a core. */
async function ask<T>(...args: string[]): Promise<T> {
  const at = ['--at', 'core-1:7400', '--as', `${all.volume('state')}/credentials/operator.pem`, '--json'];
  const { status, out, err } = await all.exec(of('core-1'), 'picket', ...args, ...at);
  if (status !== 0) throw new Error(`picket ${args.join(' ')}: ${err}`);
  return JSON.parse(out) as T;
}

beforeAll(async () => {
  if (namespacesMissing !== null) return;
  database = scratchDir();
  server = await startIn(database);
  const socketFolder = decodeURIComponent(/@([^:/]+)/.exec(server.url)?.[1] ?? '') || dirname(server.url);
  const { uid } = statSync(socketFolder);
  all = new Hosts(file, [...nodes, ...agents], uid);
  const stored = { DATABASE_URL: server.url };
  const prepared = {
    PICKET_DATA: all.volume('state'),
    PICKET_CREDENTIALS: all.folder,
    PICKET_TRUST_DOMAIN: 'compose.test',
  };
  for (const name of ['web_1', 'poller_1', 'poller_2']) all.volume(name);
  all.prepare('prepare.sh', { ...stored, ...prepared }, file.services.prepare!.command!);
  for (const name of nodes) {
    const needs = file.services[name]!.environment?.DATABASE_URL === undefined ? {} : stored;
    running.set(name, all.start(name, needs));
  }
  await until('all nodes are up', 120_000, async () => {
    const members = await ask<MemberRow[]>('members');
    return members.filter(({ status }) => status === 'up').length === nodes.length;
  }).catch((error) => {
    throw new Error(
      `${error.message}\n${[...running.values()].map((host) => `${host.name}: ${host.log().slice(-1_500)}`).join('\n')}`,
    );
  });
}, longMs);
afterAll(async () => {
  await all?.close();
  await server?.stop();
  if (database !== null) rmSync(database, { recursive: true, force: true });
});

test.skipIf(namespacesMissing !== null)(
  `checks of two tenants run by an agent in each one's network${skipped}`,
  async () => {
    for (const [tenant, poller] of [
      ['acme', 'poller-1'],
      ['globex', 'poller-2'],
    ] as const) {
      await ask('tenant', 'create', tenant);
      const package_ = [
        'package',
        'create',
        '--tenant',
        tenant,
        '--name',
        `site_${tenant}`,
        '--partition',
        'plant',
      ];
      const made = await ask<{ token: string }>(...package_, '--endpoint', `${poller}:7500`);
      writeFileSync(`${all.folder}/token_${tenant}`, `${made.token}\n`, { mode: 0o644 });
      const agent = `agent-${tenant}`;
      running.set(agent, all.start(agent, { PICKET_TOKEN_FILE: `${all.folder}/token_${tenant}` }));
    }
    for (const [tenant, poller] of [
      ['acme', 'poller-1'],
      ['globex', 'poller-2'],
    ] as const) {
      const target = all.networks.addressesOf(poller)[tenant]!;
      const check = await ask<{ id: string }>(
        ...[
          'check',
          'add',
          '--tenant',
          tenant,
          '--name',
          'gateway',
          '--kind',
          'tcp',
          '--target',
          target,
          '--port',
          '7500',
        ],
        ...['--interval', '1s', '--timeout', '900ms', '--partition', 'plant'],
      );
      await until(`${tenant}'s check is run by its agent`, 60_000, async () => {
        const rows = await ask<ResultRow[]>(
          'results',
          '--tenant',
          tenant,
          '--check',
          check.id,
          '--limit',
          '20',
        );
        return rows.some(({ status, agent }) => status === 'success' && agent === `site_${tenant}`);
      }).catch((error) => {
        throw new Error(`${error.message}\n${of(`agent-${tenant}`).log().slice(-2_000)}`);
      });
    }
  },
);

test.skipIf(namespacesMissing !== null)(
  `an agent reaches its poller and nobody else, whatever it dials${skipped}`,
  async () => {
    const every = [...nodes, ...agents].flatMap((name) =>
      Object.entries(all.networks.addressesOf(name)).flatMap(([network, address]) =>
        network === 'database' ? [] : [7400, 7500, 9464].map((port) => ({ name, network, address, port })),
      ),
    );
    const dial =
      'const n=require("net");Promise.all(JSON.parse(process.argv[1]).map(([h,p])=>new Promise(r=>{const s=n.connect({host:h,port:p,timeout:1500},()=>{s.destroy();r(true)});s.on("error",()=>r(false));s.on("timeout",()=>{s.destroy();r(false)})}))).then(a=>console.log(JSON.stringify(a)))';
    for (const [tenant, poller] of [
      ['acme', 'poller-1'],
      ['globex', 'poller-2'],
    ] as const) {
      const targets = JSON.stringify(every.map(({ address, port }) => [address, port]));
      const { out } = await all.exec(of(`agent-${tenant}`), 'node', '-e', dial, targets);
      const reached = every.filter((_, at) => (JSON.parse(out) as boolean[])[at]);
      // Its metrics are the poller's own matter: they listen on loopback.
      expect(reached.map(({ name, network, port }) => `${name} ${network} ${port}`)).toEqual([
        `${poller} ${tenant} 7400`,
        `${poller} ${tenant} 7500`,
      ]);
    }
  },
);

test.skipIf(namespacesMissing !== null)(
  `each start command runs without rights on a root that cannot be written, and its health command answers${skipped}`,
  async () => {
    for (const host of running.values()) {
      const status = readFileSync(`/proc/${host.pid}/status`, 'utf8');
      expect(/^Uid:\t(\d+)\t(\d+)/m.exec(status)!.slice(1, 3)).not.toContain('0');
      expect(/^CapEff:\t(\w+)/m.exec(status)![1]).toMatch(/^0+$/);
      expect(/^NoNewPrivs:\t(\d)/m.exec(status)![1]).toBe('1');
      const touched = await all.exec(
        host,
        'sh',
        '-c',
        'touch /mnt/x /etc/x /usr/x 2>&1; touch "$PICKET_DATA/x" && rm "$PICKET_DATA/x" && echo kept',
      );
      expect(touched.out).toContain('kept');
      expect(touched.out.match(/cannot touch/g)).toHaveLength(3);
      const health = await all.exec(host, 'picket', 'health');
      expect([host.name, health.status, health.out]).toEqual([host.name, 0, 'ok\n']);
    }
    // And says no when it is not so.
    const agent = of('agent-acme');
    const nobody = await all.exec(agent, 'picket', 'health', '--agent', '/nowhere');
    expect([nobody.status, nobody.err]).toEqual([1, expect.stringContaining('unhealthy')]);
  },
);
