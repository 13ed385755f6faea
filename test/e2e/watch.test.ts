/** A cluster as it is watched: scraped by a real Prometheus, and one trace from a command over three nodes into the database. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dashboardQueries, documentedMetrics } from '../docs/metric-names.ts';
import { type Collector, collector, type TakenSpan } from './otlp-collector.ts';
import { type Cluster, cluster, freePort, picket, type UpAnswer, until } from './picket.ts';

let net: Cluster;
let traces: Collector;
let up: Omit<UpAnswer, 'nodes'> & { nodes: (UpAnswer['nodes'][number] & { metrics: string })[] };
let prometheus: ChildProcess | null = null;

beforeAll(async () => {
  traces = await collector();
  net = await cluster('core=2,web=1,poller=1,agent=1', '--otlp', traces.url, '--log-level', 'debug');
  up = (await net.up()) as typeof up;
});
afterAll(async () => {
  prometheus?.kill('SIGKILL');
  await net?.close();
  await traces?.close();
});

const scrape = async (address: string, accept = 'text/plain') => {
  const answer = await fetch(`http://${address}/metrics`, { headers: { accept } });
  expect(answer.status).toBe(200);
  return { type: answer.headers.get('content-type')!, text: await answer.text() };
};
const typesIn = (text: string) =>
  new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]));

test('every node is scraped at an address of its own, and tells what is documented and nothing else', async () => {
  const known = documentedMetrics();
  const told = new Map<string, string>();
  await fetch(`${up.http}/health/live`);
  const checked = () => scrape(up.nodes.find(({ role }) => role === 'agent')!.metrics);
  await until('checks were run', 20_000, async () => (await checked()).text.includes('picket_checks_total{'));
  for (const { name, metrics } of up.nodes) {
    const { type, text } = await scrape(metrics);
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
    for (const [metric, of] of typesIn(text)) told.set(metric, of);
    expect(text).not.toMatch(/chk_|tenant="|check="/);
    // The same through the cluster.
    const { out } = await net.run('metrics', name);
    expect([...typesIn(out).keys()]).toEqual([...typesIn(text).keys()]);
  }
  // Nothing was refused: what has no value has no series.
  const silent = ['picket_fence_refusals_total', 'picket_gateway_refusals_total'];
  const expected = [...known].filter(([name]) => !silent.includes(name));
  expect([...told].sort()).toEqual(expected.sort());
});

test('in OpenMetrics when that is asked for, and only under its path', async () => {
  const { metrics } = up.nodes[0]!;
  const { type, text } = await scrape(metrics, 'application/openmetrics-text; version=1.0.0');
  expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  expect(text.endsWith('# EOF\n')).toBe(true);
  expect((await fetch(`http://${metrics}/`)).status).toBe(404);
  expect((await fetch(`http://${metrics}/metrics`, { method: 'POST' })).status).toBe(405);
  // The page's port has none.
  expect((await fetch(`${up.http}/metrics`)).status).toBe(404);
});

test('a node says that it is well, and a process that is not there does not', async () => {
  const { metrics } = up.nodes[0]!;
  expect(await picket('health', '--metrics', metrics)).toEqual({ status: 0, out: 'ok\n', err: '' });
  const free = await freePort();
  const gone = await picket('health', '--metrics', `127.0.0.1:${free}`, '--json');
  expect([gone.status, JSON.parse(gone.out).status]).toEqual([1, 'failing']);
  expect((await picket('health')).status).toBe(2);
});

const isThere = (program: string) => {
  try {
    execFileSync(program, ['--version'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
};
const hasPrometheus = isThere('prometheus') && isThere('promtool');

test.skipIf(!hasPrometheus)(
  `Prometheus scrapes all of them, and answers what the dashboard asks${hasPrometheus ? '' : ' (skipped: no prometheus on the PATH)'}`,
  async () => {
    for (const { metrics } of up.nodes) {
      const { text } = await scrape(metrics);
      // Names, units, types and helps by its own linter.
      execFileSync('promtool', ['check', 'metrics'], { input: text, stdio: ['pipe', 'pipe', 'pipe'] });
    }
    const port = await freePort();
    const config = join(net.data, 'prometheus.json');
    const targets = up.nodes.map(({ metrics }) => metrics);
    // JSON is YAML.
    const scrapes = { job_name: 'picket', static_configs: [{ targets }] };
    writeFileSync(
      config,
      JSON.stringify({ global: { scrape_interval: '500ms' }, scrape_configs: [scrapes] }),
    );
    prometheus = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(net.data, 'tsdb')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    const query = async (text: string) => {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(text)}`;
      const { status, data } = (await (await fetch(url)).json()) as {
        status: string;
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      };
      return { status, result: data?.result ?? [] };
    };
    await until('all are scraped twice', 40_000, async () => {
      const { result } = await query('min_over_time(up[2s]) == 1 and count_over_time(up[2s]) > 2');
      return result.length === up.nodes.length;
    });
    await net.run('members');
    expect((await query('sum(picket_members{status="up"})')).result[0]!.value[1]).toBe('25');
    const series = Number((await query('count({__name__=~"picket_.+"})')).result[0]!.value[1]);
    expect(series).toBeLessThan(1_500);
    const silent: string[] = [];
    for (const { panel, query: asked } of dashboardQueries()) {
      const filled = asked.replaceAll('$instance', '.+').replaceAll('$__rate_interval', '10s');
      const { status, result } = await query(filled);
      expect(`${panel}: ${status}`).toBe(`${panel}: success`);
      if (result.length === 0) silent.push(filled);
    }
    expect(silent.map((text) => /picket_\w+/.exec(text)![0])).toEqual([
      'picket_fence_refusals_total',
      'picket_gateway_refusals_total',
    ]);
  },
);

test('a command is one trace, over three nodes into the database and back, and one id in the logs of all of them', async () => {
  const { coordinator } = await net.ask<{ coordinator: string }>('status');
  const door = up.nodes.find(({ role, name }) => role === 'core' && name !== coordinator)!;
  const { status, err } = await net.run('--trace', 'status', '--node', 'poller_1', '--at', door.address);
  expect(status).toBe(0);
  const [, trace] = /^trace ([0-9a-f]{32})$/m.exec(err)!;
  const ofTrace = () => traces.spans.filter((span) => span.trace === trace);
  const named = (node: string, name: string | RegExp) =>
    ofTrace().filter(
      (span) => span.node === node && (typeof name === 'string' ? span.name === name : name.test(span.name)),
    );
  const stored = await until(
    'the statement was exported',
    20_000,
    () => named(coordinator, /^store select platform\./)[0] ?? false,
  );
  /** From the statement to its first cause, as far as the steps were exported. */
  const wayTo = (last: TakenSpan) => {
    const way = [last];
    for (let at: TakenSpan | undefined = last; at !== undefined; ) {
      const { parent }: TakenSpan = at;
      at = ofTrace().find(({ id }) => id === parent);
      if (at !== undefined) way.unshift(at);
    }
    return way;
  };
  // Each node exports for itself.
  const way = await until('all of it was exported', 20_000, () => {
    const steps = wayTo(stored);
    const [asked] = named('poller_1', 'call totals');
    const isAnswered = ofTrace().some(({ parent }) => asked !== undefined && parent === asked.id);
    return isAnswered && steps[0]!.name === 'procedure relay' ? steps : false;
  });
  expect(way.map(({ node, kind, name }) => [node, kind, name.replace(/ [0-9a-f]{6}$/, '')])).toEqual([
    [door.name, 'server', 'procedure relay'],
    [door.name, 'client', 'relay status'],
    ['poller_1', 'server', 'procedure status'],
    [coordinator, 'server', 'procedure status_tenants'],
    [coordinator, 'client', 'store select platform.tenant_migrations'],
  ]);
  expect(stored.facts).toMatchObject({ 'db.system.name': 'postgresql', 'picket.db.as': 'platform' });
  expect(String(stored.facts['db.query.text'])).toMatch(/^\s*(SELECT|WITH)/i);
  // Back again: each step lasts as long as what it asked for.
  for (const [outer, inner] of way.slice(1).map((span, at) => [way[at]!, span] as const)) {
    expect(outer.endedNs - outer.startedNs).toBeGreaterThanOrEqual(inner.endedNs - inner.startedNs);
  }
  // Actors that were asked on the way are in it too: a call is a step on both nodes.
  const [asked] = named('poller_1', 'call totals');
  const answered = ofTrace().filter(({ parent }) => parent === asked!.id);
  expect(answered).toMatchObject([{ kind: 'server', name: expect.stringMatching(/\.totals$/) }]);
  expect(ofTrace().every(({ failed }) => !failed)).toBe(true);

  for (const node of [door.name, 'poller_1', coordinator]) {
    const lines = readFileSync(join(net.data, 'logs', `${node}.log`), 'utf8')
      .trim()
      .split('\n');
    const own = lines
      .map((line) => JSON.parse(line) as { request?: string; msg: string })
      .filter((line) => line.request === trace);
    expect([node, own.map(({ msg }) => msg)]).toEqual([
      node,
      expect.arrayContaining(['a procedure was run']),
    ]);
  }
  // What nobody asked to trace is not exported, and has an id all the same.
  expect((await net.run('status')).err).toBe('');
  expect(traces.spans.filter((span) => span.trace !== trace)).toEqual([]);
  expect(traces.refused).toEqual([]);
});
