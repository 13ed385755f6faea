import { afterEach, expect, test } from 'vitest';
import {
  createAuthority,
  createIntermediate,
  issueNode,
  issueTenantNode,
  type TenantNodeRole,
} from '../certs/index.ts';
import { Ref } from '../runtime/index.ts';
import { renewalsBurstMax } from './admission/limits.ts';
import { encodeRoutedHead } from './frame.ts';
import { startNode } from './index.ts';
import { fencedPayloadBytesMax, fenceRefusalsMax, frameBytesMax } from './limits.ts';
import { actorCodec } from './router.ts';
import { FreePeer } from './testing/free-peer.ts';
import {
  clock,
  type EchoProtocol,
  echo,
  endAll,
  ending,
  evilName,
  listen,
  reached,
  scene,
  tenantA,
  tenantB,
} from './testing/tenant-scene.ts';

const codec = actorCodec();

afterEach(endAll);

test('a tenant’s node is refused with the stated code unless it is allowed', async () => {
  const ca = await createAuthority('example.org', clock);
  const core = await startNode({
    credential: await issueNode(ca, { role: 'core', name: 'core_1' }, clock),
    listen,
  });
  ending.push(() => core.stop());
  const issuer = await createIntermediate(
    ca.root,
    ca.trustDomain,
    { kind: 'tenant', tenantId: tenantA },
    clock,
  );
  const node = { trustDomain: ca.trustDomain, tenantId: tenantA, role: 'poller', name: 'evil' } as const;
  const evil = await FreePeer.connect(await issueTenantNode(ca.root, issuer, node, clock), core.address, 77);
  ending.push(() => evil.end());
  await evil.until(() => evil.isClosed);
  expect(evil.of('close').map(({ header }) => header.code)).toEqual(['fenced']);
  expect(core.members.list().map(({ name }) => name)).toEqual(['core_1']);
});

test('it is told of its tenant’s names and of the cores, and of nothing else', async () => {
  const { evil, core, door } = await scene();
  await reached(evil, core, door);
  const deltas = evil.of('registry_delta');
  expect(deltas.map(({ header }) => [header.origin, header.tenant])).toEqual([['core_1', tenantA]]);
  evil.control('heartbeat', {
    ...{ incarnation: 0, sequence: 1, echo: 0, echoAgeMs: 0, viewHash: 1, headsHigh: 1, headsLow: 2 },
  });
  await evil.until(() => evil.of('view').length > 0);
  const seen = evil.decoded(evil.of('view')[0]!) as { name: string }[];
  expect(seen.map(({ name }) => name).sort()).toEqual([evilName, 'core_1']);
  for (const { header } of evil.of('heartbeat')) expect([header.headsHigh, header.headsLow]).toEqual([0, 0]);
  const bytes = Buffer.concat(evil.frames.map(({ payload }) => Buffer.from(payload))).toString('latin1');
  expect(bytes).not.toContain(tenantB);
  expect(bytes).not.toContain('writer');
});

test('it writes its own shard of its tenant, of the kinds that it may hold, and no other', async () => {
  const { evil, core, refused } = await scene();
  const put = (kind: string, id: string, ref = new Ref(evilName, 77, 1), metadata: unknown = {}) => [
    ...(['default', kind, id, ref, metadata, 1, Number.MAX_SAFE_INTEGER, true] as const),
  ];
  const tell = (origin: string, boot: number, tenant: string, rows: unknown[]) =>
    evil.control('registry_delta', { boot, origin, tenant }, codec.encode([0, 1, 0, rows, []]));
  tell('core_1', core.boot, tenantA, [put('poller', 'x')]);
  tell('core_2', 1, tenantA, [put('poller', 'x')]);
  tell(evilName, 78, tenantA, [put('poller', 'x')]);
  tell(evilName, 77, tenantB, [put('poller', 'x')]);
  tell(evilName, 77, 'platform', [put('poller', 'x')]);
  tell(`${tenantB}.x`, 77, tenantB, [put('poller', 'x')]);
  for (const tenant of [tenantB, 'platform'])
    evil.control('registry_fetch', { boot: core.boot, since: 0, origin: 'core_1', tenant });
  expect(await refused()).toEqual({ shard: 8 });
  tell(evilName, 77, tenantA, [put('scheduler', 'x')]);
  tell(evilName, 77, tenantA, [put('poller', 'x', undefined, { a: { b: 'c' } })]);
  expect(await refused()).toEqual({ shard: 8, names: 2 });
  expect(core.names.list({ node: evilName })).toEqual([]);
  tell(evilName, 77, tenantA, [put('poller', evilName)]);
  await refused();
  const [held] = core.names.list({ node: evilName });
  expect(held?.key).toEqual({ tenant: tenantA, partition: 'default', kind: 'poller', id: evilName });
  // Its clock of the far future is not ours, and it takes no name from us.
  const key = { tenant: tenantA, partition: 'default', kind: 'poller', id: evilName };
  const ours = core.system.spawn(echo()) as Ref;
  core.names.register(key, ours, {});
  expect(core.names.lookup(key)).toEqual(ours);
});

