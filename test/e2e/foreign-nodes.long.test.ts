import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCredential, rootsOf } from '../../certs/index.ts';
import { toPem } from '../../certs/pem.ts';
import { createForeignWorld, spireDomain, spirePoller } from '../../certs/testing/foreign-world.ts';
import type { Forged } from '../../certs/testing/forge.ts';
import { createWorld } from '../../certs/testing/world.ts';
import { type ClusterError, connectOperator, tlsTransport } from '../../cluster/index.ts';
import { systemClock } from '../../runtime/index.ts';
import {
  type CheckRow,
  type Cluster,
  cluster,
  picket as command,
  freePort,
  type MemberRow,
  script,
  type UpAnswer,
  until,
} from './picket.ts';
import { type TcpTarget, tcpTarget } from './targets.ts';

const withinMs = 30_000;
const rotations = 6;
const foreign = createForeignWorld(createWorld(Date.now()));
const clock = systemClock();
const stranger = `spiffe://${spireDomain}/tenant/abcdefghijkl/agent/edge_1`;

let picket: Cluster;
let up: UpAnswer;
let target: TcpTarget;
let poller: ChildProcess;

const at = (name: string) => join(picket.data, name);
const logOf = (node: string) => readFileSync(at(`logs/${node}.log`), 'utf8');
const times = (node: string, what: string) => logOf(node).split(what).length - 1;
const members = async () => {
  const rows = await picket.ask<MemberRow[]>('members');
  return rows.filter(({ status }) => status === 'up').map(({ name }) => name);
};
const pem = (...all: Forged[]) => all.map(({ der }) => toPem(der, 'CERTIFICATE')).join('');
const pkcs8 = ({ privateKey }: Forged) => privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** As SPIRE's agent writes them: in place, one after the other, the key last. */
function writeSvid(folder: string, id: string): void {
  mkdirSync(folder, { recursive: true });
  const leaf = foreign.svid(foreign.spire, id);
  writeFileSync(join(folder, 'bundle.0.pem'), pem(foreign.upstream));
  writeFileSync(join(folder, 'svid.0.pem'), pem(leaf, foreign.spire, foreign.middle));
  writeFileSync(join(folder, 'svid.0.key'), pkcs8(leaf), { mode: 0o600 });
}

function writePolicy(nodes: object[]): void {
  const one = { trust_domain: spireDomain, roots: 'spire/bundle.0.pem', nodes };
  writeFileSync(at('policy.json'), JSON.stringify({ foreign_authorities: [one] }));
}
const pollers = { prefix: `spiffe://${spireDomain}/picket/poller/`, role: 'poller' };

const nodeFlags = (svid: string, name: string, port: number) => [
  ...['node', '--role', 'poller', '--name', name, '--svid', svid, '--policy', at('policy.json')],
  ...['--listen', `127.0.0.1:${port}`, '--seed', addressOf('core_1'), '--credentials', at('credentials')],
  ...['--data', at('elsewhere'), '--log-file', at(`logs/${name}.log`)],
];
const addressOf = (node: string) => up.nodes.find(({ name }) => name === node)!.address;

