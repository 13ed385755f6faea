import { expect, test } from 'vitest';
import { defineActor, type Info, type LaterReply, manualClock, Ref, type Self } from '../runtime/index.ts';
import { ClusterNode } from './index.ts';
import { MemoryNetwork } from './testing/memory-transport.ts';

type State = { notes: string[]; owed: LaterReply[] };
type ProbeSelf = Self<State>;

interface ProbeProtocol {
  start: [notes?: string[], trap?: boolean];
  call: { echo(value: unknown): unknown; fail(text: string): void; later(): void; odd(): unknown };
  cast: { tell(act: (self: ProbeSelf) => unknown): void; note(text: string): void };
}
type Probe = Ref<ProbeProtocol>;

const probe = defineActor<State, ProbeProtocol>({
  name: 'probe',
  init(self, notes = [], trap = false) {
    self.trapExit = trap;
    return { notes, owed: [] };
  },
  call: {
    echo: (_self, value) => value,
    fail(_self, text) {
      throw new Error(text);
    },
    later(self) {
      self.state.owed.push(self.replyLater());
    },
    odd: () => () => 'a function',
  },
  cast: {
    tell: (self, act) => act(self) as Promise<void>,
    note: (self, text) => void self.state.notes.push(text),
  },
  info(self, info: Info) {
    if (info.type === 'down' || info.type === 'exit') self.state.notes.push(`${info.type} ${info.reason}`);
  },
});

const code = (promise: Promise<unknown>) => promise.catch((error: { code?: string }) => error.code ?? error);

/** Two linked nodes over a network in memory, on one clock: `far` is another process to all that `near` can tell. */
async function twoNodes() {
  const clock = manualClock();
  const network = new MemoryNetwork(clock);
  const start = async (name: string, role: 'core' | 'poller', seeds: string[], boot: number) => {
    const transport = network.transport(name, role);
    const log = () => {};
    const onSuperseded = () => {};
    const rest = { pid: 1, advertise: null, seeds, transport, clock, log, onSuperseded };
    const node = new ClusterNode({ name, role, boot, ...rest });
    return { node, transport, address: await node.start(), system: node.system };
  };
  const near = await start('core_1', 'core', [], 1);
  const far = await start('poller_1', 'poller', [near.address], 5);
  const settle = () => clock.advance(10);
  await clock.advance(100);
  expect(near.node.members.list().map(({ status }) => status)).toEqual(['up', 'up']);
  const notes: string[] = [];
  const all = {
    clock,
    network,
    near,
    far,
    start,
    settle,
    notes,
    target: far.system.spawn(probe) as Probe,
    /** Has an actor of ours do something. */
    async act(ref: Probe, act: (self: ProbeSelf) => unknown) {
      (ref.node === near.node.node ? near : far).system.cast(ref).tell(act);
      await settle();
    },
    watching: (trap = true) => near.system.spawn(probe, notes, trap) as Probe,
    isAlive: (ref: Ref) => (ref.node === near.node.node ? near : far).system.find(ref) !== null,
    /** The answer of a call over the network, or the code of its failure. */
    async outcome(promise: Promise<unknown>) {
      const told = code(promise);
      await settle();
      return await told;
    },
  };
  return all;
}

test('a call to an actor of another node is answered', async () => {
  const { near, target, outcome } = await twoNodes();
  const value = { deep: [1, 'two', null, target], at: new Date(5) };
  expect(await outcome(near.system.call(target).echo(value))).toEqual(value);
});

test('a remote message arrives as a copy, and a ref in it is the same address', async () => {
  const { near, target, outcome } = await twoNodes();
  const value = { ref: target };
  const back = (await outcome(near.system.call(target).echo(value))) as { ref: Ref };
  expect(back).not.toBe(value);
  expect(String(back.ref)).toBe(String(target));
});

test('a remote call to an actor that has ended fails with no_actor', async () => {
  const { near, far, target, outcome } = await twoNodes();
  far.system.exit(target, 'kill');
  expect(await outcome(near.system.call(target).echo(1))).toBe('no_actor');
});

test('a remote call to a ref of an earlier boot fails with no_actor', async () => {
  const { near, target, outcome } = await twoNodes();
  const old = new Ref(target.node, target.boot - 1, target.id) as Probe;
  expect(await outcome(near.system.call(old).echo(1))).toBe('no_actor');
});

test('a call to a node that is not linked fails with node_down at once', async () => {
  const { near, outcome } = await twoNodes();
  expect(await outcome(near.system.call(new Ref('poller_9', 1, 1) as Probe).echo(1))).toBe('node_down');
});

