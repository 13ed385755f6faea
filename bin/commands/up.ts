/** The commands that start and stop a one-machine cluster. */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { makeFolders } from '../data-folder.ts';
import { CommandFailure, usage } from '../failure.ts';
import { stopCluster } from '../launcher/down.ts';
import { defaultPlan, planNodes } from '../launcher/plan.ts';
import { startCluster, type UpAnswer } from '../launcher/up.ts';
import { levelOption } from '../level-option.ts';
import { httpPortDefault } from '../limits.ts';
import type { Output } from '../output.ts';
import { showUp } from '../show-up.ts';
import { allowEval, allowTenantNodes, dataOption } from './node.ts';

interface UpFlags {
  data: string;
  nodes: string;
  http: string;
  detach?: boolean;
  allowTenantNodes?: boolean;
  otlp?: string;
  traceSample?: string;
  allowEval?: boolean;
  json?: boolean;
  logLevel: string;
}

export interface Surroundings {
  readonly output: Output;
  readonly script: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function addUpCommands(program: Command, { output, script, environment }: Surroundings): void {
  program
    .command('up')
    .description('start a whole cluster on this machine, and keep it running')
    .addOption(dataOption(environment))
    .option('--nodes <counts>', 'how many of each role', defaultPlan)
    .option('--http <port>', 'port of the page, on 127.0.0.1', String(httpPortDefault))
    .addOption(allowTenantNodes())
    .option('--otlp <url>', 'an OTLP/HTTP collector for traces (or OTEL_EXPORTER_OTLP_ENDPOINT)')
    .option(
      '--trace-sample <share>',
      'of commands, requests and scheduled checks, how many are traced unasked: 0 to 1',
    )
    .addOption(allowEval())
    .option('--detach', 'return when it is ready, and leave it running')
    .option('--json', 'with --detach: print what runs as JSON')
    .addOption(levelOption())
    .addHelpText(
      'after',
      '\nExamples:\n  picket up\n  picket up --detach --json --data /var/lib/picket --http 8080\n  picket up --nodes core=2,web=1,poller=2,agent=2\n',
    )
    .action(async (flags: UpFlags) => {
      const http = judgePort(flags.http);
      planNodes(flags.nodes);
      if (flags.json && !flags.detach) throw usage('--json goes with --detach');
      if (flags.detach) await upDetached(flags, script, environment, output);
      else await upHere({ ...flags, http }, script, environment, output);
    });

  program
    .command('down')
    .description('drain and stop what `picket up` started')
    .addOption(dataOption(environment))
    .addHelpText('after', '\nExample:\n  picket down --data /var/lib/picket\n')
    .action(async (flags: { data: string }) => {
      const what = await stopCluster(flags.data, output.note);
      output.note(what === 'stopped' ? 'stopped' : `nothing runs in ${resolve(flags.data)}`);
    });
}

function judgePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw usage(`--http "${text}": a port is 1 to 65535`);
  return port;
}

/** Runs the launcher in this process until it is told to end. */
async function upHere(
  flags: Omit<UpFlags, 'http'> & { http: number },
  script: string,
  environment: Surroundings['environment'],
  output: Output,
): Promise<void> {
  const told = new Promise<string>((done) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => done(name));
  });
  const note = (text: string) => {
    tell({ type: 'progress', text });
    output.note(text);
  };
  const starting = startCluster({ ...flags, script, environment, note });
  const early = await Promise.race([starting.then(() => null), told]);
  if (early === null) {
    const { answer, folder } = await starting;
    tell({ type: 'ready', answer });
    if (process.connected) process.disconnect?.();
    for (const line of showUp(answer, folder.path)) output.line(line);
  }
  await told;
  output.note('draining ... (once more to end at once)');
  process.once('SIGINT', () => process.exit(1));
  await (await starting).stop();
  output.note('stopped');
  process.exit(0);
}

/** To the command that detached this launcher, while it is there: it may have been ended meanwhile. */
function tell(message: object): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

/** Starts the launcher in a process of its own, and waits until it is ready. */
async function upDetached(
  flags: UpFlags,
  script: string,
  environment: Surroundings['environment'],
  output: Output,
): Promise<void> {
  const logs = join(resolve(flags.data), 'logs');
  try {
    makeFolders(logs);
  } catch (error) {
    throw new CommandFailure('data_unusable', `${flags.data} cannot be used: ${(error as Error).message}`);
  }
  const log = openSync(join(logs, 'up.log'), 'a', 0o600);
  const args = [
    'up',
    '--data',
    flags.data,
    '--nodes',
    flags.nodes,
    '--http',
    flags.http,
    '--log-level',
    flags.logLevel,
    ...(flags.allowTenantNodes ? ['--allow-tenant-nodes'] : []),
    ...(flags.otlp === undefined ? [] : ['--otlp', flags.otlp]),
    ...(flags.traceSample === undefined ? [] : ['--trace-sample', flags.traceSample]),
    ...(flags.allowEval ? ['--allow-eval'] : []),
  ];
  const child = spawn(process.execPath, [script, ...args], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...environment },
  });
  const answer = await new Promise<UpAnswer>((done, fail) => {
    child.on('message', (message: { type: string; answer?: UpAnswer; text?: string; code?: string }) => {
      if (message.type === 'ready') done(message.answer!);
      else if (message.type === 'progress') output.note(message.text!);
      else if (message.type === 'failed') fail(new CommandFailure(message.code!, message.text!));
    });
    child.on('exit', (code, signal) =>
      fail(
        new CommandFailure(
          'failed',
          `the launcher ended with ${signal ?? `status ${code}`}: see ${join(logs, 'up.log')}`,
        ),
      ),
    );
  });
  child.unref();
  if (child.connected) child.disconnect();
  if (flags.json) output.json(answer);
  else for (const line of showUp(answer, resolve(flags.data))) output.line(line);
}
