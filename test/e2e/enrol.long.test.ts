/** From a package to a certificate in a folder, with everything that may not become one. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withOperator } from '../../bin/operator-session.ts';
import { type EnrolmentToken, makeToken, readToken } from '../../certs/index.ts';
import { forgeRequest } from '../../certs/testing/forge-request.ts';
import { enrolAt } from '../../edge/index.ts';
import { type Cluster, cluster, picket, until } from './picket.ts';

interface Package {
  id: string;
  status: string;
  expires_at: string;
  serial: string | null;
  token: string;
  [field: string]: unknown;
}

let net: Cluster;
let folders = 0;

beforeAll(async () => {
  net = await cluster('core=2,web=0,poller=1,agent=0');
  await net.up();
  await Promise.all(['acme', 'other'].map((slug) => net.ask('tenant', 'create', slug)));
});
afterAll(() => net.close());

/** What the commands ask, without a process for each. */
const call = <T>(name: string, argument: object) =>
  withOperator({ data: net.data }, (session) => session.call<T>(name, argument));
const create = (name: string, given: { tenant?: string; lifeMs?: number } = {}) => {
  const asked = { tenant: 'acme', kind: 'agent', name, partition: null, lifeMs: 86_400_000, endpoints: null };
  return call<Package>('package_create', { ...asked, ...given });
};
const list = () => call<Package[]>('package_list', { tenant: 'acme' });
const statusOf = async (id: string) => (await list()).find((one) => one.id === id)?.status;

async function enroll(token: string, folder?: string) {
  folders += 1;
  const dir = folder ?? join(net.data, `edge_${folders}`);
  const file = join(net.data, `token_${folders}`);
  writeFileSync(file, `${token}\n`);
  const { status, out } = await picket('enroll', '--token-file', file, '--dir', dir, '--json');
  const answer = JSON.parse(out) as { ok: boolean; identity: string | null; error: { code: string } | null };
  expect(status).toBe(answer.ok ? 0 : 1);
  return { ...answer, dir, code: answer.error?.code ?? null };
}

/** As `picket enroll` asks, with any token, key and request. */
async function ask(text: string, given: { key?: ReturnType<typeof newKey>; request?: Uint8Array } = {}) {
  const { key = newKey() } = given;
  const read = readToken(text);
  if (!read.ok) throw new Error(read.error.code);
  const { request = forgeRequest(key) } = given;
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const answer = await enrolAt({ token: read.token, text, request, publicKey, nowMs: () => Date.now() });
  return answer.ok ? { code: 'ok', chainPem: answer.chainPem } : { code: answer.error.code, chainPem: null };
}

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

/** Contents changed, and signed by whoever changed them. */
function forged(token: string, change: Partial<EnrolmentToken>): string {
  const read = readToken(token);
  if (!read.ok) throw new Error(read.error.code);
  return makeToken({ ...read.token, ...change }).text;
}

test('a package becomes a certificate of its tenant, whose key nobody but its folder has', async () => {
  const flags = ['--tenant', 'acme', '--name', 'site_1', '--partition', 'north'];
  const made = await net.ask<Package>('package', 'create', ...flags);
  expect(made).toMatchObject({ status: 'issued', kind: 'agent', partition: 'north', serial: null });
  expect(Date.parse(made.expires_at) - Date.now()).toBeGreaterThan(23 * 3_600_000);
  const { ok, identity, dir } = await enroll(made.token);
  expect([ok, identity]).toEqual([true, `spiffe://picket.local/tenant/${made.tenant_id}/agent/site_1`]);
  expect(statSync(join(dir, 'edge.pem')).mode & 0o777).toBe(0o600);
  expect(readdirSync(dir).sort()).toEqual(['edge.json', 'edge.pem', 'roots.pem']);
  const verified = await picket(
    'certs',
    'verify',
    join(dir, 'edge.pem'),
    '--ca',
    join(dir, 'roots.pem'),
    '--json',
  );
  expect(JSON.parse(verified.out)).toMatchObject({ ok: true, identity: { role: 'agent', id: 'site_1' } });
  expect(await statusOf(made.id)).toBe('delivered');
  const before = readFileSync(join(dir, 'edge.pem'), 'utf8');
  expect(await enroll(made.token, dir)).toMatchObject({ ok: true, identity });
  expect(readFileSync(join(dir, 'edge.pem'), 'utf8')).toBe(before);
  expect((await enroll((await create('site_1b')).token, dir)).code).toBe('already_exists');
});