test('a remote call without an answer ends at its deadline with call_timeout, and a late answer is dropped', async () => {
  const { near, far, target, clock, settle, act } = await twoNodes();
  const outcomes: unknown[] = [];
  code(near.system.call(target, 100).later()).then((one) => outcomes.push(one));
  await clock.advance(110);
  expect(outcomes).toEqual(['call_timeout']);
  await act(target, (self) => self.state.owed[0]!.answer('late'));
  await settle();
  expect(outcomes).toEqual(['call_timeout']);
  expect(far.system.counts().crashes).toBe(0);
});

test('a remote call whose handler throws fails with handler_failed and ends that actor alone', async () => {
  const { near, target, outcome, isAlive } = await twoNodes();
  const failing = near.system.call(target).fail('no luck');
  expect(await outcome(failing)).toBe('handler_failed');
  await expect(failing).rejects.toMatchObject({ detail: 'no luck' });
  expect(isAlive(target)).toBe(false);
});

test('a remote call of a method that is not there fails with no_such_method', async () => {
  const { near, target, outcome } = await twoNodes();
  expect(await outcome(near.system.sendCall(target, 'nothing', [], 100))).toBe('no_such_method');
});

test('a remote call that cannot be encoded fails with cannot_encode', async () => {
  const { near, target, outcome } = await twoNodes();
  expect(await outcome(near.system.call(target).echo(() => 1))).toBe('cannot_encode');
  // The code is said once.
  const { message } = (await near.system
    .call(target)
    .echo(() => 1)
    .catch((error: unknown) => error)) as Error;
  expect(message.match(/cannot_encode/g)).toHaveLength(1);
});

test('a remote answer that cannot be encoded fails its call with cannot_encode and ends nobody', async () => {
  const { near, target, outcome, isAlive } = await twoNodes();
  expect(await outcome(near.system.call(target).odd())).toBe('cannot_encode');
  expect(isAlive(target)).toBe(true);
});

test('a reply that is owed to a remote caller fails with no_actor when the actor ends', async () => {
  const { near, far, target, settle, outcome } = await twoNodes();
  const calling = near.system.call(target).later();
  const told = outcome(calling);
  await settle();
  far.system.exit(target, 'kill');
  await settle();
  expect(await told).toBe('no_actor');
});

test('a cast to a remote actor that has ended is true here and a dead letter there', async () => {
  const { near, far, target, settle } = await twoNodes();
  far.system.exit(target, 'kill');
  expect(near.system.cast(target).note('x')).toBe(true);
  await settle();
  expect(far.system.counts().deadLetters).toBe(1);
});

test('a cast to a node that is not linked is false and a dead letter here', async () => {
  const { near } = await twoNodes();
  expect(near.system.cast(new Ref('poller_9', 1, 1) as Probe).note('x')).toBe(false);
  expect(near.system.counts().deadLetters).toBe(1);
});

test('remote messages of one sender keep their order', async () => {
  const { near, far, settle } = await twoNodes();
  const notes: string[] = [];
  const to = far.system.spawn(probe, notes);
  for (let n = 0; n < 500; n += 1) near.system.cast(to).note(String(n));
  await settle();
  expect(notes).toEqual(Array.from({ length: 500 }, (_, n) => String(n)));
});

test('a remote monitor is told once, with the reason, whether the end was normal or not', async () => {
  for (const reason of ['normal', 'shutdown', 'odd']) {
    const { act, target, watching, notes } = await twoNodes();
    await act(watching(), (self) => self.monitor(target));
    await act(target, (self) => self.stop(reason));
    expect(notes).toEqual([`down ${reason}`]);
  }
});

test('a remote monitor of an actor that is not there is told no_actor', async () => {
  const { act, far, target, watching, notes, settle } = await twoNodes();
  far.system.exit(target, 'kill');
  await act(watching(), (self) => self.monitor(target));
  await settle();
  expect(notes).toEqual(['down no_actor']);
});

test('a remote monitor of a ref of an earlier boot is told no_actor', async () => {
  const { act, target, watching, notes } = await twoNodes();
  const old = new Ref(target.node, target.boot - 1, target.id);
  await act(watching(), (self) => self.monitor(old));
  expect(notes).toEqual(['down no_actor']);
});

test('a remote monitor that was taken back tells nothing', async () => {
  const { act, target, watching, notes } = await twoNodes();
  const ref = watching();
  await act(ref, (self) => self.demonitor(self.monitor(target)));
  await act(target, (self) => self.stop('odd'));
  expect(notes).toEqual([]);
});

