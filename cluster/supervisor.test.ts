import { afterEach, describe, expect, it } from 'vitest';
import { defineActor, type ManualClock, manualClock, type Ref, seededRandom } from '../runtime/index.ts';
import type { ChildSpec } from './child-spec.ts';
import { ClusterNode } from './node.ts';
import type { ChildKind } from './supervisor-keeper.ts';
import { MemoryNetwork, type MemoryTransport } from './testing/memory-transport.ts';

interface CounterProtocol {
  start: [from: number, handed: number | null];
  call: { value(): number };
  cast: { add(n: number): void; fail(): void };
}

const counter = defineActor<{ n: number }, CounterProtocol>({
  name: 'counter',
  init(_self, from, handed) {
    if (from < 0) throw new Error('below zero');
    return { n: handed ?? from };
  },
  call: { value: (self) => self.state.n },
  cast: {
    add(self, n) {
      self.state.n += n;
    },
    fail() {
      throw new Error('on purpose');
    },
  },
});

const never = defineActor<null, { start: []; call: Record<never, never>; cast: Record<never, never> }>({
  name: 'never',
  init: () => new Promise<null>(() => {}),
  call: {},
  cast: {},
});

const kinds: Record<string, ChildKind> = {
  counter: { definition: counter, handoff: (state: { n: number }) => state.n },
  never: { definition: never },
};

const spec = (id: string, n = 0, kind = 'counter'): ChildSpec => ({ id, kind, role: 'core', args: [n] });
const ids = (count: number) => Array.from({ length: count }, (_, n) => `child ${n}`);

interface Stage {
  clock: ManualClock;
  network: MemoryNetwork;
  nodes: Map<string, { node: ClusterNode; transport: MemoryTransport }>;
  logs: string[];
}

let stage: Stage;
function newStage(): void {
  const clock = manualClock();
  stage = { clock, network: new MemoryNetwork(clock), nodes: new Map(), logs: [] };
}
afterEach(async () => {
  for (const { node } of stage.nodes.values()) node.supervisor.end();
});

async function start(name: string, serves: Record<string, ChildKind> | null = kinds): Promise<ClusterNode> {
  const { clock, network, nodes, logs } = stage;
  const transport = network.transport(name, 'core');
  const node = new ClusterNode({
    name,
    role: 'core',
    boot: nodes.size + 1,
    pid: 1,
    advertise: null,
    seeds: [...nodes.values()].map((one) => one.transport.address),
    transport,
    clock,
    random: seededRandom(nodes.size + 7),
    log: (level, message, fields) => {
      if (level !== 'debug' && level !== 'info') logs.push(`${name}: ${message} ${JSON.stringify(fields)}`);
    },
    onSuperseded: () => {},
  });
  nodes.set(name, { node, transport });
  await node.start();
  if (serves !== null) void node.supervisor.serve(serves);
  return node;
}

async function three(): Promise<[ClusterNode, ClusterNode, ClusterNode]> {
  newStage();
  const nodes = [await start('core_1'), await start('core_2'), await start('core_3')] as const;
  await stage.clock.advance(2_000);
  return [...nodes];
}

/** Time passes until it is done. */
async function done<T>(promise: Promise<T>, withinMs = 20_000): Promise<T> {
  let settled = false;
  const noted = promise.finally(() => {
    settled = true;
  });
  noted.catch(() => {});
  for (let ms = 0; ms < withinMs && !settled; ms += 5) await stage.clock.advance(5);
  return await noted;
}

const refused = (promise: Promise<unknown>) =>
  done(
    promise.then(
      () => 'done',
      (error) => error.code as string,
    ),
  );
const runs = (node: ClusterNode, except: readonly string[] = []) => {
  const alive = [...stage.nodes.values()].filter((one) => !except.includes(one.node.node));
  const actors = alive.flatMap(({ node: one }) =>
    [...one.system.cells.values()].filter((cell) => cell.definition.name === 'counter').map(() => one.node),
  );
  const rows = node.supervisor.list('counter').filter((row) => row.state === 'running');
  return {
    actors: actors.length,
    running: rows.length,
    wrong: rows.filter((row) => row.node !== row.owner).length,
  };
};
const call = (node: ClusterNode, ref: Ref<CounterProtocol>) => done(node.system.call(ref).value());

