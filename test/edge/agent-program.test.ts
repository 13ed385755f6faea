/** The agent's program against the door of a poller, over real TLS, with certificates that live for seconds. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  chainFromPem,
  createAuthority,
  createIntermediate,
  isPossessor,
  issueLeaf,
  judgeCertificateRequest,
  readCertificate,
  type TenantIdentity,
  writeEnrolled,
} from '../../certs/index.ts';
import { signLeaf } from '../../certs/sign-leaf.ts';
import type { CommandOutcome } from '../../edge/command-book.ts';
import type { EdgeAgentProtocol } from '../../edge/edge-agent.ts';
import { type RunningAgent, startAgent } from '../../edge/program.ts';
import type { RenewQuestion } from '../../edge/renew-calls.ts';
import { checkView, openStage, playTenant, type Stage, tenantA } from '../../edge/testing/stage.ts';
import { type Ref, systemClock, systemRandom } from '../../runtime/index.ts';
import { until } from '../e2e/picket.ts';

const clock = systemClock({ unref: true });
const identity: TenantIdentity = {
  kind: 'tenant',
  trustDomain: 'test.local',
  tenantId: tenantA,
  role: 'agent',
  id: 'branch',
};
const spiffeId = `spiffe://test.local/tenant/${tenantA}/agent/branch`;

let stage: Stage;
let core: ReturnType<typeof playTenant>;
let folder: string;
let agent: RunningAgent | null;
let log: { message: string; fields: Readonly<Record<string, unknown>> }[];
let renewals: RenewQuestion[];
let renew: (question: RenewQuestion) => Promise<{ chain: string }>;
let issuer: Awaited<ReturnType<typeof createIntermediate>>;

beforeEach(async () => {
  renewals = [];
  stage = await openStage(async (_core, procedure, argument) => {
    expect(procedure).toBe('edge_renew');
    renewals.push(argument as RenewQuestion);
    return renew(argument as RenewQuestion);
  });
  core = playTenant(stage, tenantA);
  folder = mkdtempSync(join(tmpdir(), 'picket-agent-'));
  issuer = await createIntermediate(
    stage.authority.root,
    'test.local',
    { kind: 'tenant', tenantId: tenantA },
    clock,
  );
  agent = null;
  log = [];
});
afterEach(async () => {
  await agent?.stop();
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
});

async function enrol(
  gateways: readonly string[],
  lifetimeMs = 3_600_000,
  authority = stage.authority,
): Promise<void> {
  const own =
    authority === stage.authority
      ? issuer
      : await createIntermediate(authority.root, 'test.local', { kind: 'tenant', tenantId: tenantA }, clock);
  const credential = await issueLeaf(authority.root, own, { identity, lifetimeMs }, clock);
  const names = {
    identity: spiffeId,
    tenantId: tenantA,
    packageId: 'pkg_abcdefghijklmnop',
    partition: 'default',
  };
  await writeEnrolled(folder, { ...names, gateways }, credential);
}

async function start(): Promise<RunningAgent> {
  agent = await startAgent({
    ...{ folder, state: folder, clock, random: systemRandom(), icmp: null, pinger: null, renewNow: false },
    log: (_level, message, fields) => void log.push({ message, fields }),
    facts: { version: '1', hostname: 'h', os: 'linux', arch: 'x64', capabilities: ['tcp'] },
  });
  return agent;
}

const own = () => `127.0.0.1:${stage.port}`;
const said = (message: string) => log.filter((one) => one.message === message);
const actor = () =>
  [...stage.names].find(([name]) => name.includes('/agent/') || name.includes('agent'))![1]
    .ref as Ref<EdgeAgentProtocol>;

async function watched(): Promise<{ port: number; close(): void }> {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  return { port, close: () => server.close() };
}

/** As a core signs: for this bearer, when the present key proves it. */
async function sign(question: RenewQuestion, lifetimeMs: number): Promise<{ chain: string }> {
  const present = readFileSync(join(folder, 'edge.pem'), 'utf8');
  const chainPem = present.slice(present.indexOf('-----BEGIN CERTIFICATE'));
  expect(isPossessor(chainPem, question.request, question.proof)).toBe(true);
  const request = judgeCertificateRequest(question.request, identity);
  if (!request.ok) throw new Error(request.error.code);
  const spki = Uint8Array.from(request.request.publicKey);
  const key = await crypto.subtle.importKey('spki', spki, { name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'verify',
  ]);
  const leaf = await signLeaf(issuer, { identity, lifetimeMs }, key, clock);
  return { chain: `${leaf.toString('pem')}\n${issuer.certificatePem}` };
}

const serialIn = (pem: string) => {
  const chain = chainFromPem(pem.slice(pem.indexOf('-----BEGIN CERTIFICATE')));
  const read = chain.ok ? readCertificate(chain.chain[0]!) : null;
  return read?.ok ? read.certificate.serial : null;
};

