import { afterEach, expect, test } from 'vitest';
import { issueNode } from '../certs/index.ts';
import { seededRandom } from '../runtime/index.ts';
import { type EndedSpan, Tracer } from '../watch/index.ts';
import { actorCodec, startNode } from './index.ts';
import {
  clock,
  type EchoProtocol,
  echo,
  endAll,
  ending,
  listen,
  reached,
  scene,
} from './testing/tenant-scene.ts';

afterEach(endAll);

const header = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function followedBy(node: { system: { tracing: unknown } }): EndedSpan[] {
  const ended: EndedSpan[] = [];
  node.system.tracing = new Tracer({
    clock,
    random: seededRandom(3),
    sample: 1,
    take: (span) => ended.push(span),
  });
  return ended;
}

test('a call to another node carries its trace, and is a step of it on both', async () => {
  const { ca, core } = await scene();
  const credential = await issueNode(ca, { role: 'core', name: 'core_2' }, clock);
  const other = await startNode({ credential, listen, seeds: [core.address], log: () => {} });
  ending.push(() => other.stop());
  const ref = other.system.spawn(echo());
  other.names.register({ tenant: 'platform', partition: 'default', kind: 'tenant', id: 'far' }, ref, {});
  const far = await core.find<EchoProtocol>({
    tenant: 'platform',
    partition: 'default',
    kind: 'tenant',
    id: 'far',
  });
  const [here, there] = [followedBy(core), followedBy(other)];
  const root = (core.system.tracing as Tracer).root('server', 'command')!;
  await root.run(() => core.system.call(far).echo(1));
  root.end();
  const [call, command] = here as [EndedSpan, EndedSpan];
  expect([call, command]).toMatchObject([
    { name: 'call echo', kind: 'client', trace: root.trace, parent: command.span },
    { name: 'command', parent: null },
  ]);
  expect(there).toMatchObject([
    { name: 'echo.echo', kind: 'server', trace: root.trace, parent: call.span, isParentRemote: true },
  ]);
  // And without one it is as it was.
  await core.system.call(far).echo(2);
  expect([here.length, there.length]).toEqual([2, 1]);
});

test("a tenant's node starts no trace here by naming one, in calls or in casts", async () => {
  const { core, evil, door } = await scene();
  const ended = followedBy(core);
  evil.routed('cast', { toBoot: core.boot, toId: door.id }, ['note', [1], header]);
  evil.routed('call', { toBoot: core.boot, toId: door.id, callId: 1 }, ['echo', [1], header]);
  evil.control(
    'procedure_call',
    { callId: 9, timeoutMs: 1_000, name: 'traced' },
    actorCodec().encode({ name: 'links', argument: null, trace: header }),
  );
  await reached(evil, core, door);
  expect(await core.system.call(door).touched()).toBe(3);
  expect([ended, (core.system.tracing as Tracer).openCount]).toEqual([[], 0]);
});

test("a tenant's node is not told of what is followed here", async () => {
  const { core, evil, door } = await scene();
  followedBy(core);
  const root = (core.system.tracing as Tracer).root('server', 'command')!;
  // A ref of its own, as it sends one: what is asked of it goes over its link.
  evil.routed('call', { toBoot: core.boot, toId: door.id, callId: 1 }, ['echo', [1]]);
  await reached(evil, core, door);
  const { Ref } = await import('../runtime/index.ts');
  root.run(() => core.system.cast(new Ref<EchoProtocol>('abcdefghijkl.evil', 77, 5)).note(1));
  await evil.until(() => evil.routedOf('cast').length > 0);
  expect(evil.decoded(evil.routedOf('cast')[0]!)).toEqual(['note', [1]]);
  root.end();
});
