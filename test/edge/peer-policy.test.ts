/** Every rpc of the door by every role, over real connections: what the table says is what a caller meets. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { peerPolicies } from '../../edge/peer-policy.ts';
import { openStage, playTenant, type Stage, tenantA } from '../../edge/testing/stage.ts';
import {
  documentMethods,
  gatewayMethods,
  pollerMethods,
  renewalMethods,
  sourceMethods,
} from '../../proto/index.ts';
import { type Ended, PlainClient } from './plain-grpc.ts';

const methods = [
  ...[gatewayMethods(), pollerMethods(), documentMethods(), renewalMethods(), sourceMethods()],
].flatMap((service) => Object.values(service));
const roles = ['agent', 'poller', 'collector', 'node-agent', 'gateway', 'core', 'web', 'operator'];
const clients = new Map<string, PlainClient>();
let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
  playTenant(stage, tenantA);
  for (const role of roles)
    clients.set(role, await PlainClient.dial(stage.port, await stage.tlsOf(role, 'own')));
});
afterAll(async () => {
  for (const client of clients.values()) client.close();
  await stage.close();
});

/** One message of that rpc, and the end of the call. */
async function call(role: string, { path, requestSerialize }: (typeof methods)[number], said: object) {
  const opened = clients.get(role)!.open(path);
  opened.send(Buffer.from(requestSerialize(said)));
  opened.finish();
  const { status, detail }: Ended = await opened.ended;
  return { status, code: detail.split(':')[0] };
}

test('the table has all that is served, and nothing else', () => {
  expect(Object.keys(peerPolicies).sort()).toEqual(methods.map(({ path }) => path).sort());
  for (const { roles: may } of Object.values(peerPolicies)) expect(may.length).toBeGreaterThan(0);
});

const pairs = methods.flatMap((method) => roles.map((role) => ({ method, role, path: method.path })));

test.each(pairs)("$path is $role's to call as the table says", async ({ method, role, path }) => {
  const may = peerPolicies[path]!.roles.includes(role);
  const before = stage.door.totals().refused.not_allowed ?? 0;
  const ended = await call(role, method, {});
  const refused = (stage.door.totals().refused.not_allowed ?? 0) - before;
  if (may) expect([ended.code, refused]).not.toEqual(['not_allowed', 1]);
  else expect([ended.status, ended.code, refused]).toEqual([7, 'not_allowed', 1]);
});

const claims = methods.flatMap((method) => {
  const { senderField, partitionField, roles: may } = peerPolicies[method.path]!;
  const fields = [senderField, partitionField].filter((field) => field !== null);
  return may.flatMap((role) => fields.map((field) => ({ method, role, field, path: method.path })));
});

test.each(claims)(
  'a message of $path that says another $field is refused before its handler',
  async (one) => {
    const { method, role, field, path } = one;
    const said = { partition: 'default', sourceIp: '192.0.2.1', [field]: 'another' };
    const isControl = path.endsWith('/ControlStream');
    const ended = await call(role, method, isControl ? { hello: said } : said);
    expect(ended).toEqual({ status: 7, code: 'identity_mismatch' });
  },
);

test('what was refused is counted for who was, and the log has the id of its certificate', () => {
  const refusals = stage.log.filter(({ message }) => message === 'the edge door refused something');
  const who = new Set(refusals.map(({ fields }) => fields.who));
  for (const role of roles) expect(who).toContain(`spiffe://test.local/tenant/${tenantA}/${role}/own`);
  const { refused } = stage.door.totals();
  const notAllowed = pairs.filter(({ path, role }) => !peerPolicies[path]!.roles.includes(role)).length;
  expect(refused).toMatchObject({ not_allowed: notAllowed, identity_mismatch: claims.length });
});
