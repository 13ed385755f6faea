/**
 * `npm run soak -- documents --updates N`: an enrolled agent sends a sync of so many device updates to a real one-machine
 * cluster, and its poller is killed in the middle; then the same as chunks of an older agent. Says how long it took and the
 * memory of agent, pollers and core before and at the most; the document must be whole, once, and the memory bounded.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readToken } from '../../certs/index.ts';
import { type Cluster, cluster, type MemberRow, picket, until } from '../e2e/picket.ts';
import { kill } from '../e2e/processes.ts';
import { deviceUpdates } from '../edge/device-updates.ts';
import { documentAgentMiBMax, documentGrowthMiBMax, documentLookMs, documentSentMs } from './bounds.ts';

type Say = (text: string) => void;
type Sent = { ok: boolean; items: number; sha256?: string; error?: { code: unknown; detail: string } };

interface Row {
  id: string;
  service: string;
  status: string;
  size: number;
  items: number;
  sha256: string;
}

export async function soakDocuments(updates: number, say: Say): Promise<string | null> {
  const faults: string[] = [];
  const net = await cluster('core=1,web=0,poller=2,agent=0');
  try {
    await net.up();
    const { folder, endpoints } = await enrolled(net);
    const first = await sendOne(net, [folder, endpoints.join(','), String(updates), 'ours'], say, true);
    faults.push(...first.faults);
    const hash = createHash('sha256');
    for await (const piece of deviceUpdates(updates)) hash.update(piece);
    const [row, ...more] = await net.ask<Row[]>('document', 'list', '--tenant', 'acme');
    if (row?.status !== 'whole' || row.items !== updates || more.length > 0)
      faults.push(`not one whole document: ${JSON.stringify([row, ...more])}`);
    if (row?.sha256 !== hash.digest('hex')) faults.push('its content is another');
    say(`documents: ${JSON.stringify({ bytes: row?.size, items: row?.items })}`);
    const second = await sendOne(net, [folder, endpoints.join(','), String(updates), 'older'], say, false);
    faults.push(...second.faults);
    const rows = await net.ask<Row[]>('document', 'list', '--tenant', 'acme');
    const made = rows.find(({ service }) => service === 'armis');
    if (made?.status !== 'whole' || made.items !== updates) faults.push(`of chunks: ${JSON.stringify(made)}`);
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  } finally {
    await net.close();
  }
  return faults.length === 0 ? null : faults.slice(0, 5).join('; ');
}

async function enrolled(net: Cluster): Promise<{ folder: string; endpoints: readonly string[] }> {
  await net.ask('tenant', 'create', 'acme');
  const flags = ['--tenant', 'acme', '--name', 'site_1', '--partition', 'north'];
  const { token } = await net.ask<{ token: string }>('package', 'create', ...flags);
  const [file, folder] = [join(net.data, 'token'), join(net.data, 'edge_site_1')];
  writeFileSync(file, `${token}\n`);
  const { status, err } = await picket('enroll', '--token-file', file, '--dir', folder);
  if (status !== 0) throw new Error(`not enrolled: ${err}`);
  const read = readToken(token);
  if (!read.ok) throw new Error(read.error.code);
  return { folder, endpoints: read.token.endpoints };
}

async function sendOne(
  net: Cluster,
  args: string[],
  say: Say,
  isKilled: boolean,
): Promise<{ faults: string[] }> {
  const startMs = performance.now();
  const child = fork(fileURLToPath(new URL('./document-agent.js', import.meta.url)), args);
  const memory = new Memory(net, child);
  let sent: Sent | null = null;
  let killedAt: number | null = null;
  const killing = new Promise<void>((resolve) => {
    child.on('message', (told: { heldBytes?: number; endpoint?: string; sent?: Sent }) => {
      sent = told.sent ?? sent;
      const half = Number(args[2]) * 150;
      if (isKilled && killedAt === null && (told.heldBytes ?? 0) > half) {
        killedAt = told.heldBytes!;
        void pollerAt(net, told.endpoint!).then((pid) => {
          kill(pid, 'SIGKILL');
          resolve();
        });
      }
    });
    child.once('exit', () => resolve());
  });
  await until('the document is sent', documentSentMs, () => child.exitCode !== null);
  await killing;
  const most = memory.stop();
  const seconds = (performance.now() - startMs) / 1_000;
  const outcome = sent as Sent | null;
  say(
    `documents: ${args[3]}: ${seconds.toFixed(1)} s${killedAt === null ? '' : `, poller killed at ${killedAt} bytes`}`,
  );
  for (const { name, fromMiB, mostMiB } of most)
    say(
      `documents: ${args[3]}: ${name}: ${fromMiB.toFixed(0)} MiB before, ${mostMiB.toFixed(0)} MiB at the most`,
    );
  const faults = most.flatMap(({ name, fromMiB, mostMiB }) =>
    mostMiB > (name === 'agent' ? documentAgentMiBMax : fromMiB + documentGrowthMiBMax)
      ? [`${name} had ${mostMiB.toFixed(0)} MiB`]
      : [],
  );
  if (outcome?.ok !== true) faults.push(`not sent: ${JSON.stringify(outcome)}`);
  if (isKilled && killedAt === null) faults.push('no poller was killed');
  return { faults };
}

async function pollerAt(net: Cluster, endpoint: string): Promise<number> {
  const names = await net.ask<{ id: string; metadata: { address: string } }[]>(
    'registry',
    '--kind',
    'gateway',
  );
  const { id } = names.find(({ metadata }) => metadata.address === endpoint)!;
  const members = await net.ask<MemberRow[]>('members');
  return members.find(({ name }) => name === id)!.pid;
}

interface Seen {
  readonly name: string;
  readonly fromMiB: number;
  mostMiB: number;
}

/** What each process has resident, looked at again and again; a node that is started again is another one. */
class Memory {
  private readonly seen = new Map<number, Seen>();
  private readonly timer: NodeJS.Timeout;
  private readonly net: Cluster;

  constructor(net: Cluster, agent: ChildProcess) {
    this.net = net;
    this.seen.set(agent.pid!, { name: 'agent', fromMiB: 0, mostMiB: 0 });
    this.look();
    this.timer = setInterval(() => this.look(), documentLookMs);
  }

  private look(): void {
    const running = JSON.parse(readFileSync(join(this.net.data, 'running.json'), 'utf8')) as {
      nodes: { name: string; pid: number }[];
    };
    for (const { name, pid } of running.nodes) {
      const fromMiB = residentMiB(pid);
      if (!this.seen.has(pid) && fromMiB > 0) this.seen.set(pid, { name, fromMiB, mostMiB: fromMiB });
    }
    for (const [pid, one] of this.seen) one.mostMiB = Math.max(one.mostMiB, residentMiB(pid));
  }

  stop(): Seen[] {
    clearInterval(this.timer);
    return [...this.seen.values()];
  }
}

function residentMiB(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
  } catch {
    return 0;
  }
}
