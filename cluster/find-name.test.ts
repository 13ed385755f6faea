import { expect, test } from 'vitest';
import { defineActor, manualClock, type Ref } from '../runtime/index.ts';
import { findName } from './find-name.ts';
import { ClusterNode } from './index.ts';
import { MemoryNetwork } from './testing/memory-transport.ts';

interface QuietProtocol {
  start: [];
  call: Record<never, never>;
  cast: Record<never, never>;
}
const quiet = defineActor<null, QuietProtocol>({ name: 'quiet', init: () => null, call: {}, cast: {} });
const key = { tenant: 'acme', partition: 'default', kind: 'quiet', id: 'one' };

async function twoNodes() {
  const clock = manualClock();
  const network = new MemoryNetwork(clock);
  const told: string[] = [];
  const start = async (name: string, boot: number, seeds: string[]) => {
    const transport = network.transport(name, 'core');
    const log = (level: string, message: string) => {
      if (level === 'warn') told.push(`${name}: ${message}`);
    };
    const rest = { pid: boot, advertise: null, seeds, transport, clock, log, onSuperseded: () => {} };
    const node = new ClusterNode({ name, role: 'core', boot, ...rest });
    return { node, transport, address: await node.start() };
  };
  const a = await start('core_1', 1, []);
  const b = await start('core_2', 2, [a.address]);
  await clock.advance(2_000);
  const find = (withinMs: number) => {
    const outcome: { ref?: Ref; code?: string; detail?: string } = {};
    findName(b.node, clock, key, withinMs).then(
      (ref) => {
        outcome.ref = ref;
      },
      (error: { code: string; message: string }) => {
        Object.assign(outcome, { code: error.code, detail: error.message });
      },
    );
    return outcome;
  };
  return { clock, network, a, b, find, told };
}

test('a name whose node was lost is waited for, not answered with its dead ref', async () => {
  const { clock, network, a, b, find } = await twoNodes();
  const ref = a.node.system.spawn(quiet);
  a.node.names.register(key, ref, {});
  await clock.advance(20);
  const before = find(100);
  await clock.settle();
  expect(before.ref?.toString()).toBe(ref.toString());
  network.silence(a.transport);
  b.transport.close();
  await clock.settle();
  expect(b.node.names.lookup(key)).not.toBeNull();
  const after = find(300);
  await clock.advance(200);
  expect(after).toEqual({});
  await clock.advance(200);
  expect(after.code).toBe('no_such_actor');
  expect(after.detail).toContain('linked to no other');
});

test('a name that is not there names the nodes that were asked', async () => {
  const { clock, find } = await twoNodes();
  const outcome = find(50);
  await clock.advance(60);
  expect(outcome.detail).toContain('linked to core_1');
});

test('a node that stops ends what is waited for, finds nothing more, and suspects nobody', async () => {
  const { clock, b, find, told } = await twoNodes();
  const waiting = find(60_000);
  const stopped = b.node.stop();
  await clock.advance(3_000);
  await stopped;
  expect(waiting.code).toBe('leaving');
  const after = find(10);
  await clock.settle();
  expect(after.code).toBe('leaving');
  expect(told.filter((line) => line.startsWith('core_2'))).toEqual([]);
});

test("another node's actor gets no name here", async () => {
  const { a, b } = await twoNodes();
  const ref = a.node.system.spawn(quiet);
  expect(() => b.node.names.register(key, ref, {})).toThrow(/no_such_actor/);
});