test('a monitor of an actor on a node that is not linked is told node_down at once', async () => {
  const { act, watching, notes } = await twoNodes();
  await act(watching(), (self) => self.monitor(new Ref('poller_9', 1, 1)));
  expect(notes).toEqual(['down node_down']);
});

test('an actor that ends abnormally ends the actors of other nodes that are linked to it', async () => {
  const { act, near, target, watching, isAlive } = await twoNodes();
  const linked = watching(false);
  await act(linked, (self) => self.link(target));
  const ended = near.system.ended(linked);
  await act(target, (self) => self.stop('odd'));
  expect(isAlive(linked)).toBe(false);
  expect(await ended).toBe('odd');
});

test('a remote link works both ways, whoever made it', async () => {
  const { act, target, watching, isAlive } = await twoNodes();
  const linked = watching(false);
  await act(linked, (self) => self.link(target));
  await act(linked, (self) => self.stop('odd'));
  expect(isAlive(target)).toBe(false);
});

test('an actor that ends normally leaves those of other nodes that are linked to it alone', async () => {
  const { act, target, watching, isAlive } = await twoNodes();
  const linked = watching(false);
  await act(linked, (self) => self.link(target));
  await act(target, (self) => self.stop('normal'));
  expect(isAlive(linked)).toBe(true);
});

test('a trapping actor is told the reason of a remote linked end', async () => {
  const { act, target, watching, notes } = await twoNodes();
  await act(watching(), (self) => self.link(target));
  await act(target, (self) => self.stop('odd'));
  expect(notes).toEqual(['exit odd']);
});

test('a link to a remote actor that is not there is an exit with no_actor', async () => {
  const { act, far, target, watching, notes } = await twoNodes();
  far.system.exit(target, 'kill');
  await act(watching(), (self) => self.link(target));
  expect(notes).toEqual(['exit no_actor']);
});

test('a link to a ref of an earlier boot of a node is an exit with no_actor', async () => {
  const { act, near, target, watching, notes } = await twoNodes();
  const ref = watching();
  await act(ref, (self) => self.link(new Ref(target.node, target.boot - 1, target.id)));
  expect(notes).toEqual(['exit no_actor']);
  expect(near.system.find(ref)!.ties!.links!.size).toBe(0);
});

test('an exit that crosses an unlink on its way is nothing', async () => {
  const { act, far, target, watching, notes, isAlive, settle } = await twoNodes();
  const ref = watching(false);
  await act(ref, (self) => self.link(target));
  far.system.exit(target, 'kill');
  await act(ref, (self) => self.unlink(target));
  await settle();
  expect(notes).toEqual([]);
  expect(isAlive(ref)).toBe(true);
});

test('kill reaches an actor of another node and cannot be trapped', async () => {
  const { act, far, watching, isAlive } = await twoNodes();
  const trapping = far.system.spawn(probe, [], true);
  await act(watching(), (self) => self.exit(trapping, 'kill'));
  expect(isAlive(trapping)).toBe(false);
});

test('a remote actor that awaits is ended where it stands', async () => {
  const { act, far, target, watching, isAlive } = await twoNodes();
  far.system.cast(target).tell(() => new Promise(() => {}));
  await act(watching(), (self) => self.exit(target, 'odd'));
  expect(isAlive(target)).toBe(false);
});

test('a node that is lost ends its monitors, links and calls with node_down', async () => {
  const { act, near, far, network, clock, target, watching, notes } = await twoNodes();
  const watcher = watching();
  await act(watcher, (self) => {
    self.monitor(target);
    self.link(target);
  });
  const calling = code(near.system.call(target, 60_000).later());
  network.silence(far.transport);
  await clock.advance(10_000);
  expect(notes.sort()).toEqual(['down node_down', 'exit node_down']);
  expect(await calling).toBe('node_down');
});

test('a node that returns under a new boot ends what was with the old one', async () => {
  const { act, near, far, network, start, clock, target, watching, notes } = await twoNodes();
  await act(watching(), (self) => self.monitor(target));
  const calling = code(near.system.call(target, 60_000).later());
  await clock.advance(10);
  // Its host lost power and is back before anyone has missed it.
  network.silence(far.transport);
  const again = await start('poller_1', 'poller', [near.address], 6);
  await clock.advance(500);
  expect(notes).toEqual(['down node_down']);
  expect(await calling).toBe('node_down');
  const fresh = again.system.spawn(probe) as Probe;
  const answer = near.system.call(fresh).echo('new life');
  await clock.advance(10);
  expect(await answer).toBe('new life');
});
