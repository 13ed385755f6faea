import { afterEach, expect, test } from 'vitest';
import { createAuthority, issueNode, issueOperator } from '../certs/index.ts';
import { defineActor, type Info, type Ref, systemClock } from '../runtime/index.ts';
import { ClusterNode, connectOperator, tlsTransport } from './index.ts';

const clock = systemClock();
const running: ClusterNode[] = [];
const superseded: string[] = [];
const logs: { node: string; level: string; message: string; fields: Record<string, unknown> }[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()));
  logs.length = 0;
});

async function authority() {
  return await createAuthority('test.local', clock);
}

type Authority = Awaited<ReturnType<typeof authority>>;

async function startNode(ca: Authority, name: string, role: 'core' | 'poller', seeds: string[], boot = 1) {
  const credential = await issueNode(ca, { role, name }, clock);
  const log = (level: string, message: string, fields: Record<string, unknown>) => {
    logs.push({ node: name, level, message, fields });
  };
  const transport = tlsTransport({
    credential: () => credential,
    trustDomain: 'test.local',
    listen: '127.0.0.1:0',
    clock,
    log,
  });
  const node = new ClusterNode({
    name,
    role,
    boot,
    pid: process.pid,
    advertise: null,
    seeds,
    transport,
    clock,
    log,
    onSuperseded: (detail) => void superseded.push(`${name} ${boot}: ${detail}`),
  });
  running.push(node);
  return { node, address: await node.start() };
}

/** Resolves when `seen` holds, looked at after each change of members or names. */
async function until(seen: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000 && !seen(); turn += 1)
    await new Promise((resolve) => setImmediate(resolve));
  while (!seen()) await new Promise((resolve) => setTimeout(resolve, 5));
}

interface EchoProtocol {
  start: [];
  call: { echo(value: unknown): unknown; fail(): void; never(): Promise<void> };
  cast: { keep(value: unknown): void };
}

function echo(kept: unknown[]) {
  return defineActor<null, EchoProtocol>({
    name: 'echo',
    init: () => null,
    call: {
      echo: (_self, value) => value,
      fail() {
        throw new Error('no');
      },
      never: () => new Promise(() => {}),
    },
    cast: {
      keep(_self, value) {
        kept.push(value);
      },
    },
  });
}

interface WatcherProtocol {
  start: [ref: Ref];
  call: { infos(): Info[] };
  cast: Record<never, never>;
}

const watcher = defineActor<Info[], WatcherProtocol>({
  name: 'watcher',
  init(self, ref) {
    self.monitor(ref);
    return [];
  },
  call: { infos: (self) => self.state },
  cast: {},
  info(self, info) {
    self.state.push(info);
  },
});

const key = { tenant: 'platform', partition: 'default', kind: 'echo', id: 'one' };

test('two nodes find each other, see each other up, and an actor of one is found by name and called from the other', async () => {
  const ca = await authority();
  const a = await startNode(ca, 'core_1', 'core', []);
  const b = await startNode(ca, 'poller_1', 'poller', [a.address]);
  const kept: unknown[] = [];
  const ref = a.node.system.spawn(echo(kept));
  a.node.names.register(key, ref, { status: 'available' });
  await until(() => b.node.names.lookup(key) !== null);
  expect(b.node.members.list()).toMatchObject([
    { name: 'core_1', role: 'core', status: 'up' },
    { name: 'poller_1', role: 'poller', status: 'up' },
  ]);
  const found = b.node.names.lookup<EchoProtocol>(key)!;
  const value = { deep: [1, 'two', null, found], at: new Date(5) };
  expect(await b.node.system.call(found).echo(value)).toEqual(value);
  await expect(b.node.system.call(found).fail()).rejects.toMatchObject({
    code: 'handler_failed',
    detail: 'no',
  });
  await expect(b.node.system.call(found).echo(1)).rejects.toMatchObject({ code: 'no_actor' });
});

