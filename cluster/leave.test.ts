import { expect, test } from 'vitest';
import { defineActor, manualClock } from '../runtime/index.ts';
import { findName } from './find-name.ts';
import { ClusterNode } from './index.ts';
import { MemoryNetwork } from './testing/memory-transport.ts';

interface SlowProtocol {
  start: [];
  call: { answer(): Promise<string> };
  cast: Record<never, never>;
}

const key = { tenant: 'platform', partition: 'default', kind: 'slow', id: 'one' };
const codeOf = (error: { code: string }) => error.code;

/** Two nodes; `core_1` has an actor with a name and a procedure, both of which answer when told. */
async function twoNodes() {
  const clock = manualClock();
  const network = new MemoryNetwork(clock);
  const start = async (name: string, boot: number, seeds: string[]) => {
    const transport = network.transport(name, 'core');
    const rest = { pid: boot, advertise: null, seeds, transport, clock, log() {}, onSuperseded() {} };
    const node = new ClusterNode({ name, role: 'core', boot, ...rest });
    return { node, address: await node.start() };
  };
  const a = await start('core_1', 1, []);
  const b = await start('core_2', 2, [a.address]);
  const waiting: (() => void)[] = [];
  const told = () => new Promise<string>((resolve) => waiting.push(() => resolve('answered')));
  const slow = defineActor<null, SlowProtocol>({
    name: 'slow',
    init: () => null,
    call: { answer: told },
    cast: {},
  });
  a.node.names.register(key, a.node.system.spawn(slow), {});
  a.node.declare('slow', { access: 'node', run: told });
  await clock.advance(2_000);
  const ref = b.node.names.lookup<SlowProtocol>(key)!;
  const answerAll = () => {
    for (const one of waiting.splice(0)) one();
  };
  return { clock, a: a.node, b: b.node, ref, answerAll };
}

test('a node that leaves answers what it has taken, also what came before its names were gone, and then goes', async () => {
  const { clock, a, b, ref, answerAll } = await twoNodes();
  const call = b.system.call(ref, 5_000).answer();
  const procedure = b.procedures.ask('core_1', 'slow', null);
  await clock.advance(20);
  let gone = false;
  const stopped = a.stop().then(() => {
    gone = true;
  });
  // It has not seen yet that the name is gone.
  const late = b.system.call(ref, 5_000).answer();
  await clock.advance(1_000);
  expect(b.names.lookup(key)).toBe(null);
  expect(b.members.list().map(({ status }) => status)).toEqual(['up', 'up']);
  expect(gone).toBe(false);
  answerAll();
  await clock.advance(20);
  // The actor has taken the second one by now.
  answerAll();
  await clock.advance(1_000);
  await stopped;
  expect(await Promise.all([call, late, procedure])).toEqual(['answered', 'answered', 'answered']);
  expect(b.members.list().map(({ status }) => status)).toEqual(['left', 'up']);
});

test('what is asked of a node that leaves is refused at once, and whoever looks for its names waits for another holder', async () => {
  const { clock, a, b, ref } = await twoNodes();
  void b.system.call(ref, 5_000).answer().catch(codeOf);
  await clock.advance(20);
  const stopped = a.stop();
  await clock.advance(200);
  const refused = b.procedures.ask('core_1', 'slow', null).catch(codeOf);
  await clock.advance(20);
  expect(await refused).toBe('leaving');
  const found = findName(b, clock, key, 10_000);
  await clock.advance(100);
  const again = b.system.spawn(defineActor({ name: 'again', init: () => null, call: {}, cast: {} }));
  b.names.register(key, again, {});
  expect((await found).toString()).toBe(again.toString());
  expect(() => a.names.register(key, ref, {})).toThrow('leaving');
  await clock.advance(10_000);
  await stopped;
});

test('what is never answered holds a node that leaves for no longer than its caller waits, or than it was told', async () => {
  for (const [callMs, withinMs, goneMs] of [
    [1_000, 30_000, 1_500],
    [60_000, 30_000, 6_000],
    [60_000, 500, 1_000],
  ] as const) {
    const { clock, a, b, ref } = await twoNodes();
    const call = b.system.call(ref, callMs).answer().catch(codeOf);
    await clock.advance(20);
    const stopped = a.stop(withinMs);
    await clock.advance(goneMs);
    await stopped;
    await clock.advance(callMs);
    expect(await call).toBe(callMs < withinMs ? 'call_timeout' : 'node_down');
  }
});
