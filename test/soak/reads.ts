/**
 * `npm run soak -- reads`: what an operator waits for when they look. Twenty real nodes under checks, 100,000 actors, and each
 * command of the shell that reads, said on one of them a hundred times over one link and read to its end; then processes of
 * nodes are killed, and `nodes` said until it tells.
 */
import { join } from 'node:path';
import { Reach } from '../../bin/shell/reach.ts';
import { RemoteSession } from '../../bin/shell/remote-session.ts';
import { type Cluster, cluster, type MemberRow, type UpAnswer, until } from '../e2e/picket.ts';
import { tcpTarget } from '../e2e/targets.ts';
import {
  awaitMsMax,
  memberKills,
  membersMsMax,
  readActors,
  readActorsAtOnce,
  readChecks,
  readMsMax,
  readRounds,
} from './bounds.ts';

type Say = (text: string) => void;

const plan = 'core=3,web=1,poller=10,agent=6';
const busy = 'poller_1';
const holder = '{ name: `holder`, init: () => ({ seen: 0 }), call: {}, cast: {} }';
const spawning = `for (let n = 0; n < ${readActorsAtOnce}; n += 1) system.spawn(${holder}); return system.counts().actors`;

/** What grows with the actors of the node. */
const crowded = ['tree', 'info', 'inspect ACTOR'];

/** Of each command the same as a person says it; those that name an actor name one of the many. */
const lines = (check: string) => [
  ...['nodes', 'info', 'tree', 'inspect ACTOR', 'links', 'tenants', 'checks default'],
  ...['agents default', 'children'],
  ...['registry', 'log --lines 100', 'explain node core_1', `explain check ${check}`, 'help'],
];

export async function soakReads(say: Say): Promise<string | null> {
  const [target, place] = await Promise.all([tcpTarget(), cluster(plan, '--allow-eval')]);
  let reach: Reach | null = null;
  try {
    const up = await place.up();
    const check = await withChecks(place, target.port);
    reach = await operator(place, up);
    for (const { name } of up.nodes) await drained(reach, name, `eval ${spawning}`);
    const late = await looks(
      reach,
      lines(check),
      `${readActorsAtOnce} actors on each of ${up.nodes.length} nodes`,
      say,
    );
    // Not asked for: what one node with all of them costs.
    await drained(reach, busy, `eval ${spawning}`, readActors / readActorsAtOnce);
    await looks(reach, crowded, `${readActors} more on ${busy}`, say);
    late.push(...(await kills(reach, place, say)));
    return late.length === 0 ? null : late.join('; ');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await reach?.close();
    await place.run('down');
    await Promise.all([place.close(), target.close()]);
  }
}

/** Each so often, to its end; those that took too long. */
async function looks(reach: Reach, said: readonly string[], where: string, say: Say): Promise<string[]> {
  say(`reads: ${where}, ${readChecks} checks a second`);
  const actor = /holder (\d+)/.exec((await drained(reach, busy, 'tree')).out)?.[1] ?? '';
  const late: string[] = [];
  for (const line of said) {
    const asked = line.replace('ACTOR', actor);
    const { ms, firstMs, out } = await drained(reach, busy, asked, readRounds);
    const p99 = at(ms, 0.99);
    const times = `p50 ${shown(at(ms, 0.5))} p99 ${shown(p99)} worst ${shown(at(ms, 1))} ms`;
    const first = `first piece p99 ${shown(at(firstMs, 0.99))} ms`;
    say(`reads: ${asked.padEnd(36)} ${times}, ${first}, ${out.length} characters`);
    if (p99 > readMsMax) late.push(`${asked}: p99 ${shown(p99)} ms`);
  }
  return late;
}

const at = (ms: readonly number[], share: number) =>
  [...ms].sort((a, b) => a - b)[Math.ceil(ms.length * share) - 1]!;
const shown = (ms: number) => ms.toFixed(1).padStart(6);

/** The id of the last. */
async function withChecks(place: Cluster, port: number): Promise<string> {
  let id = '';
  for (let n = 0; n < readChecks; n += 1) {
    const what = ['--kind', 'tcp', '--target', '127.0.0.1', '--port', String(port), '--interval', '1s'];
    id = (await place.ask<{ id: string }>('check', 'add', '--name', `check ${n}`, ...what)).id;
  }
  return id;
}

async function operator(place: Cluster, up: UpAnswer): Promise<Reach> {
  const out = join(place.data, 'ann');
  const rights = ['--rights', 'read,write,eval'];
  const { status, err } = await place.run('certs', 'issue', '--operator', 'ann', '--out', out, ...rights);
  if (status !== 0) throw new Error(err);
  const at = up.nodes.find(({ role }) => role === 'core')!.address;
  return new Reach({ data: place.data, at, as: join(out, 'ann.pem') });
}

/** Said so often, each read to its end: how long each took, to its first piece and to its last, and what the last said. */
async function drained(reach: Reach, node: string, line: string, times = 1) {
  const size = () => ({ columns: 120, rows: 40 });
  const session = new RemoteSession(reach, node, { write: line.startsWith('eval'), size });
  await session.open();
  const ms: number[] = [];
  const firstMs: number[] = [];
  let out = '';
  for (let n = 0; n < times; n += 1) {
    const pieces: string[] = [];
    const fromMs = performance.now();
    const run = await session.run(line);
    for await (const piece of run.output()) {
      if (pieces.length === 0) firstMs.push(performance.now() - fromMs);
      pieces.push(piece);
    }
    ms.push(performance.now() - fromMs);
    out = pieces.join('');
  }
  await session.close();
  return { ms, firstMs, out };
}

/** From the end of a process until a core says that the node is not up, or is with another process. */
async function kills(reach: Reach, place: Cluster, say: Say): Promise<string[]> {
  const members = async () => await place.ask<MemberRow[]>('members');
  const late: string[] = [];
  for (let n = 2; n < 2 + memberKills; n += 1) {
    const name = `poller_${n}`;
    const before = (await members()).find((row) => row.name === name)!;
    process.kill(before.pid, 'SIGKILL');
    const fromMs = performance.now();
    await until(`${name} to be seen as gone`, awaitMsMax, async () => {
      const { out } = await drained(reach, 'core_1', 'nodes --json');
      const row = (JSON.parse(out) as MemberRow[]).find((one) => one.name === name);
      return row === undefined || row.status !== 'up' || row.pid !== before.pid;
    });
    const ms = performance.now() - fromMs;
    say(`reads: ${name} killed, told after ${shown(ms)} ms`);
    if (ms > membersMsMax) late.push(`${name} was told as up for ${shown(ms)} ms after its end`);
  }
  return late;
}
