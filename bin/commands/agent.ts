/**
 * `picket agent`: at the edge, runs the checks of this machine's package and brings the results to the gateways that its
 * enrolment names. Between the process (signals, log, flags) and the program in edge/agent.
 */
import { mkdirSync } from 'node:fs';
import { arch, hostname, platform } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { createIcmpProber, createSweepPinger, findProber } from '../../checks/index.ts';
import { systemClock, systemRandom } from '../../runtime/index.ts';
import { lockState } from '../agent-lock.ts';
import { CommandFailure, codeOf } from '../failure.ts';
import { levelOption } from '../level-option.ts';
import { agentStopMs } from '../limits.ts';
import { logOf, openLog } from '../logging.ts';
import { ownVersion } from '../own-version.ts';
import type { Surroundings } from './up.ts';

interface Flags {
  dir: string;
  state?: string;
  renew?: boolean;
  logFile?: string;
  logLevel: string;
  json?: boolean;
}

const help = `
It dials out only, to the gateways of its token, and runs what it is given also while none of them answers: the results
wait in the state folder and are brought later, with their own times. SIGTERM ends it in order. It needs no rights beside
its folder; icmp checks need fping or ping on the PATH.

Examples:
  picket agent --dir /var/lib/picket-agent
  picket agent --dir /etc/picket-agent --state /var/lib/picket-agent     (the first one read-only)
  picket agent --dir /var/lib/picket-agent --renew                       (a new certificate now, not at half its life)
`;

export function addAgentCommand(program: Command, { output, environment }: Surroundings): void {
  program
    .command('agent')
    .description('at the edge: run the checks of this machine, bring the results to a gateway')
    .requiredOption('--dir <dir>', 'what picket enroll wrote')
    .option('--state <dir>', 'where config, results and renewed certificates are kept (default: --dir)')
    .option('--renew', 'renew the certificate with the first connection')
    .option('--log-file <file>', 'default: stderr')
    .option('--json', 'print who runs as JSON, one line')
    .addOption(levelOption())
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      try {
        await runAgent(flags, output, environment.PATH ?? '');
      } catch (error) {
        throw error instanceof CommandFailure
          ? error
          : new CommandFailure(codeOf(error) ?? 'failed', (error as Error).message);
      }
    });
}

async function runAgent(flags: Flags, output: Surroundings['output'], path: string): Promise<void> {
  const { startAgent } = await import('../../edge/program.ts');
  const clock = systemClock();
  const folder = resolve(flags.dir);
  const state = resolve(flags.state ?? flags.dir);
  const logger = openLog('agent', flags.logFile ?? null, flags.logLevel);
  const log = logOf(logger);
  const unlock = lockedState(state);
  try {
    const prober = await findProber(path);
    if (prober === null) log('warn', 'no fping and no ping on the PATH: icmp checks cannot be run', {});
    const icmp = prober === null ? null : createIcmpProber(prober);
    const pinger = prober === null ? null : createSweepPinger(prober);
    const capabilities = ['tcp', 'http', 'dns', ...(icmp === null ? [] : ['icmp'])];
    const ending = endSignal();
    const agent = await startAgent({
      ...{ folder, state, clock, random: systemRandom(), log, icmp, pinger, renewNow: flags.renew === true },
      facts: { version: ownVersion(), hostname: hostname(), os: platform(), arch: arch(), capabilities },
    });
    const { identity, gateways } = agent.identity.enrolled;
    log('info', 'the agent runs', { identity, gateways, pid: process.pid });
    if (flags.json) output.json({ identity, gateways, pid: process.pid });
    const reason = await ending;
    log('info', 'ending', { reason, ...agent.totals() });
    // What does not let go keeps no process.
    clock.timer(agentStopMs, () => process.exit(1));
    await agent.stop();
    await Promise.all([icmp?.close(), pinger?.close()]);
    log('info', 'ended', {});
  } finally {
    unlock();
  }
  process.exit(0);
}

/** The folder is made when it is missing, beside a read-only enrolment. */
function lockedState(state: string): () => void {
  try {
    mkdirSync(state, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new CommandFailure(
      'state_unusable',
      `${state} cannot be made (${(error as Error).message}): use --state`,
    );
  }
  return lockState(state);
}

function endSignal(): Promise<string> {
  return new Promise((resolve) => {
    process.on('SIGTERM', () => resolve('SIGTERM'));
    process.on('SIGINT', () => resolve('SIGINT'));
  });
}
