/** Sweeps of a network that only a tenant's agents reach: complete, at their rate, also when one of two agents is killed. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AgentProcess, endAgents } from './agent-program.ts';
import { namespacesMissing } from './namespaces.ts';
import { type Cluster, cluster, until } from './picket.ts';
import { documentsOf, openPort, type RunRow, runWatched, type SweepSite, sweepSite } from './sweep-site.ts';

const title = (what: string) =>
  namespacesMissing === null ? what : `${what} (skipped: ${namespacesMissing})`;
const swept = '10.81.0.0/22';
const living = ['10.81.0.128/25', '10.81.2.64/26', '10.81.3.255/32'];
const live = 128 + 64 + 1;
/** One of them is left out of the sweep. */
const excluded = '10.81.0.137';
const rate = 800;

let net: Cluster;
let site: SweepSite | null = null;
const agents: AgentProcess[] = [];
const tenant = ['--tenant', 'acme'];

beforeAll(async () => {
  if (namespacesMissing !== null) return;
  net = await cluster('core=1,web=0,poller=1,agent=1');
  await net.up();
  await net.ask('tenant', 'create', 'acme');
  const asked = { tenant: 'acme', partition: 'plant', agents: ['one', 'two'], network: swept, living };
  site = await sweepSite(net, asked);
  for (const at of [0, 1]) agents.push(site.start(at));
  await until('both listen', 40_000, async () => {
    const rows = await net.ask<{ listens: boolean; capabilities: string[] }[]>('agents', 'list', ...tenant);
    return rows.filter(({ listens, capabilities }) => listens && capabilities.includes('sweep')).length === 2;
  });
});
afterAll(async () => {
  endAgents();
  site?.close();
  await net?.close();
});

const runOf = async (name: string) =>
  (await net.ask<{ last_run: RunRow | null }>('sweep', 'show', name, ...tenant)).last_run;

test.skipIf(namespacesMissing !== null)(
  title('two agents find all that lives, at the rate that was set, and say how far they are'),
  async () => {
    const add = ['sweep', 'add', ...tenant, '--name', 'plant', '--network', swept, '--exclude', excluded];
    const asks = ['--port', String(openPort), '--rate', String(rate), '--timeout', '300ms'];
    const refused = await net.run(...add, ...asks);
    expect([refused.status, refused.err]).toEqual([1, expect.stringContaining('target_not_allowed')]);
    await net.ask(...add, ...asks, '--partition', 'plant');
    const percents: number[] = [];
    const { status, out } = await runWatched(
      net,
      ['plant', ...tenant],
      (percent) => void percents.push(percent),
    );
    expect([status, out]).toEqual([
      0,
      expect.stringContaining(`plant: complete, ${live - 1} hosts live of 1,023`),
    ]);
    expect(percents.length).toBeGreaterThan(1);
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect(percents.at(-1)).toBe(100);

    const run = (await runOf('plant'))!;
    expect(run).toMatchObject({
      ...{ state: 'complete', addresses: 1_023, done: 1_023, live: live - 1, untold: 0, refused: 0 },
      ...{ slices: 4, slices_done: 4, redone_count: 0, why: null },
    });
    expect([...run.agents].sort()).toEqual(['one', 'two']);
    // Those that live are pinged once, the others twice, all of them at one port.
    expect(run.sent).toBeGreaterThanOrEqual(2 * 1_023 + (1_023 - live));
    expect(run.rate_held).toBeLessThanOrEqual(rate * 1.05);

    const { slices, hosts } = await documentsOf(net, 'acme', run.id);
    expect(slices.size).toBe(4);
    expect(new Set(hosts.map(({ host }) => host)).size).toBe(live - 1);
    expect(hosts.length).toBe(live - 1);
    expect(hosts.some(({ host }) => host === excluded)).toBe(false);
    for (const { ports, icmp } of hosts) {
      expect(ports).toEqual([expect.objectContaining({ port: openPort, available: true })]);
      expect(icmp?.rtt).toBeGreaterThan(0);
    }
  },
);

test.skipIf(namespacesMissing !== null)(
  title('one of two agents is killed: its slices are done by the other, and the run is complete'),
  async () => {
    const { status } = await runWatched(net, ['plant', ...tenant], (percent, line) => {
      if (percent >= 10 && line.includes('2 agents')) agents[0]!.kill('SIGKILL');
    });
    expect(status).toBe(0);
    await agents[0]!.ended;
    const run = (await runOf('plant'))!;
    expect(run).toMatchObject({
      state: 'complete',
      done: 1_023,
      live: live - 1,
      slices_done: 4,
    });
    expect(run.redone_count).toBeGreaterThan(0);
    for (const { agent, why } of run.redone)
      expect([agent, why]).toEqual(['one', expect.stringMatching(/agent_/)]);
    const { slices, hosts } = await documentsOf(net, 'acme', run.id);
    expect(slices.size).toBe(4);
    expect(new Set(hosts.map(({ host }) => host)).size).toBe(live - 1);
  },
);

test.skipIf(namespacesMissing !== null)(
  title('a run that is stopped ends at once, and says who stopped it; another may begin'),
  async () => {
    await net.ask('sweep', 'run', 'plant', '--detach', ...tenant);
    const again = await net.run('sweep', 'run', 'plant', ...tenant);
    expect([again.status, again.err]).toEqual([1, expect.stringContaining('sweep_running')]);
    const stopped = await net.ask<RunRow>('sweep', 'stop', 'plant', ...tenant);
    expect(stopped).toMatchObject({ state: 'stopped', why: expect.stringContaining('operator') });
    const none = await net.run('sweep', 'stop', 'plant', ...tenant);
    expect([none.status, none.err]).toEqual([1, expect.stringContaining('sweep_not_running')]);
    expect(await net.ask('sweep', 'remove', 'plant', ...tenant)).toMatchObject({ name: 'plant' });
    expect(await net.ask('sweep', 'list', ...tenant)).toEqual([]);
  },
);
