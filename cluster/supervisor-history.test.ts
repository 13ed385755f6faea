import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineActor, manualClock, seededRandom } from '../runtime/index.ts';
import { ClusterNode } from './node.ts';
import { MemoryNetwork, type MemoryTransport } from './testing/memory-transport.ts';

interface Protocol {
  start: [id: string];
  call: Record<never, never>;
  cast: Record<never, never>;
}
const names = ['core_0', 'core_1', 'core_2', 'core_3'];

/** Whole nodes, every part of them as in earnest but for the wire and the clock. */
class Cluster {
  readonly clock = manualClock();
  readonly network = new MemoryNetwork(this.clock);
  readonly up = new Map<string, { node: ClusterNode; transport: MemoryTransport }>();
  readonly seeds: string[] = [];
  /** The living actors of each life of a node. */
  readonly actors = new Map<ClusterNode, Set<string>>();
  readonly twice: string[] = [];
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
    void node.supervisor.serve({ child: { definition: this.child(node) } });
  }

  /** Counted from its first moment to its last. */
  private child(node: ClusterNode) {
    const { actors, twice } = this;
    const here = new Set<string>();
    actors.set(node, here);
    return defineActor<string, Protocol>({
      name: 'child',
      trapExit: true,
      init(_self, id) {
        here.add(id);
        const at = [...actors].filter(([, ids]) => ids.has(id)).map(([one]) => one.node);
        if (at.length > 1) twice.push(`${id} on ${at.join(' and ')}`);
        return id;
      },
      call: {},
      cast: {},
      terminate({ state }) {
        here.delete(state);
      },
    });
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
    this.actors.delete(one.node);
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
const orderly = [
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('start' as const), pick: fc.nat(9), id: fc.nat(7) }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('stop' as const), pick: fc.nat(9), id: fc.nat(7) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('join' as const), name }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('kill' as const), name }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), name }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('pass' as const),
      ms: fc.constantFrom(3, 40, 700, 6_000, 65_000),
    }),
  },
] as const;
const split = {
  weight: 2,
  arbitrary: fc.record({ type: fc.constant('split' as const), side: fc.subarray(names) }),
};
type Action = typeof split.arbitrary | (typeof orderly)[number]['arbitrary'];

async function act(cluster: Cluster, one: Action extends fc.Arbitrary<infer A> ? A : never): Promise<void> {
  switch (one.type) {
    case 'start': {
      const id = `child ${one.id}`;
      const started = cluster.at(one.pick)?.supervisor.start({ id, kind: 'child', role: 'core', args: [id] });
      started?.catch(() => {});
      return;
    }
    case 'stop':
      cluster
        .at(one.pick)
        ?.supervisor.stop(`child ${one.id}`)
        .catch(() => {});
      return;
    case 'join':
      return await cluster.join(one.name);
    case 'kill':
      return cluster.kill(one.name);
    case 'leave':
      return cluster.leave(one.name);
    case 'split':
      return cluster.split(one.side);
    case 'pass':
      return await cluster.clock.advance(one.ms);
  }
}

async function three(children = 0): Promise<Cluster> {
  const cluster = new Cluster();
  for (const one of names.slice(0, 3)) await cluster.join(one);
  await cluster.clock.advance(2_000);
  for (let id = 0; id < children; id += 1) await act(cluster, { type: 'start', pick: 0, id });
  await cluster.clock.advance(children > 0 ? 1_000 : 0);
  return cluster;
}

async function settled(cluster: Cluster): Promise<void> {
  cluster.split([]);
  await cluster.clock.advance(25_000);
  const views = [...cluster.up.values()].map(({ node }) => node.supervisor.list('child').map(({ id }) => id));
  for (const view of views) expect(view).toEqual(views[0]);
  expect(cluster.running().sort()).toEqual(views[0]);
  cluster.end();
}

describe('whole nodes after any history', () => {
  it('end with exactly the children that are wanted, each once and on its owner', async () => {
    const history = fc.array(fc.oneof(...orderly, split), { maxLength: 25, size: 'max' });
    const holds = async (actions: Parameters<typeof act>[1][]) => {
      const cluster = await three();
      for (const one of actions) await act(cluster, one);
      await settled(cluster);
    };
    await fc.assert(fc.asyncProperty(history, holds), { numRuns: 10 });
  }, 60_000);

  it('have run no child twice at any moment, if the network was whole', async () => {
    const history = fc.array(fc.oneof(...orderly), { maxLength: 15, size: 'max' });
    const holds = async (actions: Parameters<typeof act>[1][]) => {
      // So many that not all of a newcomer's are handed over in one go.
      const cluster = await three(500);
      for (const one of actions) await act(cluster, one);
      await settled(cluster);
      expect(cluster.twice).toEqual([]);
    };
    await fc.assert(fc.asyncProperty(history, holds), { numRuns: 4 });
  }, 60_000);
});
