import { expect, test } from 'vitest';
import { manualClock, type Ref } from '../runtime/index.ts';
import { ClusterNode } from './index.ts';
import { subscriptionsMax } from './limits.ts';
import { MemoryNetwork } from './testing/memory-transport.ts';

/** Nodes over a network in memory, on one clock. */
async function nodes(count: number) {
  const clock = manualClock();
  const network = new MemoryNetwork(clock);
  const started: { node: ClusterNode; silence(): void; leave(): Promise<void> }[] = [];
  let seed: string[] = [];
  for (let at = 1; at <= count; at += 1) {
    const name = `core_${at}`;
    const transport = network.transport(name, 'core');
    const node = new ClusterNode({
      name,
      role: 'core',
      boot: at,
      pid: at,
      advertise: null,
      seeds: seed,
      transport,
      clock,
      log: () => {},
      onSuperseded: () => {},
    });
    const address = await node.start();
    seed = [...seed, address];
    const leave = async () => {
      const stopped = node.stop();
      await clock.advance(1_000);
      await stopped;
    };
    started.push({ node, silence: () => network.silence(transport), leave });
  }
  await clock.advance(3_000);
  return { clock, started, settle: () => clock.advance(20) };
}

const weather = { tenant: 'acme', name: 'weather' };

function listener(node: ClusterNode, topic = weather) {
  const heard: unknown[] = [];
  const ending = new AbortController();
  node.topics.subscribe(topic, (message, from) => heard.push([message, from]), ending.signal);
  return { heard, end: () => ending.abort() };
}

test('a publish reaches every node with a subscriber, its own among them, and no other', async () => {
  const { started, settle } = await nodes(3);
  const [one, two, three] = started.map(({ node }) => node) as [ClusterNode, ClusterNode, ClusterNode];
  const here = listener(one);
  const there = listener(two);
  const other = listener(two, { tenant: 'acme', name: 'traffic' });
  await settle();
  expect(one.topics.publish(one.system, weather, { rain: true })).toBe(2);
  await settle();
  expect(here.heard).toEqual([[{ rain: true }, 'core_1']]);
  expect(there.heard).toEqual([[{ rain: true }, 'core_1']]);
  expect(other.heard).toEqual([]);
  // A node without a subscriber has nothing of the kind, not even a post.
  expect(three.system.counts().actors).toBe(0);
});

test('messages of one publisher come in their order', async () => {
  const { started, settle } = await nodes(2);
  const [one, two] = started.map(({ node }) => node) as [ClusterNode, ClusterNode];
  const { heard } = listener(two);
  await settle();
  for (let at = 0; at < 2_000; at += 1) one.topics.publish(one.system, weather, at);
  await settle();
  expect(heard.map((row) => (row as [number])[0])).toEqual(Array.from({ length: 2_000 }, (_, at) => at));
});

test('a topic of one tenant is not the topic of that name of another', async () => {
  const { started, settle } = await nodes(2);
  const [one, two] = started.map(({ node }) => node) as [ClusterNode, ClusterNode];
  const { heard } = listener(two, { tenant: 'other', name: 'weather' });
  await settle();
  expect(one.topics.publish(one.system, weather, 1)).toBe(0);
  await settle();
  expect(heard).toEqual([]);
});

test('nothing is sent to a node whose last subscriber has ended, and its name is gone', async () => {
  const { started, settle } = await nodes(2);
  const [one, two] = started.map(({ node }) => node) as [ClusterNode, ClusterNode];
  const first = listener(two);
  const second = listener(two);
  await settle();
  first.end();
  await settle();
  expect(one.topics.publish(one.system, weather, 1)).toBe(1);
  await settle();
  second.end();
  await settle();
  expect(one.topics.publish(one.system, weather, 2)).toBe(0);
  expect(first.heard).toEqual([]);
  expect(second.heard).toHaveLength(1);
  expect(one.names.list({ kind: 'topic' })).toEqual([]);
  expect(two.system.counts().actors).toBe(0);
});

test('nothing is sent to a node that left or went silent', async () => {
  const { started, clock } = await nodes(3);
  const [one, two, three] = started as [
    (typeof started)[number],
    (typeof started)[number],
    (typeof started)[number],
  ];
  listener(two.node);
  listener(three.node);
  await clock.advance(20);
  await two.leave();
  three.silence();
  await clock.advance(10_000);
  expect(one.node.topics.publish(one.node.system, weather, 1)).toBe(0);
});

test('a subscriber that throws is counted and harms no other', async () => {
  const { started, settle } = await nodes(1);
  const node = started[0]!.node;
  const signal = new AbortController().signal;
  node.topics.subscribe(
    weather,
    () => {
      throw new Error('no');
    },
    signal,
  );
  const { heard } = listener(node);
  node.topics.publish(node.system, weather, 1);
  node.topics.publish(node.system, weather, 2);
  await settle();
  expect(heard).toHaveLength(2);
  expect(node.topics.failed).toBe(2);
});

test('a post that is ended from outside is started again, under the same names', async () => {
  const { started, settle } = await nodes(2);
  const [one, two] = started.map(({ node }) => node) as [ClusterNode, ClusterNode];
  const { heard } = listener(two);
  await settle();
  const [entry] = one.names.list({ kind: 'topic' });
  two.system.exit(entry!.ref as Ref, 'kill');
  await settle();
  expect(one.topics.publish(one.system, weather, 'after')).toBe(1);
  await settle();
  expect(heard).toEqual([['after', 'core_1']]);
});

test('a topic that is no name, and one subscription too many, are refused', async () => {
  const { started } = await nodes(1);
  const node = started[0]!.node;
  const refused = (tenant: string, name: string) => () =>
    node.topics.subscribe({ tenant, name }, () => {}, new AbortController().signal);
  expect(refused('acme', 'a\nb')).toThrow(/bad_key/);
  expect(refused('acme', 'x'.repeat(260))).toThrow(/bad_key/);
  expect(refused('a/b', 'weather')).toThrow(/bad_key/);
  for (let at = 0; at < subscriptionsMax; at += 1) refused('acme', `t${at % 10}`)();
  expect(refused('acme', 'weather')).toThrow(/too_many/);
});
