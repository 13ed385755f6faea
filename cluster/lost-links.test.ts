import { expect, test } from 'vitest';
import { defineActor, manualClock, type Ref } from '../runtime/index.ts';
import { ClusterNode } from './index.ts';
import type { Mesh } from './mesh.ts';
import { MemoryNetwork } from './testing/memory-transport.ts';

interface SinkProtocol {
  start: [notes: string[]];
  call: Record<never, never>;
  cast: { note(text: string): void };
}

const sink = defineActor<string[], SinkProtocol>({
  name: 'sink',
  init: (_self, notes) => notes,
  call: {},
  cast: { note: (self, text) => void self.state.push(text) },
});

/** Two linked nodes: the link was dialled by the second, `poller_1`. */
async function twoNodes(firstLatencyMs = 1) {
  const clock = manualClock();
  const latencyMs = { of: firstLatencyMs };
  const network = new MemoryNetwork(clock, () => latencyMs.of);
  const start = async (name: string, role: 'core' | 'poller', seeds: string[]) => {
    const transport = network.transport(name, role);
    /** What ended the links that gave way to no other. */
    const ended: string[] = [];
    const log = (_level: string, message: string, { code }: Record<string, unknown>) => {
      if (message === 'link ended' && code !== 'duplicate_link') ended.push(String(code));
    };
    const rest = { pid: 1, advertise: null, seeds, transport, clock, log, onSuperseded() {} };
    const node = new ClusterNode({ name, role, boot: 1, ...rest });
    const address = await node.start();
    const { mesh } = node as unknown as { mesh: Mesh };
    return { name, transport, address, mesh, system: node.system, ended };
  };
  const core = await start('core_1', 'core', []);
  const poller = await start('poller_1', 'poller', [core.address]);
  await clock.advance(300);
  const notes: string[] = [];
  const target = poller.system.spawn(sink, notes) as Ref<SinkProtocol>;
  return { clock, latencyMs, network, core, poller, target, notes };
}

for (const [loserName, diallerName] of [
  ['core_1', 'core_1'],
  ['core_1', 'poller_1'],
  ['poller_1', 'core_1'],
  ['poller_1', 'poller_1'],
]) {
  test(`a loss that ${loserName} saw first is counted once by both: the next link that ${diallerName} dials takes its place quietly`, async () => {
    const { clock, network, core, poller, target, notes } = await twoNodes();
    const [loser, other] = loserName === 'core_1' ? [core, poller] : [poller, core];
    network.connections[0]!.isCut = true;
    loser.mesh.closeLink(other.name, 'link_silent', 'nothing is heard');
    await clock.advance(1_000);
    expect(loser.ended).toEqual(['link_silent']);
    expect(other.ended, 'told by the hello of the new link').toEqual(['link_silent']);
    expect(loser.mesh.linkTo(other.name)).not.toBeNull();

    const [from, to] = diallerName === 'core_1' ? [core, poller] : [poller, core];
    from.mesh.reach(to.address, () => {});
    for (let n = 0; n < 20; n += 1) {
      core.system.cast(target).note(String(n));
      await clock.advance(0.5);
    }
    await clock.advance(1_000);
    expect([loser.ended, other.ended]).toEqual([['link_silent'], ['link_silent']]);
    expect(notes).toEqual(Array.from({ length: 20 }, (_, n) => String(n)));
  });
}

test('what waits for a link that was replaced is lost with it: it may not overtake what is still under way', async () => {
  const { clock, latencyMs, core, poller, target, notes } = await twoNodes(50);
  const [slow] = core.transport.ends;
  latencyMs.of = 1;
  // Dialled by the smaller name: it is kept.
  core.mesh.reach(poller.address, () => {});
  core.system.cast(target).note('one');
  await clock.advance(5);
  expect(core.mesh.linkTo('poller_1')?.replaced).toBe(1);
  core.system.cast(target).note('two');
  await clock.advance(5);
  // Here it is lost; what it was given before is still under way.
  slow!.close(false);
  await clock.advance(1_000);
  core.system.cast(target).note('three');
  await clock.advance(1_000);
  expect(core.ended).toEqual(['link_closed', 'link_silent']);
  expect(notes).toEqual(['three']);
});