test('the token is in no list, no history, no log, and not in the database as it is', async () => {
  const made = await create('site_2');
  await ask(made.token);
  const { secret } = (readToken(made.token) as { token: EnrolmentToken }).token;
  const { out: listed } = await net.run('package', 'list', '--tenant', 'acme', '--json');
  const { out: history } = await net.run('tenant', 'history', 'acme', '--json');
  expect(history).toContain('package_deliver');
  const logs = readdirSync(join(net.data, 'logs')).map((file) =>
    readFileSync(join(net.data, 'logs', file), 'utf8'),
  );
  for (const text of [listed, history, ...logs])
    for (const word of [made.token, secret, made.token.split('.')[1]!])
      expect(text.includes(word)).toBe(false);
});

test('an answer that was lost is given again to the same key, and to no other, until the certificate is in use', async () => {
  const { token, id } = await create('site_3');
  const key = newKey();
  const first = await ask(token, { key });
  expect(await ask(token, { key })).toEqual(first);
  expect((await ask(token)).code).toBe('token_already_used');
  const { serial } = (await list()).find((one) => one.id === id)!;
  const link = await dial(token, first.chainPem!, key);
  await until('activated', 10_000, async () => (await statusOf(id)) === 'activated');
  expect((await ask(token, { key })).code).toBe('token_already_used');
  const began = Date.now();
  await net.ask('package', 'revoke', id, '--tenant', 'acme', '--why', 'stolen');
  await link.closed;
  expect(Date.now() - began).toBeLessThan(5_000);
  const chain = join(net.data, 'site_3.pem');
  writeFileSync(chain, first.chainPem!);
  const trust = [
    '--ca',
    join(net.data, 'authority/root.pem'),
    '--crl',
    join(net.data, 'authority/revoked.pem'),
  ];
  const { out } = await picket('certs', 'verify', chain, ...trust, '--json');
  expect(JSON.parse(out)).toMatchObject({
    ok: false,
    error: { code: 'revoked', detail: `serial ${serial} is revoked` },
  });
  expect((await ask(token, { key })).code).toBe('package_revoked');
  const history = await net.ask<{ event: string; why: string | null }[]>('tenant', 'history', 'acme');
  expect(history.at(-1)).toMatchObject({
    event: 'package_revoke',
    why: `${id}: activated -> revoked: stolen`,
  });
});

test('of a hundred that come at once with one token one gets a certificate', async () => {
  const { token } = await create('site_4');
  const keys = Array.from({ length: 100 }, newKey);
  const answers = await Promise.all(keys.map((key) => ask(token, { key })));
  const codes = answers.map(({ code }) => code);
  expect([codes.filter((code) => code === 'ok').length, new Set(codes).size]).toEqual([1, 2]);
  expect(codes.filter((code) => code === 'token_already_used')).toHaveLength(99);
});

test('what is cut, changed, forged, of another tenant, over or revoked enrols nobody', async () => {
  const made = await create('site_5');
  const other = await create('site_5', { tenant: 'other' });
  expect((await enroll(made.token.slice(0, -9))).code).toBe('token_malformed');
  expect((await ask(forged(made.token, {}))).code).toBe('token_unknown');
  expect((await ask(forged(made.token, { tenantId: String(other.tenant_id) }))).code).toBe('token_unknown');
  const pin = Buffer.alloc(32, 9).toString('base64url');
  expect((await ask(forged(made.token, { pin }))).code).toBe('wrong_gateway');
  expect((await ask(forged(made.token, { endpoints: ['127.0.0.1:9'] }))).code).toBe('gateway_unreachable');
  const short = await create('site_6', { lifeMs: 1_000 });
  await until('it is over', 5_000, () => Date.parse(short.expires_at) < Date.now());
  expect((await ask(short.token)).code).toBe('token_expired');
  expect((await enroll(short.token)).code).toBe('token_expired');
  await call('package_revoke', { tenant: 'other', id: other.id, why: null });
  expect((await ask(other.token)).code).toBe('package_revoked');
  expect((await ask(made.token)).code).toBe('ok');
});

