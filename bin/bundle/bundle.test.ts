/** A bundle as a real tar reads it, and its script as a real shell runs it, in a scratch root. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  createAuthority,
  createIntermediate,
  issueRequested,
  type KeyedCertificate,
  readCertificateRequest,
  readEnrolled,
  readPem,
  type TenantIdentity,
} from '../../certs/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { type BundleFacts, bundleContents } from './contents.ts';
import { tarGz } from './tar-file.ts';

const clock = systemClock();
const [trustDomain, tenantId, packageId] = ['test.local', 'abcdefghijkl', 'pkg_abcdefghijklmnop'];
const folder = `picket-${packageId}`;
const identity: TenantIdentity = { kind: 'tenant', trustDomain, tenantId, role: 'agent', id: 'site_4' };
const spiffeId = `spiffe://${trustDomain}/tenant/${tenantId}/agent/site_4`;
const madeAtS = 1_780_000_000;

async function scene() {
  const authority = await createAuthority(trustDomain, clock);
  const issuer = await createIntermediate(authority.root, trustDomain, { kind: 'tenant', tenantId }, clock);
  const enrolled = {
    identity: spiffeId,
    tenantId,
    packageId,
    partition: 'north',
    gateways: ['gw.test:5443'],
  };
  const facts: BundleFacts = {
    ...{ token: 'picket1.secret.signature', enrolled, expiresAt: '2026-12-01T00:00:00.000Z' },
    ...{ root: authority.root.certificatePem, chain: issuer.certificatePem },
  };
  const at = mkdtempSync(join(tmpdir(), 'picket-bundle-'));
  const file = join(at, 'bundle.tar.gz');
  writeFileSync(file, tarGz(bundleContents(facts), madeAtS), { mode: 0o600 });
  return { facts, issuer, at, file };
}

function unpacked({ at, file }: { at: string; file: string }) {
  execFileSync('tar', ['xzf', file, '-C', at]);
  const root = join(at, 'root');
  const state = join(root, 'var/lib/picket-agent');
  const tools = join(at, 'tools');
  mkdirSync(tools);
  /** With nothing of Picket on the path but what a test puts there. */
  const run = (...words: string[]) => {
    const env = { DESTDIR: root, PATH: `${tools}:/usr/bin:/bin`, PICKET: '' };
    const { status, stdout, stderr } = spawnSync('sh', [join(at, folder, 'install.sh'), ...words], {
      env,
      encoding: 'utf8',
    });
    return { status, out: stdout, err: stderr };
  };
  /** A program that notes how it was called and leaves what an enrolment leaves. */
  const tool = (name: string, script: string) => {
    writeFileSync(join(tools, name), `#!/bin/sh\necho "$0 $*" >>'${at}/calls'\n${script}\n`);
    chmodSync(join(tools, name), 0o755);
  };
  const calls = () => (existsSync(join(at, 'calls')) ? readFileSync(join(at, 'calls'), 'utf8') : '');
  return { ...{ root, state, run, tool, calls }, inside: (name: string) => join(at, folder, name) };
}

/** What comes back of the request that the script made. */
async function signed(issuer: KeyedCertificate, request: string, who = identity): Promise<string> {
  const pem = readPem(readFileSync(request, 'utf8'), 'CERTIFICATE REQUEST');
  const read = readCertificateRequest(pem.ok ? pem.blocks[0]! : new Uint8Array());
  if (!read.ok) throw new Error(read.error.detail);
  return (await issueRequested(issuer, who, read.request, clock)).chainPem;
}

test('tar lists it with its modes, and the same facts make the same bytes', async () => {
  const { file, facts } = await scene();
  const listed = execFileSync('tar', ['tzvf', file, '--full-time', '--utc'], { encoding: 'utf8' });
  const lines = listed
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/));
  expect(lines.map(([mode, owner, , , , name]) => `${mode} ${owner} ${name}`)).toEqual([
    `-rw-r--r-- root/root ${folder}/README.txt`,
    `-rwxr-xr-x root/root ${folder}/install.sh`,
    `-rw------- root/root ${folder}/token`,
    `-rw-r--r-- root/root ${folder}/edge.json`,
    `-rw-r--r-- root/root ${folder}/roots.pem`,
    `-rw-r--r-- root/root ${folder}/chain.pem`,
    `-rw-r--r-- root/root ${folder}/picket-agent.service`,
    `-rw-r--r-- root/root ${folder}/openssl.cnf`,
  ]);
  expect(lines.every(([, , , day]) => day === '2026-05-28')).toBe(true);
  expect(tarGz(bundleContents(facts), madeAtS).equals(readFileSync(file))).toBe(true);
});

test('a file of any length, a whole block or none, comes out as it went in; a strange name is refused', () => {
  const at = mkdtempSync(join(tmpdir(), 'picket-tar-'));
  const sizes = [0, 1, 511, 512, 513, 5_000];
  const entries = sizes.map((size) => ({ name: `f${size}`, mode: 0o644, bytes: Buffer.alloc(size, size) }));
  writeFileSync(join(at, 'a.tar.gz'), tarGz(entries, madeAtS));
  execFileSync('tar', ['xzf', join(at, 'a.tar.gz'), '-C', at]);
  for (const { name, bytes } of entries) expect(readFileSync(join(at, name)).equals(bytes)).toBe(true);
  for (const name of ['', 'a b', 'ä', 'x'.repeat(101)])
    expect(() => tarGz([{ name, mode: 0o644, bytes: new Uint8Array() }], 0)).toThrow('no name');
});

