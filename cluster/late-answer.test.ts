import { expect, test } from 'vitest';
import { defineActor, type LaterReply, manualClock, type Ref } from '../runtime/index.ts';
import { ClusterNode } from './index.ts';
import { MemoryNetwork } from './testing/memory-transport.ts';

interface SlowProtocol {
  start: [owed: LaterReply[]];
  call: { ask(): string };
  cast: Record<never, never>;
}

const slow = defineActor<LaterReply[], SlowProtocol>({
  name: 'slow',
  init: (_self, owed) => owed,
  call: {
    ask(self) {
      self.state.push(self.replyLater());
      return undefined as never;
    },
  },
  cast: {},
});

test('an answer to a former life of a caller is given to no call of its next life, which counts its calls anew', async () => {
  const clock = manualClock();
  const network = new MemoryNetwork(clock);
  const start = async (name: string, role: 'core' | 'poller', seeds: string[], boot: number) => {
    const transport = network.transport(name, role);
    const rest = { pid: 1, advertise: null, seeds, transport, clock, log() {}, onSuperseded() {} };
    const node = new ClusterNode({ name, role, boot, ...rest });
    return { transport, address: await node.start(), system: node.system };
  };
  const asked = await start('poller_1', 'poller', [], 5);
  const first = await start('core_1', 'core', [asked.address], 1);
  await clock.advance(100);
  const owed: LaterReply[] = [];
  const target = asked.system.spawn(slow, owed) as Ref<SlowProtocol>;

  first.system
    .call(target, 60_000)
    .ask()
    .catch(() => {});
  await clock.advance(10);
  network.silence(first.transport);
  const next = await start('core_1', 'core', [asked.address], 2);
  await clock.advance(500);
  const answer = next.system.call(target, 60_000).ask();
  await clock.advance(10);

  expect(owed.length).toBe(2);
  owed[0]!.answer('for the first life');
  await clock.advance(10);
  owed[1]!.answer('for the next');
  await clock.advance(10);
  expect(await answer).toBe('for the next');
});