test('a remote monitor is told of the end of its actor, and of the loss of its node', async () => {
  const ca = await authority();
  const a = await startNode(ca, 'core_1', 'core', []);
  const b = await startNode(ca, 'poller_1', 'poller', [a.address]);
  const first = a.node.system.spawn(echo([]));
  const second = a.node.system.spawn(echo([]));
  await until(() => b.node.members.live('core').length === 1);
  const watching = b.node.system.spawn(watcher, first);
  const other = b.node.system.spawn(watcher, second);
  const calling = b.node.system.call(second).never();
  const outcome = calling.catch((error: { code: string }) => error.code);
  await b.node.system.call(first).echo(1);
  a.node.system.exit(first, 'odd');
  let infos: Info[] = [];
  const look = async (ref: typeof watching) => {
    while (infos.length === 0) infos = await b.node.system.call(ref).infos();
  };
  await look(watching);
  expect(infos).toMatchObject([{ type: 'down', reason: 'odd' }]);
  infos = [];
  // What is never answered is not waited for.
  await running.shift()!.stop(0);
  await look(other);
  expect(infos).toMatchObject([{ type: 'down', reason: 'node_down' }]);
  expect(await outcome).toBe('node_down');
  expect(b.node.members.list()[0]).toMatchObject({ name: 'core_1', status: 'left' });
});

test('peers of another authority and without a certificate are refused with a code in both logs', async () => {
  const ours = await authority();
  const theirs = await authority();
  const a = await startNode(ours, 'core_1', 'core', []);
  await startNode(theirs, 'poller_1', 'poller', [a.address]);
  const codesOf = (node: string) =>
    logs
      .filter((one) => one.node === node)
      .map((one) => `${one.fields.code} ${one.fields.detail}`)
      .join('\n');
  await until(
    () =>
      codesOf('core_1').includes('unknown_authority') && codesOf('poller_1').includes('unknown_authority'),
  );
  const b = await startNode(ours, 'poller_2', 'poller', [a.address]);
  await until(() => b.node.members.live('core').length === 1);
});

test('an operator calls declared procedures, is no member, and may not call what is for nodes', async () => {
  const ca = await authority();
  const a = await startNode(ca, 'core_1', 'core', []);
  const b = await startNode(ca, 'poller_1', 'poller', [a.address]);
  await until(() => a.node.members.list().length === 2);
  const credential = await issueOperator(ca, { name: 'ann', rights: ['read'] }, clock);
  const transport = tlsTransport({
    credential: () => credential,
    trustDomain: 'test.local',
    listen: null,
    clock,
    log: () => {},
  });
  const client = await connectOperator(transport, clock, a.address);
  expect(client.node).toBe('core_1');
  expect(await client.call('members', null)).toHaveLength(2);
  expect(await client.call('relay', { node: 'poller_1', name: 'node', argument: null })).toMatchObject({
    name: 'poller_1',
  });
  await expect(client.call('nothing', null)).rejects.toMatchObject({ code: 'no_such_procedure' });
  await expect(client.call('relayed', {})).rejects.toMatchObject({ code: 'procedure_denied' });
  await client.close();
  expect(b.node.members.list()).toHaveLength(2);
});

test('of two living processes with one name the earlier is told to end, and the later keeps its links', async () => {
  const ca = await authority();
  const a = await startNode(ca, 'core_1', 'core', []);
  const earlier = await startNode(ca, 'poller_1', 'poller', [a.address], 1);
  await until(() => a.node.members.live('poller').length === 1);
  const later = await startNode(ca, 'poller_1', 'poller', [a.address], 2);
  await until(() => superseded.length > 0);
  expect(superseded[0]).toContain('poller_1 1');
  await earlier.node.stop();
  await until(() => later.node.members.live('core').length === 1);
  expect(a.node.members.list()).toMatchObject([
    { name: 'core_1' },
    { name: 'poller_1', boot: 2, status: 'up' },
  ]);
});

test('what a node said last, and that it leaves, arrives although it stops at once', async () => {
  const ca = await authority();
  const a = await startNode(ca, 'core_1', 'core', []);
  const b = await startNode(ca, 'poller_1', 'poller', [a.address]);
  await until(() => b.node.members.live('core').length === 1 && a.node.members.live('poller').length === 1);
  const kept: unknown[] = [];
  const ref = b.node.system.spawn(echo(kept));
  for (let n = 0; n < 20; n += 1) {
    a.node.system.cast(ref).keep(new Uint8Array(10_000));
    // The first goes to the network and is under way there while the rest is written.
    await Promise.resolve();
  }
  await a.node.stop();
  await until(() => b.node.members.list()[0]!.status !== 'up');
  expect(b.node.members.list()[0]).toMatchObject({ name: 'core_1', status: 'left' });
  expect(kept).toHaveLength(20);
});