beforeAll(async () => {
  [target, picket] = await Promise.all([tcpTarget(), cluster('core=1,web=0,poller=1,agent=1')]);
  writeSvid(at('spire'), spirePoller);
  writePolicy([pollers]);
  up = await picket.up();
  poller = spawn(process.execPath, [script, ...nodeFlags(at('spire'), 'poller_9', await freePort())], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
});
afterAll(async () => {
  poller.kill('SIGKILL');
  await picket.close();
  await target.close();
});

/** What a link to core_1 is refused with. */
async function refusalOf(id: string): Promise<string> {
  const leaf = foreign.svid(foreign.spire, id);
  const own = await readCredential(at('credentials'), 'core_1');
  const credential = {
    chainPem: pem(leaf, foreign.spire, foreign.middle),
    privateKeyPem: pkcs8(leaf),
    rootsPem: pem(foreign.upstream),
  };
  const transport = tlsTransport({
    credential: () => credential,
    roots: () => rootsOf(own),
    trustDomain: 'picket.local',
    listen: null,
    clock,
    log: () => {},
  });
  try {
    await (await connectOperator(transport, clock, addressOf('core_1'))).close();
    return 'taken';
  } catch (error) {
    return (error as ClusterError).message;
  } finally {
    await transport.close();
  }
}

test('a node with the files of a SPIRE agent is a member under the name that the policy gives it', async () => {
  await until('it is a member', withinMs, async () => (await members()).includes('poller_9'));
  expect(await members()).toEqual(['agent_1', 'core_1', 'poller_1', 'poller_9']);
});

test('its files are rotated on disk under load, and it keeps every link and loses no check', async () => {
  const flags = ['--kind', 'tcp', '--target', '127.0.0.1', '--port', String(target.port), '--interval', '1s'];
  const names = Array.from({ length: 8 }, (_, one) => `load ${one}`);
  for (const name of names) await picket.ask<CheckRow>('check', 'add', '--name', name, ...flags);
  const everyone = ['agent_1', 'core_1', 'poller_1'];
  const ended = () => [...everyone, 'poller_9'].map((node) => times(node, '"link ended"'));
  const before = ended();
  const sinceMs = Date.now();
  for (let one = 0; one < rotations; one += 1) {
    const reads = times('poller_9', 'the credential was read again');
    writeSvid(at('spire'), spirePoller);
    await until(
      'the files were read again',
      withinMs,
      () => times('poller_9', 'the credential was read again') > reads,
    );
    expect(await members()).toContain('poller_9');
  }
  expect(ended()).toEqual(before);
  for (const node of everyone) expect(logOf(node)).not.toContain('peer refused');
  const { results } = await picket.rowsSince(sinceMs);
  expect(results.length).toBeGreaterThan(0);
  const lost = results.filter(({ reason }) => /lost|silent|no_answer/.test(reason ?? ''));
  expect(lost).toEqual([]);
});

test('a policy that is damaged is said in the log, and the last one counts', async () => {
  for (const text of [
    '{',
    JSON.stringify({
      foreign_authorities: [
        { trust_domain: spireDomain, roots: 'spire/bundle.0.pem', nodes: [{ ...pollers, role: 'tenant' }] },
      ],
    }),
  ]) {
    const said = times('core_1', 'the policy cannot be read: the last one counts');
    writeFileSync(at('policy.json'), text);
    await until(
      'it is said',
      withinMs,
      () => times('core_1', 'the policy cannot be read: the last one counts') > said,
    );
    expect(await members()).toContain('poller_9');
  }
  expect(logOf('core_1')).toContain('one of core, web, poller, agent');
});

test('an id that tries the path of a tenant is refused, and a node does not start with it', async () => {
  writePolicy([pollers]);
  expect(await refusalOf(stranger)).toContain('issuer_not_role');
  writeSvid(at('stranger'), stranger);
  const { status, err } = await command(...nodeFlags(at('stranger'), 'edge_1', await freePort()));
  expect(status).toBe(1);
  expect(err).toContain('issuer_not_role');
  // What the policy can make of it is a node of that name, and never a thing of the tenant.
  writePolicy([pollers, { id: stranger, role: 'agent', name: 'edge_1' }]);
  await until(
    'the policy counts',
    withinMs,
    async () => !(await refusalOf(stranger)).includes('issuer_not_role'),
  );
  expect(await refusalOf(stranger)).not.toContain('issuer_not_tenant');
});

test('a policy that names the id no more ends its links, and one that names it again takes it back', async () => {
  writePolicy([{ id: stranger, role: 'agent', name: 'edge_1' }]);
  await until('it is no member any more', withinMs, async () => !(await members()).includes('poller_9'));
  await until('both logs', withinMs, () =>
    ['core_1', 'poller_9'].every((node) => logOf(node).includes('issuer_not_role')),
  );
  writePolicy([pollers]);
  await until('it is back', withinMs, async () => (await members()).includes('poller_9'));
  expect(poller.exitCode).toBe(null);
});