test('it has no say about others, relays nothing, and asks of nobody', async () => {
  const { evil, core, refused, isSuperseded } = await scene();
  const seen = (name: string, tenant: string | null) => ({
    ...{ name, role: 'core', boot: core.boot + 1, address: '127.0.0.1:9', tenant },
    ...{ status: 'left', incarnation: 9, ageMs: 0 },
  });
  evil.control('view', {}, codec.encode([seen('core_1', null), seen('core_9', null)]));
  evil.control('probe', { nonce: 1, subjectBoot: core.boot, subject: 'core_1' });
  evil.control('probe_alive', { nonce: 1, subjectBoot: 1, ageMs: 0, subject: 'core_2' });
  evil.control('registry_origins', {}, codec.encode([['core_2', 1, 1, 1]]));
  evil.control('registry_heads', {}, codec.encode([['core_1'], [['core_1', core.boot, tenantB, 9]], true]));
  for (const kind of ['publish', 'subscribe', 'unsubscribe'] as const)
    evil.control(kind, { tenant: tenantB, topic: 'news' });
  evil.control('hello', { version: 2, versionMin: 2, boot: core.boot + 1 });
  evil.control('procedure_reply', { callId: 1 });
  expect(await refused()).toEqual({ kind: 10 });
  const header = { callId: 0, timeoutMs: 1_000 };
  for (const [at, name] of ['links', 'members', 'registry', 'relay', 'relayed', 'nothing'].entries())
    evil.control('procedure_call', { ...header, callId: at, name }, codec.encode({ node: 'core_1' }));
  evil.routed('reply', { callId: 1 }, 'forged');
  expect(await refused()).toEqual({ kind: 10, procedure: 6, answer: 1 });
  expect(new Set(evil.of('procedure_error').map(({ header: { code } }) => code))).toEqual(
    new Set(['no_such_procedure']),
  );
  expect(core.members.list().map(({ name }) => name)).toEqual([evilName, 'core_1']);
  expect(core.members.live('poller')).toEqual([]);
  expect(isSuperseded()).toBe(false);
});

test('nothing is asked of it for an operator, so that it learns of none', async () => {
  const { evil, core, door, ann } = await scene();
  const asked = ann.call('relay', { node: evilName, name: 'members', argument: null });
  await expect(asked).rejects.toMatchObject({ code: 'procedure_denied' });
  await reached(evil, core, door);
  expect(evil.of('procedure_call')).toEqual([]);
  expect(Buffer.concat(evil.frames.map(({ payload }) => payload)).includes('ann')).toBe(false);
});

test('payloads that are too large, nested, broken or poisoned end where they are read', async () => {
  const { evil, core, door, refused } = await scene();
  const header = { toBoot: core.boot, toId: door.id };
  const before = await core.system.call(door).touched();
  evil.routedBytes('cast', header, Buffer.alloc(2 * 1024 * 1024, 0xc0).subarray(0, 60_000));
  evil.routedBytes('cast', header, Buffer.alloc(50_000, 0x91));
  evil.routedBytes('cast', header, Buffer.from('dd000f4240', 'hex'));
  const poison = Buffer.from([
    0x92,
    0xa4,
    ...Buffer.from('note'),
    0x91,
    0x81,
    0xa9,
    ...Buffer.from('__proto__'),
    0x80,
  ]);
  evil.routedBytes('cast', header, poison);
  const head = encodeRoutedHead('cast', { ...header, fromId: 0, callId: 0, timeoutMs: 0 }, 1_500_000);
  const large = Buffer.concat([head.subarray(4), Buffer.alloc(1_500_000, 0xc0)]);
  for (let offset = 0; offset < large.length; offset += 16_000) {
    const part = large.subarray(offset, offset + 16_000);
    evil.control('part', { stream: 1, offset, totalBytes: large.length }, part);
  }
  expect(await refused()).toEqual({ malformed: 4, size: 1 });
  expect(({} as { polluted?: boolean }).polluted).toBe(undefined);
  expect(await core.system.call(door).touched()).toBe(before + 1);
});

test('a frame of 64 MiB ends the link before it is taken', async () => {
  const { evil, core } = await scene();
  const head = Buffer.alloc(6);
  head.writeUInt32BE(64 * 1024 * 1024);
  head[4] = 1;
  evil.write(head);
  await evil.until(() => evil.isClosed);
  expect(evil.of('close').map(({ header }) => header.code)).toEqual(['frame_too_large']);
  expect(core.system.counts().actors).toBeGreaterThan(0);
});

