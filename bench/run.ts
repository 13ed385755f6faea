/**
 * The entry of `npm run bench -- NAME [--json]`. Progress goes to stderr, the outcome to stdout. Exit status 0; 1 when a
 * measurement failed; 2 for a name or a flag that is not there.
 */

import { availableParallelism, release } from 'node:os';
import { type Bench, type Outcome, runBench } from './bench.ts';
import { call } from './call.ts';
import { edgeAgentsDefault, edgeBench, edgeTenantsDefault } from './edge.ts';
import { hang } from './hang.ts';
import { storedUpdatesPerS } from './identity/stored.ts';
import { identity, identityAtSize } from './identity.ts';
import { idle } from './idle.ts';
import { issue } from './issue.ts';
import { look } from './look.ts';
import { mailbox } from './mailbox.ts';
import { placement } from './placement.ts';
import { lookup, propagation, registry, sync } from './registry.ts';
import { remote } from './remote.ts';
import { asJson, asTable } from './report.ts';
import { spawn } from './spawn.ts';
import { store } from './store.ts';
import { failover, split, supervisor } from './supervisor.ts';

const benches: readonly Bench[] = [
  mailbox,
  call,
  spawn,
  remote,
  placement,
  issue,
  registry,
  propagation,
  lookup,
  sync,
  idle,
  hang,
  supervisor,
  failover,
  split,
  look,
  store(),
  edgeBench(),
  identity(async () => ({ stored_updates_per_s: await storedUpdatesPerS() })),
];

async function main(words: readonly string[]): Promise<number> {
  const sizes = ['--tenants', '--agents', '--devices'];
  const [tenants, agents, devices] = sizes.map((flag) => numberOf(words, flag)) as Sizes;
  const rest = words.filter((word, at) => !sizes.includes(word) && !sizes.includes(words[at - 1] ?? ''));
  const flags = rest.filter((word) => word.startsWith('-'));
  const [name, ...more] = rest.filter((word) => !word.startsWith('-'));
  if (flags.includes('--help') || flags.includes('-h')) {
    process.stdout.write(`${usage()}\n`);
    return 0;
  }
  const found = benches.find((one) => one.name === name);
  const isSized = tenants !== null || agents !== null || devices !== null;
  const bench = isSized ? sized(name, [tenants, agents, devices]) : found;
  const stranger = flags.find((flag) => flag !== '--json') ?? more[0];
  if (bench === undefined || stranger !== undefined) {
    const wrong =
      isSized && bench === undefined
        ? '--tenants is of store (100 and more) and of edge, --agents of edge (as many as there are tenants, or more), --devices of identity'
        : bench === undefined
          ? `no bench is named "${name ?? ''}"`
          : `"${stranger}" is not understood`;
    process.stderr.write(`${wrong}\n\n${usage()}\n`);
    return 2;
  }
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const outcome = await runBench(bench, say);
  const print: (outcome: Outcome, machine: Record<string, string | number>) => string = flags.includes(
    '--json',
  )
    ? asJson
    : asTable;
  process.stdout.write(`${print(outcome, machine())}\n`);
  return 0;
}

/** Null: not given. */
type Sizes = [tenants: number | null, agents: number | null, devices: number | null];

/** A bench whose size was given; undefined when it has none, or not this one. */
function sized(name: string | undefined, [tenants, agents, devices]: Sizes): Bench | undefined {
  if (devices !== null)
    return name === 'identity' && devices > 0 && tenants === null && agents === null
      ? identityAtSize(devices)
      : undefined;
  if (name === 'store' && agents === null && tenants !== null && tenants >= 100) return store(tenants);
  if (name !== 'edge') return undefined;
  const some = agents ?? edgeAgentsDefault;
  const of = tenants ?? Math.min(edgeTenantsDefault, some);
  return of >= 1 && of <= some ? edgeBench(some, of) : undefined;
}

/** Null: not given. */
function numberOf(words: readonly string[], flag: string): number | null {
  const at = words.indexOf(flag);
  if (at < 0) return null;
  const text = words[at + 1] ?? '';
  return /^\d+$/.test(text) ? Number(text) : 0;
}

function machine(): Record<string, string | number> {
  return { cores: availableParallelism(), node: process.versions.node, kernel: release() };
}

function usage(): string {
  const width = Math.max(...benches.map(({ name }) => name.length));
  const list = benches.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`);
  return ['usage: npm run bench -- NAME [--json] [--tenants N] [--agents N] [--devices N]', '', ...list].join(
    '\n',
  );
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  },
);
