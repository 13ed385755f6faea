/**
 * `npm run soak -- agent-outage`: an agent of a customer's network runs 20 checks each second while its whole cluster is down for
 * a minute. Afterwards each instant must have one result, by the agent, with the time at which it was begun, and no gap.
 */
import { type AgentProcess, covered, enrolled, startAgent } from '../e2e/agent-program.ts';
import { type CheckRow, type Cluster, cluster, pause, until } from '../e2e/picket.ts';
import { tcpTarget } from '../e2e/targets.ts';
import { outageChecks, outageMs, outageWaitMs } from './bounds.ts';

type Say = (text: string) => void;

const agentName = 'site';
/** A run may be begun so late on a busy machine. */
const beginMsMax = 1_000;

export async function soakAgentOutage(say: Say): Promise<string | null> {
  const [target, net] = await Promise.all([tcpTarget(), cluster('core=1,web=0,poller=1,agent=1')]);
  let agent: AgentProcess | null = null;
  try {
    await net.up();
    const { dir } = await enrolled(net, 'default', agentName, '--partition', 'plant');
    const checks: CheckRow[] = [];
    for (let at = 0; at < outageChecks; at += 1) checks.push(await added(net, at, target.port));
    agent = startAgent(['--dir', dir]);
    const fromMs = await bringsAll(net, checks, Date.now());
    const downMs = Date.now();
    await net.run('down');
    await pause(outageMs);
    await net.up();
    const upMs = Date.now();
    say(`agent-outage: down for ${upMs - downMs} ms, with ${outageChecks} checks each second`);
    const toMs = await bringsAll(net, checks, upMs);
    let wrong: string[] = [];
    const isRight = async () => {
      wrong = (await Promise.all(checks.map((check) => faultsOf(net, check, fromMs, toMs)))).flat();
      return wrong.length === 0;
    };
    await until('each instant has its result', outageWaitMs, isRight).catch(() => {});
    const instants = Math.floor((toMs - fromMs) / 1_000) * outageChecks;
    say(
      `agent-outage: ${wrong.length} faults in ${instants} instants, ${Date.now() - upMs} ms after it was up`,
    );
    return wrong.length === 0 ? null : wrong.slice(0, 10).join('; ');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    agent?.kill('SIGKILL');
    await net.run('down');
    await Promise.all([net.close(), target.close()]);
  }
}

async function added(net: Cluster, at: number, port: number): Promise<CheckRow> {
  const what = ['--kind', 'tcp', '--target', '127.0.0.1', '--port', String(port), '--interval', '1s'];
  return await net.ask('check', 'add', '--name', `check ${at}`, '--partition', 'plant', ...what);
}

/** From when on each check has a result of the agent that was due after `sinceMs`. */
async function bringsAll(net: Cluster, checks: readonly CheckRow[], sinceMs: number): Promise<number> {
  return await until('each check has a result', outageWaitMs, async () => {
    const firsts: number[] = [];
    for (const check of checks) {
      const { results } = await covered(net, check, sinceMs, Date.now());
      const own = results.filter(({ agent }) => agent === agentName).map(({ due_at }) => Date.parse(due_at));
      if (own.length === 0) return null;
      firsts.push(Math.min(...own));
    }
    return Math.max(...firsts);
  });
}

async function faultsOf(net: Cluster, check: CheckRow, fromMs: number, toMs: number): Promise<string[]> {
  const { due, results, gaps } = await covered(net, check, fromMs, toMs);
  const faults = gaps.map(
    ({ from, count, reason }) => `${check.id}: a gap of ${count} from ${from} (${reason})`,
  );
  for (const ms of due) {
    const own = results.filter(({ due_at }) => Date.parse(due_at) === ms);
    const [one] = own;
    const lateMs = one?.started_at ? Date.parse(one.started_at) - ms : Number.NaN;
    const isRight = own.length === 1 && one!.agent === agentName && lateMs >= 0 && lateMs < beginMsMax;
    if (!isRight) faults.push(`${check.id} at ${new Date(ms).toISOString()}: ${JSON.stringify(own)}`);
  }
  return faults;
}