describe('a child that is started', () => {
  it('runs once, on the node where it belongs, and is found by name where start was called', async () => {
    const [a] = await three();
    const refs = await done(
      Promise.all(ids(30).map((id, n) => a.supervisor.start<CounterProtocol>(spec(id, n)))),
    );
    expect(runs(a)).toEqual({ actors: 30, running: 30, wrong: 0 });
    expect(new Set(refs.map((ref) => ref.node)).size).toBe(3);
    expect(await call(a, refs[7]!)).toBe(7);
    const key = { tenant: 'platform', partition: 'default', kind: 'counter', id: 'child 7' };
    expect(a.names.lookup(key)?.toString()).toBe(refs[7]!.toString());
  });

  it('is the same for who starts it again, and refused with other arguments', async () => {
    const [a, b] = await three();
    const first = await done(a.supervisor.start(spec('one', 1)));
    await stage.clock.advance(50);
    expect((await done(b.supervisor.start(spec('one', 1)))).toString()).toBe(first.toString());
    expect(await refused(b.supervisor.start(spec('one', 2)))).toBe('child_exists');
    expect(await refused(b.supervisor.start({ ...spec('two'), kind: 'a b' }))).toBe('bad_child');
  });

  it('is stopped from any node, and does not come back', async () => {
    const [a, b, c] = await three();
    await done(Promise.all(ids(10).map((id) => a.supervisor.start(spec(id)))));
    await done(c.supervisor.stop('child 3'));
    expect(runs(b)).toEqual({ actors: 9, running: 9, wrong: 0 });
    expect(await refused(a.supervisor.stop('child 3'))).toBe('no_such_child');
    await stage.clock.advance(10_000);
    expect(runs(b).actors).toBe(9);
  });

  it('is told why it does not run: its start throws, hangs, or its kind is not known', async () => {
    const [a] = await three();
    expect(await refused(a.supervisor.start(spec('bad', -1)))).toBe('child_failed');
    const told = await done(a.supervisor.explain('bad'));
    expect(told).toMatchObject({ state: 'failed', restarts: 4, source: 'dynamic' });
    expect(told!.because.at(-1)).toContain('below zero');
    expect(told!.nextAttemptMs).toBeGreaterThan(0);
    expect(await refused(a.supervisor.start(spec('odd', 0, 'nobody')))).toBe('unknown_kind');
    expect(await done(a.supervisor.explain('odd'))).toMatchObject({ state: 'unknown_kind' });
    expect(await refused(a.supervisor.start({ ...spec('hung', 0, 'never'), args: [] }))).toBe('child_failed');
    expect(await done(a.supervisor.explain('hung'))).toMatchObject({ state: 'failed' });
    await done(a.supervisor.stop('hung'));
    expect(await done(a.supervisor.explain('hung'))).toBe(null);
  });

  it('is restarted where it is when it crashes, and put off when it does so too often, and then tried again', async () => {
    const [a] = await three();
    let ref = await done(a.supervisor.start<CounterProtocol>(spec('one', 5)));
    for (let times = 0; times < 3; times += 1) {
      a.system.cast(ref).fail();
      await stage.clock.advance(20);
      const next = await done(a.supervisor.start<CounterProtocol>(spec('one', 5)));
      expect(next.id).not.toBe(ref.id);
      expect(next.node).toBe(ref.node);
      ref = next;
    }
    a.system.cast(ref).fail();
    await stage.clock.advance(50);
    expect(await done(a.supervisor.explain('one'))).toMatchObject({ state: 'failed', restarts: 4 });
    await stage.clock.advance(1_500);
    expect(await done(a.supervisor.explain('one'))).toMatchObject({ state: 'running', node: ref.node });
  });
});

