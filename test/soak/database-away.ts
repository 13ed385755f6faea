/**
 * `npm run soak -- database-away`: a real one-machine cluster at 400 checks a second whose database stands still for a
 * minute, and then has no room on its disk for a minute. Meanwhile `picket status` must say so and checks go on; afterwards,
 * without a hand, every due instant must have a row, and none may be one that nobody ran for. The second needs the right to mount.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runningEmbedded } from '../../store/index.ts';
import { coverageProblems } from '../e2e/coverage.ts';
import { type CheckRow, type Cluster, cluster, pause, until } from '../e2e/picket.ts';
import { kill } from '../e2e/processes.ts';
import { type TcpTarget, tcpTarget } from '../e2e/targets.ts';
import { awayChecks, awayDiskMib, awayIntervalMs, awayMs, awayWaitMs, leaseOpenMs } from './bounds.ts';
import { rowsOf } from './world-rows.ts';

type Say = (text: string) => void;

interface Stage {
  readonly picket: Cluster;
  readonly url: string;
  readonly target: TcpTarget;
  readonly checks: readonly CheckRow[];
  readonly say: Say;
}

export async function soakDatabaseAway(say: Say): Promise<string | null> {
  const faults: string[] = [];
  const [target, picket] = await Promise.all([tcpTarget(), cluster('core=2,web=1,poller=1,agent=1')]);
  const isMounted = mounted(picket.data, say);
  try {
    await picket.up();
    const stage = {
      picket,
      target,
      say,
      url: runningEmbedded(picket.data)!,
      checks: await added(picket, target),
    };
    await pause(3 * awayIntervalMs);
    faults.push(...(await away(stage, 'it stands still', stopped)));
    if (isMounted) faults.push(...(await away(stage, 'its disk is full', full)));
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  } finally {
    await picket.run('down');
    if (isMounted) execFileSync('umount', ['--lazy', picket.data]);
    await Promise.all([picket.close(), target.close()]);
  }
  return faults.length === 0 ? null : faults.slice(0, 10).join('; ');
}

/** Null: it is away no more, and this undoes it. */
type Trouble = (picket: Cluster) => () => void;

const stopped: Trouble = (picket) => {
  const pids = picket.databasePids();
  for (const pid of pids) kill(pid, 'SIGSTOP');
  return () => {
    for (const pid of new Set([...pids, ...picket.databasePids()])) kill(pid, 'SIGCONT');
  };
};

/** To the last byte, and again as room appears. */
const full: Trouble = (picket) => {
  const path = join(picket.data, 'fill');
  writeFileSync(path, '');
  const fill = () => {
    for (let size = 262_144; size >= 1; size = Math.floor(size / 2)) {
      try {
        for (;;) appendFileSync(path, Buffer.alloc(size));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  };
  fill();
  const again = setInterval(fill, 200);
  return () => {
    clearInterval(again);
    rmSync(path);
  };
};

async function away(stage: Stage, what: string, trouble: Trouble): Promise<string[]> {
  const { picket, target, url, checks, say } = stage;
  const faults: string[] = [];
  const fromMs = Date.now();
  const takenBefore = target.taken();
  const undo = trouble(picket);
  const said = await until('status to say so', awayMs, async () => {
    const { out } = await picket.run('status');
    return /^status\s+degraded/.test(out) && /store/.test(out) && Date.now() - fromMs;
  }).catch(() => null);
  if (said === null) faults.push(`${what}: status does not say so`);
  await pause(Math.max(0, awayMs - (Date.now() - fromMs)));
  const ran = target.taken() - takenBefore;
  undo();
  const overMs = Date.now();
  await until('all to be well', awayWaitMs, async () => {
    const { out } = await picket.run('status');
    return /^status\s+ok/.test(out);
  });
  const okMs = Date.now() - overMs;
  await pause(leaseOpenMs);
  const window = { fromMs, untilMs: overMs };
  const { results, gaps } = await rowsOf(url, fromMs - 60_000);
  const problems = coverageProblems(checks, results, gaps, { fromMs: Date.now(), untilMs: window.untilMs });
  faults.push(
    ...problems.slice(0, 5).map(({ kind, checkId, detail }) => `${what}: ${checkId} ${kind}: ${detail}`),
  );
  const tally: Record<string, number> = {};
  const count = (key: string, by: number) => {
    tally[key] = (tally[key] ?? 0) + by;
  };
  const isWithin = (atMs: number) => atMs >= window.fromMs && atMs <= window.untilMs;
  for (const { due_at, status, reason } of results)
    if (isWithin(Date.parse(due_at))) count(`${status} ${reason ?? ''}`.trim(), 1);
  for (const { from, count: instants, reason } of gaps)
    if (isWithin(Date.parse(from))) count(`gap ${reason}`, instants);
  // Nothing is lost that fits into the buffer, and a minute of this does.
  for (const lost of ['gap no_core', 'gap buffer_full'])
    if (tally[lost] !== undefined) faults.push(`${what}: ${tally[lost]} instants are a ${lost}`);
  const rate = Math.round((ran * 1_000) / (overMs - fromMs));
  say(
    `database-away: ${what} for ${overMs - fromMs} ms: said after ${said} ms, ${rate} checks/s ran meanwhile, well ${okMs} ms after; ${JSON.stringify(tally)}`,
  );
  return faults;
}

async function added(picket: Cluster, target: TcpTarget): Promise<CheckRow[]> {
  const file = join(picket.data, 'checks.ndjson');
  const one = { kind: 'tcp', target: '127.0.0.1', port: target.port, interval_ms: awayIntervalMs };
  const lines = Array.from({ length: awayChecks }, (_, at) =>
    JSON.stringify({ name: `check ${at}`, ...one }),
  );
  writeFileSync(file, lines.join('\n'));
  return await picket.ask<CheckRow[]>('check', 'import', file);
}

function mounted(path: string, say: Say): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${awayDiskMib}m`, 'tmpfs', path], { stdio: 'pipe' });
    return true;
  } catch (error) {
    say(`database-away: the disk is not filled, there is no right to mount: ${(error as Error).message}`);
    return false;
  }
}
