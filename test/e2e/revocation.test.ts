import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, cluster, type MemberRow, until } from './picket.ts';

const withinMs = 20_000;
let picket: Cluster;

beforeAll(async () => {
  picket = await cluster('core=1,web=0,poller=2,agent=1');
  await picket.up();
});
afterAll(() => picket.close());

const logOf = (node: string) => readFileSync(join(picket.data, `logs/${node}.log`), 'utf8');
const up = async () => {
  const members = await picket.ask<MemberRow[]>('members');
  return members.filter(({ status }) => status === 'up').map(({ name }) => name);
};
const everyone = ['agent_1', 'core_1', 'poller_1', 'poller_2'];

test('a rotation of the authority reaches every node of a running cluster and ends no link', async () => {
  expect(await up()).toEqual(everyone);
  await picket.ask('certs', 'rotate');
  await until('renewed certificates in all logs', withinMs, () =>
    everyone.every((node) => logOf(node).includes('the credential was read again')),
  );
  expect(await up()).toEqual(everyone);
  for (const node of everyone) expect(logOf(node)).not.toContain('peer refused');
});

test('a node whose certificate is revoked loses its links, and the logs of both ends have the code', async () => {
  const file = join(picket.data, 'credentials/poller_2.pem');
  const { serial } = await picket.ask<{ serial: string }>('certs', 'revoke', file);
  await until('it is no member any more', withinMs, async () => !(await up()).includes('poller_2'));
  await until('both logs', withinMs, () =>
    ['core_1', 'poller_2'].every(
      (node) =>
        logOf(node).includes(`revoked: serial ${serial}`) ||
        logOf(node).includes(`serial ${serial} is revoked`),
    ),
  );
  expect(await up()).toEqual(everyone.filter((node) => node !== 'poller_2'));
});

test('it is taken back with a certificate that is issued anew', async () => {
  await picket.ask('certs', 'issue', '--node', 'poller_2', '--role', 'poller');
  await until('everyone', withinMs, async () => (await up()).length === everyone.length);
});

test('a node whose certificate ends loses its links, with the code in the logs of both ends', async () => {
  await picket.ask('certs', 'issue', '--node', 'poller_1', '--role', 'poller', '--lifetime', '3s');
  await until('it is no member any more', withinMs, async () => !(await up()).includes('poller_1'));
  await until('both logs', withinMs, () =>
    ['core_1', 'poller_1'].every((node) => /"expired"|expired: ended/.test(logOf(node))),
  );
  expect(await up()).toEqual(everyone.filter((node) => node !== 'poller_1'));
  await picket.ask('certs', 'issue', '--node', 'poller_1', '--role', 'poller');
  await until('everyone again', withinMs, async () => (await up()).length === everyone.length);
});

test('a list that is emptied or put back as it was takes no revocation away', async () => {
  const list = join(picket.data, 'authority/revoked.pem');
  const before = readFileSync(list, 'utf8');
  const file = join(picket.data, 'credentials/poller_2.pem');
  const { serial } = await picket.ask<{ serial: string }>('certs', 'revoke', file);
  const out = async () => !(await up()).includes('poller_2');
  await until('it is no member any more', withinMs, out);
  for (const text of ['', before]) {
    const reads = logOf('core_1').split('the revocation list').length;
    writeFileSync(list, text);
    await until(
      'the list is looked at',
      withinMs,
      () => logOf('core_1').split('the revocation list').length > reads,
    );
    const refusals = logOf('core_1').split(`serial ${serial} is revoked`).length;
    await until(
      'it is refused again',
      withinMs,
      () => logOf('core_1').split(`serial ${serial} is revoked`).length > refusals,
    );
    expect(await out()).toBe(true);
  }
});