describe('the program of an agent', () => {
  it('is given its checks, runs them, and what it found is stored and gone from its disk', async () => {
    const target = await watched();
    core.checks = [
      { ...checkView, target: '127.0.0.1', port: target.port, interval_ms: 1_000, timeout_ms: 500 },
    ];
    await enrol([own()]);
    const running = await start();
    await until('results are stored', 15_000, () => core.rows.length >= 3);
    expect(core.rows[0]).toMatchObject({
      checkId: 'c1',
      status: 'success',
      agent: 'branch',
      poller: 'poller_1',
    });
    const instants = core.rows.map(({ dueAtMs }) => dueAtMs);
    expect(new Set(instants).size).toBe(instants.length);
    target.close();
    await until('it says that it is down', 15_000, () =>
      core.rows.some(({ status }) => status === 'critical'),
    );
    core.checks = [];
    await until('what was found is gone', 15_000, () => running.totals().waiting === 0);
  });

  it('renews at half of a life of seconds, over and over, without a gap', async () => {
    const target = await watched();
    core.checks = [
      { ...checkView, target: '127.0.0.1', port: target.port, interval_ms: 1_000, timeout_ms: 500 },
    ];
    renew = (question) => sign(question, 8_000);
    await enrol([own()], 8_000);
    const first = serialIn(readFileSync(join(folder, 'edge.pem'), 'utf8'));
    const running = await start();
    await until('it was renewed twice', 30_000, () => said('the certificate was renewed').length >= 2);
    expect(renewals[0]).toMatchObject({ tenant: tenantA, role: 'agent', id: 'branch', serial: first });
    expect(renewals[1]!.serial).not.toBe(first);
    const instants = () => [...new Set(core.rows.map(({ dueAtMs }) => dueAtMs))].sort((a, b) => a - b);
    const renewedMs = Date.now();
    await until('it goes on with the newest', 20_000, () => instants().at(-1)! > renewedMs);
    await running.stop();
    agent = null;
    const all = instants();
    // Instants that a busy machine slept through are none that a renewal lost.
    const absent = (all.at(-1)! - all[0]!) / 1_000 + 1 - all.length;
    expect(absent).toBeLessThanOrEqual(running.totals().missed);
    target.close();
  });

  it('asks again with the same key when an answer was lost, and keeps the pair that it has until then', async () => {
    let lost = 0;
    renew = async (question) => {
      lost += 1;
      if (lost < 3) throw new Error('the way is away');
      return sign(question, 3_600_000);
    };
    await enrol([own()], 10_000);
    const before = readFileSync(join(folder, 'edge.pem'), 'utf8');
    await start();
    await until('two were lost', 20_000, () => said('the certificate could not be renewed yet').length >= 2);
    expect(readFileSync(join(folder, 'edge.pem'), 'utf8')).toBe(before);
    await until('it is renewed', 20_000, () => said('the certificate was renewed').length === 1);
    expect(new Set(renewals.map(({ request }) => keyIn(request))).size).toBe(1);
  });

  it('takes no certificate that is of another key or another bearer', async () => {
    const other: TenantIdentity = { ...identity, id: 'other' };
    const strange = await issueLeaf(stage.authority.root, issuer, { identity: other }, clock);
    const twin = await issueLeaf(stage.authority.root, issuer, { identity }, clock);
    const chains = [strange.chainPem, twin.chainPem, 'x'];
    renew = async () => ({ chain: chains.shift() ?? 'x' });
    await enrol([own()], 10_000);
    const before = readFileSync(join(folder, 'edge.pem'), 'utf8');
    await start();
    await until('all were refused', 20_000, () => chains.length === 0);
    expect(said('the certificate was renewed')).toEqual([]);
    expect(readFileSync(join(folder, 'edge.pem'), 'utf8')).toBe(before);
  });

  it('does what its gateway commands, once, and says no to the rest', async () => {
    const target = await watched();
    core.checks = [
      { ...checkView, target: '127.0.0.1', port: target.port, interval_ms: 3_600_000, timeout_ms: 500 },
    ];
    await enrol([own()]);
    const running = await start();
    await until('it has its config', 10_000, () => running.totals().checks === 1);
    const command = (type: string, payload: object) =>
      stage.system
        .call(actor(), 10_000)
        .command(type, Buffer.from(JSON.stringify(payload)), 20) as Promise<CommandOutcome>;
    const ran = await command('check.run', { check_id: 'c1' });
    expect(ran.state).toBe('completed');
    expect(JSON.parse(Buffer.from(ran.payloadJson).toString())).toMatchObject({
      status: 'success',
      reason: null,
    });
    target.close();
    const inline = { kind: 'tcp', target: '127.0.0.1', port: target.port, timeout_ms: 300 };
    const refused = await command('check.run', inline);
    expect(JSON.parse(Buffer.from(refused.payloadJson).toString())).toMatchObject({ status: 'critical' });
    core.checks = [];
    expect(await command('config.refresh', {})).toMatchObject({ state: 'completed' });
    expect(await command('shell.run', {})).toMatchObject({
      ...{ state: 'failed', message: expect.stringContaining('unsupported_command') },
    });
  });

  it('speaks to nobody who is not below its root, and goes on to the gateway that is', async () => {
    const stranger = await createAuthority('test.local', clock);
    await enrol([own()], 3_600_000, stranger);
    await start();
    await until(
      'it says so',
      15_000,
      () => said('no gateway now: checks go on, results are kept').length > 0,
    );
    const { fields } = said('no gateway now: checks go on, results are kept')[0]!;
    expect(String(fields.code)).toMatch(/gateway_(lost|refused)/);
    expect(said('connected')).toEqual([]);
  });

  it('finds the one of its gateways that is there, and notices at once when that one ends', async () => {
    const dead = '127.0.0.1:9';
    await enrol([dead, own(), dead]);
    const running = await start();
    await until('it is connected', 15_000, () => running.totals().gateway === own());
    await stage.door.drain();
    await until('it has left', 15_000, () => running.totals().gateway === null);
    const told = said('no gateway now: checks go on, results are kept').map(({ fields }) => fields);
    expect(told.filter(({ gateway }) => gateway === own())).toMatchObject([{ next: dead }]);
  });
});

function keyIn(request: Uint8Array): string {
  const read = judgeCertificateRequest(request, identity);
  return read.ok ? Buffer.from(read.request.publicKey).toString('hex') : '';
}
