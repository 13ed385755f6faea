import fc from 'fast-check';
import { expect, it } from 'vitest';
import { defineActor, manualClock, seededRandom } from '../runtime/index.ts';
import { ClusterNode } from './node.ts';
import { MemoryNetwork, type MemoryTransport } from './testing/memory-transport.ts';

interface Protocol {
  start: [];
  call: Record<never, never>;
  cast: Record<never, never>;
}
const child = defineActor<null, Protocol>({ name: 'child', init: () => null, call: {}, cast: {} });
const names = ['core_0', 'core_1', 'core_2', 'core_3'];

/** Whole nodes, every part of them as in earnest but for the wire and the clock. */
class Cluster {
  readonly clock = manualClock();
  readonly network = new MemoryNetwork(this.clock);
  readonly up = new Map<string, { node: ClusterNode; transport: MemoryTransport }>();
  readonly seeds: string[] = [];
  readonly wanted = new Set<string>();
  private boots = 0;

  async join(name: string): Promise<void> {
    if (this.up.has(name)) return;
    this.boots += 1;
    const transport = this.network.transport(name, 'core');
    const { clock, seeds, boots } = this;
    const node = new ClusterNode({
      name,
      role: 'core',
      boot: boots,
      pid: 1,
      advertise: null,
      seeds: [...seeds],
      transport,
      clock,
      random: seededRandom(boots),
      log: () => {},
      onSuperseded: () => {},
    });
    seeds.push(transport.address);
    this.up.set(name, { node, transport });
    await node.start();
    void node.supervisor.serve({ child: { definition: child } });
  }

  at(pick: number): ClusterNode | null {
    const nodes = [...this.up.values()];
    return nodes.length === 0 ? null : nodes[pick % nodes.length]!.node;
  }

  kill(name: string): void {
    const one = this.up.get(name);
    if (one === undefined || this.up.size < 2) return;
    this.up.delete(name);
    this.network.silence(one.transport);
    one.node.supervisor.end();
    one.node.members.stop();
  }

  leave(name: string): void {
    const one = this.up.get(name);
    if (one === undefined || this.up.size < 2) return;
    this.up.delete(name);
    void one.node.stop();
  }

  split(side: readonly string[]): void {
    this.network.split(side.flatMap((name) => this.up.get(name)?.transport ?? []));
  }

  running(): string[] {
    return [...this.up.values()].flatMap(({ node }) => {
      const rows = node.supervisor
        .list('child')
        .filter((row) => row.node === node.node && row.state === 'running');
      const actors = [...node.system.cells.values()].filter((cell) => cell.definition.name === 'child');
      expect(actors.length).toBe(rows.length);
      for (const row of rows) expect([row.id, row.owner]).toEqual([row.id, node.node]);
      return rows.map(({ id }) => id);
    });
  }

  end(): void {
    for (const { node } of this.up.values()) {
      node.supervisor.end();
      node.members.stop();
    }
  }
}

const name = fc.constantFrom(...names);
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('start' as const), pick: fc.nat(9), id: fc.nat(7) }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('stop' as const), pick: fc.nat(9), id: fc.nat(7) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('join' as const), name }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('kill' as const), name }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), name }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('split' as const), side: fc.subarray(names) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('pass' as const),
      ms: fc.constantFrom(3, 40, 700, 6_000, 65_000),
    }),
  },
);

it('whole nodes end with exactly the children that are wanted, each once and on its owner, after any history', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 25, size: 'max' }), async (history) => {
      const cluster = new Cluster();
      for (const one of names.slice(0, 3)) await cluster.join(one);
      await cluster.clock.advance(2_000);
      let isSplit = false;
      for (const one of history) {
        const id = 'id' in one ? `child ${one.id}` : '';
        if (one.type === 'start') {
          const spec = { id, kind: 'child', role: 'core', args: [] };
          cluster
            .at(one.pick)
            ?.supervisor.start(spec)
            .catch(() => {});
        } else if (one.type === 'stop') {
          cluster
            .at(one.pick)
            ?.supervisor.stop(id)
            .catch(() => {});
        } else if (one.type === 'join') await cluster.join(one.name);
        else if (one.type === 'kill') cluster.kill(one.name);
        else if (one.type === 'leave') cluster.leave(one.name);
        else if (one.type === 'split') {
          isSplit = !isSplit;
          cluster.split(isSplit ? one.side : []);
        } else await cluster.clock.advance(one.ms);
      }
      cluster.split([]);
      await cluster.clock.advance(25_000);
      const views = [...cluster.up.values()].map(({ node }) =>
        node.supervisor.list('child').map(({ id }) => id),
      );
      for (const view of views) expect(view).toEqual(views[0]);
      expect(cluster.running().sort()).toEqual(views[0]);
      cluster.end();
    }),
    { numRuns: 1500 },
  );
}, 580_000);
