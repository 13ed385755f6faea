/**
 * The entry of `npm run bench -- NAME [--json]`. Progress goes to stderr, the outcome to stdout. Exit status 0; 1 when a
 * measurement failed; 2 for a name or a flag that is not there.
 */
import { availableParallelism, release } from 'node:os';
import { type Bench, type Outcome, runBench } from './bench.ts';
import { call } from './call.ts';
import { hang } from './hang.ts';
import { idle } from './idle.ts';
import { issue } from './issue.ts';
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
  store(),
];

async function main(words: readonly string[]): Promise<number> {
  const tenants = tenantsOf(words);
  const rest = words.filter((word, at) => word !== '--tenants' && words[at - 1] !== '--tenants');
  const flags = rest.filter((word) => word.startsWith('-'));
  const [name, ...more] = rest.filter((word) => !word.startsWith('-'));
  if (flags.includes('--help') || flags.includes('-h')) {
    process.stdout.write(`${usage()}\n`);
    return 0;
  }
  const found = benches.find((one) => one.name === name);
  const bench = tenants === null ? found : name === 'store' && tenants >= 100 ? store(tenants) : undefined;
  const stranger = flags.find((flag) => flag !== '--json') ?? more[0];
  if (bench === undefined || stranger !== undefined) {
    const wrong =
      tenants !== null
        ? '--tenants takes 100 and more, and is of store alone'
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
function tenantsOf(words: readonly string[]): number | null {
  const at = words.indexOf('--tenants');
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
  return ['usage: npm run bench -- NAME [--json] [--tenants N]', '', ...list].join('\n');
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
