/** A scheduled check as one trace: core, poller, agent, core again, database. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Collector, collector, type TakenSpan } from './otlp-collector.ts';
import { type Cluster, cluster, until } from './picket.ts';

let net: Cluster;
let traces: Collector;

beforeAll(async () => {
  traces = await collector();
  net = await cluster('core=1,web=0,poller=1,agent=1', '--otlp', traces.url, '--trace-sample', '1');
  await net.up();
});
afterAll(async () => {
  await net?.close();
  await traces?.close();
});

test('at the sampled rate a scheduled check is followed from its hand-out to the row that it becomes', async () => {
  await net.ask('tenant', 'create', 'acme');
  // Nobody may check this address: refused by the guard, which is a result as any other.
  const { id } = await net.ask<{ id: string }>(
    ...(['check', 'add', '--tenant', 'acme', '--name', 'one', '--kind', 'tcp'] as const),
    ...(['--target', '192.0.2.1', '--port', '80', '--interval', '2s', '--timeout', '500ms'] as const),
  );
  const ofTrace = (trace: string) => traces.spans.filter((span) => span.trace === trace);
  // Each node tells its own part in its own time.
  const isWhole = ({ trace }: TakenSpan) =>
    ['store ', 'write result', 'run at agent', 'run tcp'].every((what) =>
      ofTrace(trace).some(({ name }) => name.startsWith(what)),
    );
  const root = await until(
    'a check was followed to the store',
    40_000,
    () =>
      traces.spans.find(
        (span) => span.name === 'check tcp' && span.facts['picket.check'] === id && isWhole(span),
      ) ?? false,
  );
  const all = ofTrace(root.trace);
  const below = (parent: TakenSpan) => all.filter((span) => span.parent === parent.id);
  expect([root.node, root.parent, root.failed]).toEqual(['core_1', '', false]);
  const told = below(root).map(({ node, name }) => `${node} ${name}`);
  expect(told.sort()).toEqual(['core_1 write result', 'poller_1 run at agent']);
  const atPoller = below(root).find(({ node }) => node === 'poller_1')!;
  expect(below(atPoller).map(({ node, name }) => `${node} ${name}`)).toEqual(['agent_1 run tcp']);
  const written = below(root).find(({ name }) => name === 'write result')!;
  expect(below(written).some(({ name }) => name.startsWith('store '))).toBe(true);
  const took = ({ startedNs, endedNs }: TakenSpan) => endedNs - startedNs;
  expect(took(root)).toBeGreaterThanOrEqual(took(atPoller));
  expect(traces.refused).toEqual([]);
});
