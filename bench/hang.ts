/** A node of three that is stopped (SIGSTOP): when the others take it for dead, and whether they do so after a pause of 4 s. */
import type { Bench, Figures } from './bench.ts';
import { afterPauseMs, falseAlarmPauseMs, pausesPerRound } from './limits.ts';
import { type NameNodes, ours, pause } from './name-nodes.ts';

const victim = 'core_3';
const nodeCount = 3;

async function deaths(nodes: NameNodes): Promise<number> {
  const told = await nodes.askAll({ type: 'deaths' }, 'deaths');
  return told.reduce((sum, { count }) => sum + count, 0);
}

/** Deaths that any of the three believed in, the paused one's of the others included. */
async function falseAlarms(nodes: NameNodes): Promise<number> {
  const before = await deaths(nodes);
  for (let n = 0; n < pausesPerRound; n += 1) {
    nodes.signal(victim, 'SIGSTOP');
    await pause(falseAlarmPauseMs);
    nodes.signal(victim, 'SIGCONT');
    await pause(afterPauseMs);
  }
  return (await deaths(nodes)) - before;
}

async function noticed(nodes: NameNodes): Promise<number> {
  const told = nodes.askAll({ type: 'await_death', of: victim }, 'reached', [victim]);
  told.catch(() => {});
  const stoppedAtMs = Number(process.hrtime.bigint()) / 1e6;
  nodes.signal(victim, 'SIGSTOP');
  return Math.max(...(await told).map(({ atMs }) => atMs)) - stoppedAtMs;
}

async function round(nodes: NameNodes): Promise<Figures> {
  const alarms = await falseAlarms(nodes);
  const noticedMs = await noticed(nodes);
  await nodes.kill(victim);
  await nodes.start(victim, 0);
  await nodes.askAll({ type: 'await_members', count: nodeCount }, 'reached');
  return { noticed_ms: noticedMs, false_alarms_4s: alarms };
}

export const hang: Bench = {
  name: 'hang',
  about: 'a stopped node of three: when it is taken for dead, and pauses of 4 s that were',
  figures: [
    { key: 'noticed_ms', better: 'less' },
    { key: 'false_alarms_4s', better: 'less' },
  ],
  rounds: 3,
  contenders: [ours(nodeCount, async () => {}, round)],
};
