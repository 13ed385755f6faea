/**
 * `npm run sim -- --seeds N [--seed FIRST] [--nodes M] [--trace]`: many simulated histories, on all cores. Ends
 * with one line and with status 1 when one failed; wrong flags are status 2.
 */
import { parseArgs } from 'node:util';
import { idleNamesFactor, joinNodes, joinOverMs, traceLinesShown } from './bounds.ts';
import { runIdle, runJoin, runSeeds } from './seed-pool.ts';
import type { HistoryOutcome } from './seed-thread.ts';

const help = `npm run sim -- [--seeds N] [--seed FIRST] [--nodes M] [--trace] [--calm]

Runs N simulated histories of a cluster (real code; simulated clock, network and faults), each from a seed.

  --seeds N    how many histories (1)
  --seed FIRST the first seed (1); the others follow it
  --nodes M    nodes of each cluster, 2 to 250; unless told, 3 to 7 by the seed
  --threads T  histories at once, 1 to 64; unless told, one for each core
  --trace      print every event of every history: for one seed
  --join       only let the nodes (200) start over 10 s, and say when all see all
  --idle       let the nodes (200) start, and say what each link carries when nothing is done, with 1 and 10 names a node
  --calm       to measure: no faults, and of all load only 10 calls and 1 registration a second and node
  --help       this text

Examples:
  npm run sim -- --seeds 1000
  npm run sim -- --seed 4711 --trace
  npm run sim -- --seeds 10 --nodes 30
`;

interface Flags {
  readonly seeds: number;
  readonly seed: number;
  readonly nodes: number | undefined;
  readonly threads: number | undefined;
  readonly trace: boolean;
  readonly calm: boolean;
  readonly join: boolean;
  readonly idle: boolean;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A text is what is wrong with them. */
function readFlags(args: readonly string[]): Flags | string | null {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string' },
        seed: { type: 'string' },
        nodes: { type: 'string' },
        threads: { type: 'string' },
        trace: { type: 'boolean' },
        calm: { type: 'boolean' },
        join: { type: 'boolean' },
        idle: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (values.help) return null;
  const seeds = whole(values.seeds, 1, 1, 100_000_000);
  const seed = whole(values.seed, 1, 0, 0xffff_ffff);
  const nodes = values.nodes === undefined ? undefined : whole(values.nodes, 2, 2, 250);
  const threads = values.threads === undefined ? undefined : whole(values.threads, 1, 1, 64);
  if (threads === null) return '--threads is a number from 1 to 64';
  if (seeds === null) return '--seeds is a number of histories, 1 or more';
  if (seed === null) return '--seed is a number from 0 to 4294967295';
  if (nodes === null) return '--nodes is a number from 2 to 250';
  return {
    seeds,
    seed,
    nodes,
    threads,
    trace: values.trace === true,
    calm: values.calm === true,
    join: values.join === true,
    idle: values.idle === true,
  };
}

function whole(
  text: string | boolean | undefined,
  unless: number,
  least: number,
  most: number,
): number | null {
  if (text === undefined) return unless;
  const value = typeof text === 'string' && /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : null;
}

function sayFailure({ seed, nodes, failures, hash, lines }: HistoryOutcome): void {
  say(`\nseed ${seed} (${nodes} nodes) failed, trace ${hash}; its last events:`);
  for (const line of lines.slice(-traceLinesShown)) say(`  ${line}`);
  for (const failure of failures.slice(0, 20)) say(`seed ${seed}: ${failure}`);
}

async function join({ seed, nodes = joinNodes }: Flags): Promise<number> {
  const spent = stopwatch();
  const { ms } = await runJoin(seed, nodes, joinOverMs);
  const when = ms === null ? 'not at all' : `${ms} ms later`;
  say(`${nodes} nodes started over ${joinOverMs} ms: all see all ${when}; that took ${spent()}`);
  return ms !== null && ms <= joinOverMs ? 0 : 1;
}

async function idle({ seed, nodes = joinNodes }: Flags): Promise<number> {
  const spent = stopwatch();
  const { links, few, many } = await runIdle(seed, nodes, joinOverMs);
  const told = (bytes: number | null) => (bytes === null ? 'no cluster' : `${bytes.toFixed(0)} B/s a link`);
  say(
    `${nodes} idle nodes, ${links} links: ${told(few)} with ${nodes} names, ${told(many)} with ${nodes * idleNamesFactor}`,
  );
  say(`both ways, TLS records included; that took ${spent()}`);
  return few !== null && many !== null ? 0 : 1;
}

async function run(flags: Flags): Promise<number> {
  let failed = 0;
  let simulatedMs = 0;
  let events = 0;
  let hash = '';
  const startCpu = process.cpuUsage();
  const startMs = performance.now();
  const threads = await runSeeds({ ...flags, first: flags.seed, count: flags.seeds }, (outcome) => {
    simulatedMs += outcome.simulatedMs;
    events += outcome.events;
    hash = outcome.hash;
    if (flags.trace) for (const line of outcome.lines) say(line);
    if (outcome.failures.length === 0) return;
    failed += 1;
    sayFailure(outcome);
  });
  const realMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(startCpu);
  const cpuMs = (user + system) / 1_000;
  say(
    `${Math.round(simulatedMs / 1_000)} simulated seconds in ${(realMs / 1_000).toFixed(1)} s on ${threads} threads ` +
      `(${(cpuMs / 1_000).toFixed(1)} s of CPU): ${ratio(simulatedMs / realMs)} times real time ` +
      `(${ratio(simulatedMs / cpuMs)} by CPU), ${Math.round(events / cpuMs)} events a CPU millisecond`,
  );
  say(`seeds ${flags.seeds} failed ${failed} trace ${hash}`);
  return failed === 0 ? 0 : 1;
}

function stopwatch(): () => string {
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(startCpu);
    const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
    return `${seconds(performance.now() - startMs)} (${seconds((user + system) / 1_000)} of CPU)`;
  };
}

function ratio(value: number): string {
  return value < 20 ? value.toFixed(1) : String(Math.round(value));
}

const flags = readFlags(process.argv.slice(2));
if (flags === null) process.stdout.write(help);
else if (typeof flags === 'string') {
  process.stderr.write(`${flags}\n\n${help}`);
  process.exitCode = 2;
} else process.exitCode = await (flags.join ? join : flags.idle ? idle : run)(flags);