test('a request that asks for more is refused, and the package waits for one that does not', async () => {
  const { token, id, tenant_id: tenantId } = await create('site_7');
  const key = newKey();
  const san = 'spiffe://picket.local/node/core/core_1';
  expect((await ask(token, { key, request: forgeRequest(key, { ca: true }) })).code).toBe('request_asks_ca');
  expect((await ask(token, { key, request: forgeRequest(key, { names: [san] }) })).code).toBe(
    'request_asks_role',
  );
  expect((await ask(token, { key, request: Buffer.alloc(5_000) })).code).toBe('request_too_large');
  // More than a stranger's message may have: it is not even read to its end.
  expect((await ask(token, { key, request: Buffer.alloc(1_000_000) })).code).toBe('request_too_large');
  const weak = generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey;
  expect((await ask(token, { key: weak })).code).toBe('request_weak_key');
  const stolen = forgeRequest(key, { signer: newKey() });
  expect((await ask(token, { key, request: stolen })).code).toBe('request_bad_signature');
  // One of another package, as somebody saw it on its way.
  const before = [`spiffe://picket.local/tenant/${String(tenantId)}/agent/site_1`];
  expect((await ask(token, { key, request: forgeRequest(key, { names: before }) })).code).toBe(
    'request_asks_name',
  );
  expect(await statusOf(id)).toBe('issued');
  await call('tenant_suspend', { tenant: 'acme', why: null });
  expect((await ask(token, { key })).code).toBe('tenant_suspended');
  await call('tenant_activate', { tenant: 'acme', why: null });
  expect((await ask(token, { key })).code).toBe('ok');
  const { status, err } = await net.run('package', 'create', '--tenant', 'acme', '--name', 'site_7');
  expect([status, err]).toEqual([1, expect.stringContaining('package_exists')]);
});

test('a cluster whose cores hold no root key says what to do, and signs with what is brought', async () => {
  const [here, away] = [join(net.data, 'authority'), join(net.data, 'elsewhere')];
  cpSync(here, away, { recursive: true });
  rmSync(join(here, 'root-key.pem'));
  await net.ask('tenant', 'create', 'third');
  const asked = ['package', 'create', '--tenant', 'third', '--name', 'site_8'];
  const { status, err } = await net.run(...asked);
  expect([status, err]).toEqual([1, expect.stringContaining('no_tenant_authority')]);
  await net.ask('package', 'authority', '--tenant', 'third', '--authority', away);
  const made = await net.ask<Package>(...asked);
  expect((await ask(made.token)).code).toBe('ok');
  const revoked = await net.run('package', 'revoke', made.id, '--tenant', 'third');
  expect([revoked.status, revoked.err]).toEqual([1, expect.stringContaining('certificate_not_revoked')]);
  expect((await ask(made.token)).code).toBe('package_revoked');
});

/** As an agent does: HTTP/2 over TLS with its certificate, and nothing called yet. */
async function dial(token: string, cert: string, key: ReturnType<typeof newKey>) {
  const endpoint = (readToken(token) as { token: EnrolmentToken }).token.endpoints[0]!;
  const port = Number(endpoint.split(':')[1]);
  const pem = key.export({ type: 'pkcs8', format: 'pem' });
  const options = {
    port,
    host: '127.0.0.1',
    cert,
    key: pem,
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
  };
  const session = connectHttp2(`https://${endpoint}`, { createConnection: () => connect(options) });
  session.on('error', () => {});
  const closed = new Promise<void>((done) => session.once('close', done));
  await new Promise<void>((done) => session.once('remoteSettings', () => done()));
  return { closed };
}
