import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defineActor, type Info, manualClock, type Ref, seededRandom } from '../runtime/index.ts';
import { ClusterNode } from './index.ts';
import type { Caller } from './procedures.ts';
import { MemoryNetwork } from './testing/memory-transport.ts';

interface SinkProtocol {
  start: [notes: string[]];
  call: { echo(value: number): number };
  cast: { note(text: string): void };
}

const sink = defineActor<string[], SinkProtocol>({
  name: 'sink',
  init(self, notes) {
    // Its watchers are linked to it, and may be lost.
    self.trapExit = true;
    return notes;
  },
  call: { echo: (_self, value) => value },
  cast: { note: (self, text) => void self.state.push(text) },
});

interface WatcherProtocol {
  start: [notes: string[], target: Ref];
  call: Record<never, never>;
  cast: Record<never, never>;
}

const watcher = defineActor<string[], WatcherProtocol>({
  name: 'watcher',
  init(self, notes, target) {
    self.trapExit = true;
    self.monitor(target);
    self.link(target);
    return notes;
  },
  call: {},
  cast: {},
  info(self, info: Info) {
    if (info.type === 'down' || info.type === 'exit') self.state.push(`${info.type} ${info.reason}`);
  },
});

/** Two nodes that dial each other in the same moment, over connections of uneven speed drawn from a seed. */
async function crossing(seed: number, latencyMsMax: number, known?: { a: string[]; b: string[] }) {
  const random = seededRandom(seed);
  const clock = manualClock();
  const network = new MemoryNetwork(clock, () => 0.2 + random.next() * latencyMsMax);
  const logs: string[] = [];
  const make = (name: string, role: 'core' | 'poller', boot: number, seeds: string[]) => {
    const transport = network.transport(name, role);
    const log = (_level: string, message: string, fields: Record<string, unknown>) =>
      void logs.push(`${clock.monotonicMs().toFixed(1)} ${name}: ${message} ${JSON.stringify(fields)}`);
    const rest = { pid: 1, advertise: null, seeds, transport, clock, log, onSuperseded: () => {} };
    const node = new ClusterNode({ name, role, boot, ...rest });
    const arrived: string[] = [];
    return {
      node,
      arrived,
      sink: node.system.spawn(sink, arrived) as Ref<SinkProtocol>,
      notes: [] as string[],
    };
  };
  // The transports are numbered as they are made.
  const a = make('core_1', 'core', 5, known?.a ?? ['memory:2']);
  const b = make('poller_1', 'poller', 7, known?.b ?? ['memory:1']);
  for (const [at, listener] of [a, b].entries()) {
    const address = await listener.node.start();
    // One process, found at two addresses.
    network.listeners.set(`other:${at + 1}`, network.listeners.get(address)!);
  }
  return { clock, network, a, b, logs };
}

type Side = Awaited<ReturnType<typeof crossing>>['a'];

const caller: Caller = {
  identity: { kind: 'operator', trustDomain: 'test.local', name: 'ann', rights: ['read'] },
  address: 'memory:9',
};

/** Sends a note, a call and a procedure call a millisecond as soon as there is a link; what was taken must arrive. */
function chatter(from: Side, to: Side) {
  const { system } = from.node;
  const sent: string[] = [];
  const answers: Promise<unknown>[] = [];
  let watching = false;
  return {
    sent,
    answers,
    step(n: number) {
      if (!system.cast(to.sink).note(String(n))) return;
      sent.push(String(n));
      answers.push(
        system
          .call(to.sink, 10_000)
          .echo(n)
          .then(
            (value) => value === n,
            (error: { code: string }) => error.code,
          ),
      );
      if (n % 8 === 0)
        answers.push(
          from.node.procedures
            .ask(to.node.node, 'relayed', { name: 'node', argument: null, caller })
            .then((told) => (told as { name: string }).name === to.node.node, String),
        );
      if (watching) return;
      watching = true;
      system.spawn(watcher, from.notes, to.sink);
    },
  };
}

test('two nodes that dial each other at once lose nothing that was sent, keep its order, and tell nobody of an end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.constantFrom(1, 5, 40, 150), async (seed, latencyMsMax) => {
      const { clock, a, b, logs } = await crossing(seed, latencyMsMax);
      const [there, back] = [chatter(a, b), chatter(b, a)];
      for (let n = 0; n < 800; n += 1) {
        there.step(n);
        back.step(n);
        await clock.advance(1);
      }
      await clock.advance(3_000);
      const trace = logs.join('\n');
      expect(there.sent.length, trace).toBeGreaterThan(200);
      expect(b.arrived, trace).toEqual(there.sent);
      expect(a.arrived, trace).toEqual(back.sent);
      expect([...a.notes, ...b.notes], trace).toEqual([]);
      const answers = await Promise.all([...there.answers, ...back.answers]);
      expect(
        answers.filter((one) => one !== true),
        trace,
      ).toEqual([]);
    }),
    { numRuns: 15 },
  );
});

test('several links that one side dialled at once become one, and nothing is lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.constantFrom(1, 40), async (seed, latencyMsMax) => {
      const both = { a: ['memory:2', 'other:2'], b: ['memory:1', 'other:1'] };
      const { clock, network, a, b, logs } = await crossing(seed, latencyMsMax, both);
      const [there, back] = [chatter(a, b), chatter(b, a)];
      for (let n = 0; n < 400; n += 1) {
        there.step(n);
        back.step(n);
        await clock.advance(1);
      }
      await clock.advance(5_000);
      const trace = logs.join('\n');
      expect(b.arrived, trace).toEqual(there.sent);
      expect(a.arrived, trace).toEqual(back.sent);
      expect([...a.notes, ...b.notes], trace).toEqual([]);
      const made = network.connections.length;
      await clock.advance(20_000);
      expect(network.connections.length, 'a seed that is linked is dialled again').toBe(made);
    }),
    { numRuns: 15 },
  );
});

test('what is lost with a link that was replaced is told as the loss of its node, and the nodes find each other again', async () => {
  let lossy = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(80), fc.nat(1), async (seed, cutAtMs, which) => {
      const { clock, network, a, b, logs } = await crossing(seed, 40);
      const [there, back] = [chatter(a, b), chatter(b, a)];
      for (let n = 0; n < 400; n += 1) {
        there.step(n);
        back.step(n);
        const wire = network.connections[which];
        if (wire !== undefined && n >= cutAtMs) wire.isCut = true;
        await clock.advance(n < 200 ? 1 : 40);
      }
      await clock.advance(10_000);
      const trace = logs.join('\n');
      for (const [from, to, sent] of [
        [a, b, there.sent],
        [b, a, back.sent],
      ] as const) {
        const left = new Set(to.arrived);
        expect(to.arrived, trace).toEqual(sent.filter((one) => left.has(one)));
        expect(to.arrived.at(-1), trace).toBe(sent.at(-1));
        if (sent.length === to.arrived.length) continue;
        lossy += 1;
        expect(trace).toContain(`${from.node.node}: ${to.node.node} is suspect`);
      }
    }),
    { numRuns: 15 },
  );
  expect(lossy).toBeGreaterThan(0);
});