test('of what it sends in parts no more is held than some payloads', async () => {
  const { evil, core, refused } = await scene();
  const begin = (stream: number, totalBytes: number) => {
    const head = encodeRoutedHead(
      'cast',
      { toBoot: core.boot, toId: 1, fromId: 0, callId: 0, timeoutMs: 0 },
      0,
    );
    evil.control(
      'part',
      { stream, offset: 0, totalBytes },
      Buffer.concat([head.subarray(4), Buffer.alloc(100)]),
    );
  };
  // Too long for it: refused by its beginning, and not held.
  for (let stream = 1; stream <= 4; stream += 1) begin(stream, frameBytesMax);
  expect(await refused()).toEqual({ size: 4 });
  for (let stream = 5; stream <= 7; stream += 1) begin(stream, fencedPayloadBytesMax);
  expect(await refused()).toEqual({ size: 4 });
  begin(8, fencedPayloadBytesMax);
  begin(9, fencedPayloadBytesMax);
  await evil.until(() => evil.isClosed);
  expect(evil.of('close').map(({ header }) => header.code)).toEqual(['frame_too_large']);
});

test('it proves a certificate anew now and then, and no more often', async () => {
  const { evil, logs } = await scene();
  for (let at = 0; at < renewalsBurstMax + 20; at += 1) evil.renewal();
  await evil.until(() => evil.isClosed);
  expect(evil.of('close').map(({ header }) => header.code)).toEqual(['too_many']);
  const taken = logs.filter(({ message }) => message === 'peer renewed its certificate');
  expect(taken.length).toBeGreaterThanOrEqual(renewalsBurstMax);
  // Each second brings one more.
  expect(taken.length).toBeLessThan(renewalsBurstMax + 15);
});

test('what it says in closing ends no node of ours', async () => {
  const { evil, core, isSuperseded } = await scene();
  evil.control('close', { code: 'old_boot', detail: 'boot 9 of core_1 is linked' });
  await evil.until(() => evil.isClosed);
  await core.find({ tenant: tenantA, partition: 'default', kind: 'scheduler', id: 'x' });
  expect(isSuperseded()).toBe(false);
});

test('frames that are sent again reach whom they reached before, and nobody else', async () => {
  const { evil, core, door, others, refused, touched } = await scene();
  const before = await touched();
  for (let at = 0; at < 3; at += 1) {
    evil.routed('call', { toBoot: core.boot, toId: door.id, callId: 5 }, ['echo', ['again']]);
    evil.routed('cast', { toBoot: core.boot, toId: others.ofB.id }, ['note', [1]]);
  }
  expect(await refused()).toEqual({ target: 3 });
  expect(await touched()).toEqual(before);
});

test('who goes on is closed with the code, counted, and logged at a bounded rate', async () => {
  const { evil, core, others, logs, credential, rows } = await scene();
  for (let at = 0; at <= fenceRefusalsMax + 50; at += 1)
    evil.routed('cast', { toBoot: core.boot, toId: others.ofB.id }, ['note', [1]]);
  await evil.until(() => evil.isClosed);
  expect(evil.of('close').map(({ header }) => header.code)).toEqual(['fenced']);
  const lines = logs.filter(({ message }) => message === 'the tenant fence refused');
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThan(20);
  expect(lines[0]!.fields).toMatchObject({ peer: evilName, rule: 'target' });
  // Again at once: it is shut out, and still counted.
  const again = await FreePeer.connect(await credential(tenantA, 'evil'), core.address, 78);
  ending.push(() => again.end());
  await again.until(() => again.isClosed);
  expect(again.of('close').map(({ header }) => header.code)).toEqual(['fenced']);
  expect(await rows()).toEqual([]);
});

test('two nodes of one tenant speak with each other, and with another tenant’s they do not', async () => {
  const { ca, core, credential } = await scene();
  const node = async (tenantId: string, name: string, role: TenantNodeRole, seeds: string[]) => {
    const started = await startNode({ credential: await credential(tenantId, name, role), listen, seeds });
    ending.push(() => started.stop());
    return started;
  };
  const poller = await node(tenantA, 'p', 'poller', [core.address]);
  const agent = await node(tenantA, 'a', 'agent', [core.address]);
  const key = (id: string) => ({ tenant: tenantA, partition: 'default', kind: 'agent', id });
  const stranger = await node(tenantB, 's', 'agent', [core.address, poller.address]);
  agent.names.register(key(agent.node), agent.system.spawn(echo()), {});
  // It was told of the agent by the core, and linked it.
  const found = await poller.find<EchoProtocol>(key(agent.node));
  expect(await poller.system.call(found).echo('hello')).toBe('hello');
  const scheduler = { tenant: tenantA, partition: 'default', kind: 'scheduler', id: 'x' };
  const door = await poller.find<EchoProtocol>(scheduler);
  expect(await poller.system.call(door).echo(new Ref(poller.node, poller.boot, 1))).toEqual(
    new Ref(poller.node, poller.boot, 1),
  );
  expect(stranger.names.list({ tenant: tenantA })).toEqual([]);
  expect(core.members.list().map(({ name, tenant }) => [name, tenant])).toContainEqual([
    poller.node,
    tenantA,
  ]);
  expect(stranger.members.list().map(({ name }) => name)).not.toContain(poller.node);
  expect(ca.trustDomain).toBe('example.org');
});