describe('when nodes come and go', () => {
  it('the children of a node that is gone start elsewhere, each once', async () => {
    const [a, b] = await three();
    await done(Promise.all(ids(60).map((id) => a.supervisor.start(spec(id)))));
    stage.network.silence(stage.nodes.get('core_3')!.transport);
    await stage.clock.advance(6_000);
    expect(runs(a, ['core_3'])).toEqual({ actors: 60, running: 60, wrong: 0 });
    expect(runs(b, ['core_3'])).toEqual({ actors: 60, running: 60, wrong: 0 });
  });

  it('a newcomer is handed its children with their state, and no others move', async () => {
    const [a, b] = await three();
    const refs = await done(
      Promise.all(ids(60).map((id, n) => a.supervisor.start<CounterProtocol>(spec(id, n)))),
    );
    for (const ref of refs) a.system.cast(ref).add(1_000);
    await stage.clock.advance(50);
    await start('core_4');
    await stage.clock.advance(3_000);
    expect(runs(b)).toEqual({ actors: 60, running: 60, wrong: 0 });
    const rows = a.supervisor.list('counter');
    const moved = rows.filter((row) => row.node === 'core_4');
    expect(moved.length).toBeGreaterThan(5);
    const key = { tenant: 'platform', partition: 'default', kind: 'counter' };
    for (const [n, id] of ids(60).entries()) {
      const ref = a.names.lookup<CounterProtocol>({ ...key, id })!;
      expect(await call(a, ref)).toBe(1_000 + n);
      if (ref.node !== 'core_4') expect(ref.toString()).toBe(refs[n]!.toString());
    }
  });

  it('a node that leaves hands over all that it has before it goes', async () => {
    const [a, b, c] = await three();
    const refs = await done(
      Promise.all(ids(40).map((id, n) => a.supervisor.start<CounterProtocol>(spec(id, n)))),
    );
    for (const ref of refs) a.system.cast(ref).add(100);
    await stage.clock.advance(50);
    await done(c.stop());
    await stage.clock.advance(100);
    expect(runs(b, ['core_3'])).toEqual({ actors: 40, running: 40, wrong: 0 });
    const key = { tenant: 'platform', partition: 'default', kind: 'counter' };
    for (const [n, id] of ids(40).entries()) {
      expect(await call(a, a.names.lookup<CounterProtocol>({ ...key, id })!)).toBe(100 + n);
    }
  });

  it('both sides of a split run all children; when it heals each is left once, on its owner, and none starts anew', async () => {
    const [a, b] = await three();
    await done(Promise.all(ids(40).map((id) => a.supervisor.start(spec(id)))));
    stage.network.split([stage.nodes.get('core_1')!.transport]);
    await stage.clock.advance(7_000);
    expect(runs(a).actors).toBe(80);
    await done(a.supervisor.stop('child 1'));
    await done(b.supervisor.start(spec('of the other side')));
    const before = new Set(a.names.list({ kind: 'counter' }).map(({ ref }) => ref.toString()));
    for (const { ref } of b.names.list({ kind: 'counter' })) before.add(ref.toString());
    stage.network.split([]);
    let settledMs = 0;
    while (a.members.live('core').length < 3) await stage.clock.advance(10);
    for (; runs(a).actors !== 40 && settledMs < 5_000; settledMs += 10) await stage.clock.advance(10);
    expect(settledMs).toBeLessThanOrEqual(1_000);
    await stage.clock.advance(3_000);
    expect(runs(a)).toEqual({ actors: 40, running: 40, wrong: 0 });
    expect(runs(b)).toEqual({ actors: 40, running: 40, wrong: 0 });
    const after = b.names.list({ kind: 'counter' }).map(({ ref }) => ref.toString());
    expect(after.filter((ref) => !before.has(ref))).toEqual([]);
  });

  it('a node that does not serve starts and stops children, and runs none', async () => {
    const [a] = await three();
    const d = await start('core_4', null);
    await stage.clock.advance(1_000);
    const ref = await done(d.supervisor.start(spec('one')));
    expect(ref.node).not.toBe('core_4');
    await done(d.supervisor.stop('one'));
    expect(runs(a).actors).toBe(0);
  });
});

it('a node that is told to go while it waits for its rows takes no children when they come', async () => {
  newStage();
  const a = await start('core_1');
  const b = await start('core_2', null);
  await stage.clock.advance(3_000);
  let read = (_rows: ChildSpec[]) => {};
  const list = () =>
    new Promise<ChildSpec[]>((resolve) => {
      read = resolve;
    });
  const served = b.supervisor.serve(kinds, { rows: { list, watch() {} } });
  await done(Promise.all(ids(20).map((id) => a.supervisor.start(spec(id)))));
  // What it has taken keeps it there for a while.
  b.declare('slow', { access: 'node', run: () => new Promise(() => {}) });
  void a.procedures.ask('core_2', 'slow', null).catch(() => {});
  await stage.clock.advance(20);
  const stopped = b.stop();
  read([]);
  await done(served);
  await stage.clock.advance(1_000);
  expect(a.members.list().map(({ status }) => status)).toEqual(['up', 'up']);
  expect(runs(a)).toEqual({ actors: 20, running: 20, wrong: 0 });
  expect(a.names.list({ kind: 'counter' }).map(({ node }) => node)).toEqual(Array(20).fill('core_1'));
  await done(stopped);
  // Told once more it has nothing to wait for.
  await b.supervisor.drain();
});

describe('children that rows want', () => {
  it('run once, and follow the rows', async () => {
    newStage();
    let rows = ids(12).map((id) => spec(id, 1));
    const told = new Set<() => void>();
    const source = { list: async () => rows, watch: (onChange: () => void) => void told.add(onChange) };
    for (const name of ['core_1', 'core_2', 'core_3']) {
      const node = await start(name, null);
      void node.supervisor.serve(kinds, { rows: source });
    }
    await stage.clock.advance(3_000);
    const { node } = stage.nodes.get('core_2')!;
    expect(runs(node)).toEqual({ actors: 12, running: 12, wrong: 0 });
    expect(await refused(node.supervisor.start(spec('child 1', 1)))).toBe('child_exists');
    rows = rows.slice(4);
    for (const tell of told) tell();
    await stage.clock.advance(200);
    expect(runs(node)).toEqual({ actors: 8, running: 8, wrong: 0 });
  });
});