test('with openssl alone the key is made on the machine, its request signed elsewhere, and the folder is an enrolled one', async () => {
  const world = await scene();
  const { run, state, inside, root } = unpacked(world);
  expect(run('request')).toMatchObject({ status: 0 });
  const key = readFileSync(join(state, 'pending-key.pem'), 'utf8');
  expect(run('request')).toMatchObject({ status: 0 });
  expect(readFileSync(join(state, 'pending-key.pem'), 'utf8')).toBe(key);
  expect(statSync(join(state, 'pending-key.pem')).mode & 0o777).toBe(0o600);
  expect([state, join(state, '..')].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o755]);
  const certificate = join(world.at, 'certificate.pem');
  writeFileSync(certificate, await signed(world.issuer, inside('request.pem')));
  expect(run('certificate', certificate)).toMatchObject({ status: 0, err: '' });
  const found = await readEnrolled(state);
  expect(found?.enrolled).toEqual(world.facts.enrolled);
  expect(found?.credential.privateKeyPem).toBe(key);
  expect(readdirSync(state).sort()).toEqual(['edge.json', 'edge.pem', 'roots.pem']);
  expect(statSync(join(state, 'edge.pem')).mode & 0o777).toBe(0o600);
  expect(existsSync(inside('token'))).toBe(false);
  const unit = readFileSync(join(root, 'etc/systemd/system/picket-agent.service'), 'utf8');
  expect(unit).toContain('ExecStart=/usr/local/bin/picket agent --dir /var/lib/picket-agent\n');
  expect(run('request')).toMatchObject({ status: 1, err: expect.stringContaining('enrolled already') });
});

test('a certificate of another authority, another key or another name is not installed', async () => {
  const world = await scene();
  const { run, state, inside } = unpacked(world);
  const certificate = join(world.at, 'certificate.pem');
  writeFileSync(certificate, world.issuer.certificatePem);
  expect(run('certificate', certificate).err).toContain('there is no key');
  run('request');
  const install = async (pem: string) => {
    writeFileSync(certificate, pem);
    return run('certificate', certificate).err;
  };
  const other = await scene();
  expect(await install(await signed(other.issuer, inside('request.pem')))).toContain('not of the authority');
  const elsewhere = unpacked(other);
  elsewhere.run('request');
  expect(await install(await signed(world.issuer, elsewhere.inside('request.pem')))).toContain(
    'of another key',
  );
  const name = { ...identity, id: 'site_44' };
  expect(await install(await signed(world.issuer, inside('request.pem'), name))).toContain(
    `not of ${spiffeId}`,
  );
  expect(readdirSync(state)).toEqual(['pending-key.pem']);
  expect(existsSync(inside('token'))).toBe(true);
});

test('with picket, or with a container that has it, that enrols, and the service is one of it', async () => {
  const world = await scene();
  const { run, tool, calls, state, root, inside } = unpacked(world);
  expect(run()).toMatchObject({ status: 1, err: expect.stringContaining('neither picket') });
  tool('picket', 'exit 1');
  expect(run().status).toBe(1);
  expect(existsSync(inside('token'))).toBe(true);
  tool('picket', `touch '${state}/edge.pem'`);
  expect(run()).toMatchObject({ status: 0 });
  expect(calls()).toContain(`picket enroll --token-file ${inside('token')} --dir ${state}\n`);
  expect(existsSync(inside('token'))).toBe(false);
  expect(readFileSync(join(root, 'etc/systemd/system/picket-agent.service'), 'utf8')).toContain(
    'tools/picket agent --dir /var/lib/picket-agent\n',
  );
  expect(run()).toMatchObject({ status: 0, out: expect.stringContaining('enrolled already') });

  const contained = await scene();
  const other = unpacked(contained);
  other.tool('docker', `touch '${other.state}/edge.pem'`);
  const done = other.run('--docker', 'picket:1');
  expect(done).toMatchObject({ status: 0 });
  expect(other.calls()).toContain(
    `-v ${other.state}:/var/lib/picket-agent -v ${other.inside('token')}:/token:ro picket:1 enroll`,
  );
  expect(done.out).toContain('docker run -d --name picket-agent');
  expect(existsSync(join(other.root, 'etc'))).toBe(false);
});

test('the script says how it is used, and refuses what it does not understand', async () => {
  const { run } = unpacked(await scene());
  expect(run('--help')).toMatchObject({ status: 0, out: expect.stringContaining('usage: ./install.sh') });
  for (const words of [['--bad'], ['certificate'], ['--dir']]) expect(run(...words).status).toBe(2);
  expect(run('--dir', 'here')).toMatchObject({ status: 1, err: expect.stringContaining('absolute') });
});
