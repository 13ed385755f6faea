/**
 * Every node of a cluster is ended in turn by SIGTERM while checks run every second and commands ask for them all the time: no due
 * instant goes missing, and no command fails that is given once more.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { coverageProblems } from './coverage.ts';
import { type CheckRow, type Cluster, cluster, type MemberRow, pause, until } from './picket.ts';
import { kill } from './processes.ts';
import { type TcpTarget, tcpTarget } from './targets.ts';

const checkCount = 50;
const waitMs = 60_000;
const storyMs = 400_000;
/** Checks run on this long before the next node goes. */
const betweenMs = 2_000;

let picket: Cluster;
let target: TcpTarget;

beforeAll(async () => {
  [target, picket] = await Promise.all([tcpTarget(), cluster('core=2,web=1,poller=2,agent=2')]);
});
afterAll(async () => {
  await Promise.all([picket?.close(), target?.close()]);
});

/** One command after the other, each of another part of the product; one that fails is given again at once. */
function commandsOf({ run }: Cluster) {
  const commands = [['check', 'list'], ['results', '--limit', '10'], ['members'], ['status'], ['registry']];
  const failedTwice: string[] = [];
  let given = 0;
  let ended = false;
  const asked = (async () => {
    while (!ended) {
      const command = [...commands[given++ % commands.length]!, '--json'];
      const first = await run(...command);
      if (first.status === 0) continue;
      const second = await run(...command);
      if (second.status !== 0) failedTwice.push(`${command}: ${first.err.trim()}, then ${second.err.trim()}`);
    }
  })();
  return {
    async end() {
      ended = true;
      await asked;
      return { given, failedTwice };
    },
  };
}

test('a rolling restart of all nodes accounts for every due instant once, and answers every command', {
  timeout: storyMs,
}, async () => {
  const { nodes } = await picket.up();
  const file = join(picket.data, 'checks.ndjson');
  const one = { kind: 'tcp', target: '127.0.0.1', port: target.port, interval: '1s' };
  const rows = Array.from({ length: checkCount }, (_, at) => ({ name: `check ${at}`, ...one }));
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
  const checks = await picket.ask<CheckRow[]>('check', 'import', file);
  const addedMs = Date.now();
  await pause(betweenMs);
  const asking = commandsOf(picket);

  for (const { name, pid } of nodes) {
    kill(pid, 'SIGTERM');
    await until(`${name} to be back`, waitMs, async () => {
      const members = await picket.ask<MemberRow[]>('members');
      const again = members.find((member) => member.name === name);
      return (
        again !== undefined &&
        again.pid !== null &&
        again.pid !== pid &&
        members.length === nodes.length &&
        members.every(({ status }) => status === 'up')
      );
    });
    await pause(betweenMs);
  }

  const { given, failedTwice } = await asking.end();
  expect(given).toBeGreaterThan(nodes.length);
  expect(failedTwice).toEqual([]);
  const window = { fromMs: addedMs, untilMs: Date.now() };
  const { results, gaps } = await until('an account of every instant', waitMs, async () => {
    const found = await picket.rowsSince(addedMs - 60_000);
    const problems = coverageProblems(checks, found.results, found.gaps, window);
    if (problems.length === 0) return found;
    throw new Error(`${problems.length} problems: ${JSON.stringify(problems.slice(0, 5))}`);
  });
  // What was not run says why, and is little: who goes hands over.
  expect(gaps.filter(({ reason }) => !reason)).toEqual([]);
  const missed = gaps.reduce((sum, { count }) => sum + count, 0);
  expect(missed).toBeLessThan(results.length / 4);
});
