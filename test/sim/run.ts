/**
 * `npm run sim -- --seeds N [--seed FIRST] [--nodes M] [--trace]`: many simulated histories, one after the other. Ends
 * with one line and with status 1 when one failed; wrong flags are status 2.
 */
import { parseArgs } from 'node:util';
import { joinNodes, joinOverMs, traceLinesKept, traceLinesShown } from './bounds.ts';
import { outsidePromises } from './event-loop.ts';
import { type HistoryReport, runHistory } from './history.ts';
import { joinedAfterMs } from './join.ts';

const help = `npm run sim -- [--seeds N] [--seed FIRST] [--nodes M] [--trace] [--calm]

Runs N simulated histories of a cluster (real code; simulated clock, network and faults), each from a seed.

  --seeds N    how many histories (1)
  --seed FIRST the first seed (1); the others follow it
  --nodes M    nodes of each cluster, 2 to 250; unless told, 3 to 7 by the seed
  --trace      print every event of every history: for one seed
  --join       only let the nodes (200) start over 10 s, and say when all see all
  --calm       without faults: to measure the simulator
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
  readonly trace: boolean;
  readonly calm: boolean;
  readonly join: boolean;
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
        trace: { type: 'boolean' },
        calm: { type: 'boolean' },
        join: { type: 'boolean' },
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
  if (seeds === null) return '--seeds is a number of histories, 1 or more';
  if (seed === null) return '--seed is a number from 0 to 4294967295';
  if (nodes === null) return '--nodes is a number from 2 to 250';
  return {
    seeds,
    seed,
    nodes,
    trace: values.trace === true,
    calm: values.calm === true,
    join: values.join === true,
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

function sayFailure(report: HistoryReport): void {
  const { seed, nodes, failures, hash } = report;
  say(`\nseed ${seed} (${nodes} nodes) failed, trace ${hash}; its last events:`);
  for (const line of report.trace().slice(-traceLinesShown)) say(`  ${line}`);
  for (const failure of failures.slice(0, 20)) say(`seed ${seed}: ${failure}`);
}

async function join({ seed, nodes = joinNodes }: Flags): Promise<number> {
  const { ms } = await outsidePromises(() => joinedAfterMs(seed, nodes, joinOverMs));
  say(
    `${nodes} nodes started over ${joinOverMs} ms: all see all ${ms === null ? 'not at all' : `${ms} ms later`}`,
  );
  return ms !== null && ms <= joinOverMs ? 0 : 1;
}

async function run(flags: Flags): Promise<number> {
  let failed = 0;
  let simulatedMs = 0;
  let events = 0;
  let hash = '';
  const startCpu = process.cpuUsage();
  const startMs = performance.now();
  for (let at = 0; at < flags.seeds; at += 1) {
    const seed = (flags.seed + at) >>> 0;
    const { nodes, calm } = flags;
    const options = { seed, nodes, calm, traceLines: flags.trace ? Number.POSITIVE_INFINITY : 0 };
    const report = await outsidePromises(() => runHistory(options));
    simulatedMs += report.simulatedMs;
    events += report.events;
    hash = report.hash;
    if (flags.trace) for (const line of report.trace()) say(line);
    if (report.failures.length === 0) continue;
    failed += 1;
    // The seed makes the same history again, this time with its text.
    Error.stackTraceLimit = 10;
    if (flags.trace) sayFailure(report);
    else sayFailure(await outsidePromises(() => runHistory({ ...options, traceLines: traceLinesKept })));
    Error.stackTraceLimit = 0;
  }
  const realMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(startCpu);
  const cpuMs = (user + system) / 1_000;
  say(
    `${Math.round(simulatedMs / 1_000)} simulated seconds in ${(realMs / 1_000).toFixed(1)} s (${(cpuMs / 1_000).toFixed(1)} s of CPU): ` +
      `${Math.round(simulatedMs / realMs)} times real time (${Math.round(simulatedMs / cpuMs)} by CPU), ` +
      `${Math.round(events / cpuMs)} events a CPU millisecond`,
  );
  say(`seeds ${flags.seeds} failed ${failed} trace ${hash}`);
  return failed === 0 ? 0 : 1;
}

// Stacks are made for every expected failure, and read by nobody.
Error.stackTraceLimit = 0;
const flags = readFlags(process.argv.slice(2));
if (flags === null) process.stdout.write(help);
else if (typeof flags === 'string') {
  process.stderr.write(`${flags}\n\n${help}`);
  process.exitCode = 2;
} else process.exitCode = flags.join ? await join(flags) : await run(flags);
