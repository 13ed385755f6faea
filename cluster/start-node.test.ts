import { afterEach, expect, test } from 'vitest';
import { createAuthority, issueNode, issueOperator } from '../certs/index.ts';
import { defineActor, systemClock } from '../runtime/index.ts';
import { type RunningNode, startNode } from './index.ts';

const clock = systemClock();
const running: RunningNode[] = [];
const listen = '127.0.0.1:0';

afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()));
});

async function start(options: Parameters<typeof startNode>[0]): Promise<RunningNode> {
  const node = await startNode(options);
  running.push(node);
  return node;
}

interface EchoProtocol {
  start: [];
  call: { echo(text: string): string };
  cast: Record<never, never>;
}

const echo = defineActor<null, EchoProtocol>({
  name: 'echo',
  init: () => null,
  call: { echo: (_self, text) => text },
  cast: {},
});

const key = { tenant: 'default', partition: 'default', kind: 'echo', id: 'one' };

test('a node is who its certificate says, and finds by name what another registers later', async () => {
  const ca = await createAuthority('example.org', clock);
  const a = await start({ credential: await issueNode(ca, { role: 'core', name: 'a' }, clock), listen });
  const b = await start({
    credential: await issueNode(ca, { role: 'agent', name: 'b' }, clock),
    listen,
    seeds: [a.address],
  });
  expect([a.node, a.role, b.node, b.role]).toEqual(['a', 'core', 'b', 'agent']);
  const finding = b.find<EchoProtocol>(key);
  a.names.register(key, a.system.spawn(echo), {});
  expect(await b.system.call(await finding).echo('hello')).toBe('hello');
  expect(await b.system.call(await b.find<EchoProtocol>(key)).echo('again')).toBe('again');
  expect(b.members.live('core')).toEqual(['a']);
});

test('a name that nobody has, and a key that is none, are refused with a code', async () => {
  const ca = await createAuthority('example.org', clock);
  const a = await start({ credential: await issueNode(ca, { role: 'core', name: 'a' }, clock), listen });
  await expect(a.find(key, 1)).rejects.toMatchObject({ code: 'no_such_actor' });
  await expect(a.find({ ...key, kind: 'a/b' }, 1)).rejects.toMatchObject({ code: 'bad_key' });
});

test('a credential that every peer would refuse is refused at the start, with the same verdict', async () => {
  const earlier = { wallMs: () => clock.wallMs() - 3_600_000 };
  const ca = await createAuthority('example.org', earlier);
  const expired = await issueNode(ca, { role: 'core', name: 'a', lifetimeMs: 1_000 }, earlier);
  await expect(startNode({ credential: expired, listen })).rejects.toMatchObject({
    code: 'refused',
    reason: 'expired',
  });
  const operator = await issueOperator(ca, { name: 'ann', rights: [] }, clock);
  await expect(startNode({ credential: operator, listen })).rejects.toMatchObject({ code: 'refused' });
});

test('a renewed credential must be the same node’s', async () => {
  const ca = await createAuthority('example.org', clock);
  const a = await start({ credential: await issueNode(ca, { role: 'core', name: 'a' }, clock), listen });
  const other = await issueNode(ca, { role: 'core', name: 'b' }, clock);
  expect(() => a.renew(other)).toThrowError(expect.objectContaining({ code: 'refused' }));
  a.renew(await issueNode(ca, { role: 'core', name: 'a' }, clock));
  const b = await start({ credential: other, listen, seeds: [a.address] });
  b.names.register(key, b.system.spawn(echo), {});
  expect(await a.system.call(await a.find<EchoProtocol>(key)).echo('still here')).toBe('still here');
});
