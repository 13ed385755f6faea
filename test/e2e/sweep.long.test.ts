/** A /16 in which a thousand hosts live, swept by two agents of which one is killed in the middle. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AgentProcess, endAgents, memoryOf } from './agent-program.ts';
import { namespacesMissing } from './namespaces.ts';
import { type Cluster, cluster, until } from './picket.ts';
import { kill } from './processes.ts';
import { documentsOf, openPort, type RunRow, runWatched, type SweepSite, sweepSite } from './sweep-site.ts';

const title = (what: string) =>
  namespacesMissing === null ? what : `${what} (skipped: ${namespacesMissing})`;
const swept = '10.82.0.0/16';
const living = [
  ...['10.82.9.8/29', '10.82.16.0/23', '10.82.77.0/24', '10.82.200.0/25', '10.82.201.0/26'],
  '10.82.255.224/27',
];
const live = 1_000;
const rate = 3_000;
/** What an agent may hold more while it sweeps: two slices' hosts and what goes out of them. */
const growthKBMax = 150 * 1_024;

let net: Cluster;
let site: SweepSite | null = null;
const agents: AgentProcess[] = [];
const tenant = ['--tenant', 'acme'];

beforeAll(async () => {
  if (namespacesMissing !== null) return;
  net = await cluster('core=1,web=0,poller=1,agent=0');
  await net.up();
  await net.ask('tenant', 'create', 'acme');
  const asked = { tenant: 'acme', partition: 'plant', agents: ['one', 'two'], network: swept, living };
  site = await sweepSite(net, asked);
  for (const at of [0, 1]) agents.push(site.start(at));
  await until('both listen', 40_000, async () => {
    const rows = await net.ask<{ listens: boolean }[]>('agents', 'list', ...tenant);
    return rows.filter(({ listens }) => listens).length === 2;
  });
});
afterAll(async () => {
  endAgents();
  site?.close();
  await net?.close();
});

const runOf = async () =>
  (await net.ask<{ last_run: RunRow | null }>('sweep', 'show', 'plant', ...tenant)).last_run;

test.skipIf(namespacesMissing !== null)(
  title('every host is found once its slice is done, however often that was begun'),
  async () => {
    await net.ask(
      ...['sweep', 'add', ...tenant, '--name', 'plant', '--network', swept, '--partition', 'plant'],
      ...['--port', String(openPort), '--rate', String(rate), '--timeout', '500ms'],
    );
    const before = memoryOf(agents[1]!.child.pid!).now;
    const { status } = await runWatched(net, ['plant', ...tenant], (percent, line) => {
      if (percent >= 20 && line.includes('2 agents')) agents[0]!.kill('SIGKILL');
    });
    expect(status).toBe(0);
    await agents[0]!.ended;
    const run = (await runOf())!;
    const said = [run.seconds, run.sent, run.rate_held, run.slices, run.redone];
    process.stderr.write(`sweep of a /16: ${JSON.stringify(said)}\n`);
    expect(run).toMatchObject({
      ...{ state: 'complete', addresses: 65_536, done: 65_536, live, untold: 0 },
    });
    expect(run.slices_done).toBe(run.slices);
    expect(run.rate_held).toBeLessThanOrEqual(rate * 1.05);
    expect(run.redone_count).toBeGreaterThan(0);
    const { slices, hosts } = await documentsOf(net, 'acme', run.id);
    expect(slices.size).toBe(run.slices);
    expect(new Set(hosts.map(({ host }) => host)).size).toBe(live);
    const grown = memoryOf(agents[1]!.child.pid!).most - before;
    process.stderr.write(`memory of the agent: ${before} kB before, ${grown} kB more at the most\n`);
    expect(grown).toBeLessThan(growthKBMax);
  },
  600_000,
);

test.skipIf(namespacesMissing !== null)(
  title('a core that is killed loses nothing of a run: what was done is not done again, and the rest is'),
  async () => {
    const members = await net.ask<{ role: string; pid: number }[]>('members');
    const { pid } = members.find(({ role }) => role === 'core')!;
    let isKilled = false;
    const { status, err } = await runWatched(net, ['plant', ...tenant], (percent) => {
      if (percent < 20 || isKilled) return;
      isKilled = true;
      kill(pid, 'SIGKILL');
    });
    expect([status, isKilled]).toEqual([0, true]);
    expect(err).toContain('it goes on, and is asked about again');
    const run = (await runOf())!;
    process.stderr.write(`with a core killed: ${JSON.stringify([run.seconds, run.sent, run.rate_held])}\n`);
    expect(run).toMatchObject({
      state: 'complete',
      done: 65_536,
      live,
      slices_done: run.slices,
    });
    const { slices, hosts } = await documentsOf(net, 'acme', run.id);
    expect(slices.size).toBe(run.slices);
    expect(new Set(hosts.map(({ host }) => host)).size).toBe(live);
    // Nothing was sent a second time but what was under way when it died.
    expect(run.sent).toBeLessThan(3.3 * 65_536);
  },
  600_000,
);
