/**
 * `picket health`: whether the process beside this command does its work, for whoever starts and restarts it (a container's
 * HEALTHCHECK, a supervisor). Asks a node over loopback, where its metrics are; an agent at the edge by its state folder.
 */
import { request } from 'node:http';
import { join } from 'node:path';
import type { Command } from 'commander';
import { splitAddress } from '../../cluster/index.ts';
import { messageOf } from '../../runtime/index.ts';
import { readJson } from '../data-folder.ts';
import { CommandFailure, usage } from '../failure.ts';
import { healthTimeoutMs } from '../limits.ts';
import { isSameProcess } from '../process-table.ts';
import { metricsOption } from './node.ts';
import type { Surroundings } from './up.ts';

interface Flags {
  metrics?: string;
  agent?: string;
  json?: boolean;
}

interface Health {
  status: 'ok' | 'failing';
  because: string[];
}

const help = `
Status 0: it answers and can do its work; 1: it does not, with the reason. A node is asked on this machine, at the port of
its --metrics, and is well when it sees a core that is up; a database that is away is the database's illness. An agent at
the edge is asked by its state folder: its process lives.

Examples:
  picket health --metrics 127.0.0.1:9464
  picket health --agent /var/lib/picket-agent
`;

export function addHealthCommand(program: Command, { output, environment }: Surroundings): void {
  program
    .command('health')
    .description('whether the node or agent of this machine does its work: status 0 or 1')
    .addOption(metricsOption(environment))
    .option('--agent <dir>', "the agent's --state (or --dir)", environment.PICKET_AGENT || undefined)
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      const { agent, metrics } = flags;
      if (agent === undefined && metrics === undefined)
        throw usage('name a node with --metrics, or an agent with --agent');
      const health = agent === undefined ? await healthOfNode(metrics!) : healthOfAgent(agent);
      if (flags.json) output.json(health);
      if (health.status !== 'ok') throw new CommandFailure('unhealthy', health.because.join('; '));
      if (!flags.json) output.line('ok');
    });
}

function healthOfAgent(folder: string): Health {
  const holder = readJson<{ pid: number; started: string | null }>(join(folder, 'agent.pid'));
  if (holder !== null && isSameProcess(holder.pid, holder.started)) return { status: 'ok', because: [] };
  return { status: 'failing', because: [`no agent runs with ${folder}`] };
}

function healthOfNode(metrics: string): Promise<Health> {
  const { host, port } = loopback(metrics);
  return new Promise((resolve) => {
    const failing = (why: string) => resolve({ status: 'failing', because: [why] });
    const asking = request({ host, port, path: '/health', timeout: healthTimeoutMs }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () => {
        try {
          resolve(JSON.parse(text) as Health);
        } catch {
          failing(`${host}:${port} answers, and is no node`);
        }
      });
    });
    asking.on('timeout', () => asking.destroy(new Error(`no answer within ${healthTimeoutMs} ms`)));
    asking.on('error', (error) =>
      failing(`the node does not answer at ${host}:${port}: ${messageOf(error)}`),
    );
    asking.end();
  });
}

/** What listens everywhere is asked here. */
function loopback(metrics: string): { host: string; port: number } {
  try {
    const { host, port } = splitAddress(metrics);
    return { host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port };
  } catch (error) {
    throw usage(`--metrics: ${messageOf(error)}`);
  }
}
