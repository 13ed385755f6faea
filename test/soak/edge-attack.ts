/**
 * What other agents suffer while one with a valid certificate attacks: pushes of tenant B's agent at two gateways in turn, of
 * which tenant A's agent, in a process of its own, attacks one. The other tells what the machine does to pushes meanwhile. Says
 * the times of both, and what memory the attacked one takes.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Authority, createAuthority, createIntermediate, issueLeaf } from '../../certs/index.ts';
import { agentHeldBytesMax } from '../../edge/limits.ts';
import { systemClock } from '../../runtime/index.ts';
import { manners, type Victim } from '../edge/attack-manners.ts';
import {
  edgeAttackMs,
  edgeCalmMs,
  edgeHeldCopies,
  edgeLookMs,
  edgeRestBytesMax,
  edgeSlowerMsMax,
  edgeSlowerTimesMax,
} from './bounds.ts';
import type { EdgeAttackOrder, EdgeAttackReport } from './edge-attacker.ts';

const clock = systemClock();
const [tenantA, tenantB] = ['abcdefghijkl', 'bbcdefghijkl'];
const victim: Victim = { tenantId: tenantB, agentId: 'victim', partition: 'default', checkId: 'check-of-b' };
/** What one agent's calls may have a gateway hold, with the copies that decoding makes of it, and what calls cost beside. */
const memoryBytesMax = agentHeldBytesMax * edgeHeldCopies + edgeRestBytesMax;

/** What is wrong, or null. */
export async function soakEdgeAttack(say: (text: string) => void): Promise<string | null> {
  const authority = await createAuthority('test.local', clock);
  const children = Array.from({ length: 4 }, () =>
    fork(fileURLToPath(new URL('./edge-attacker.js', import.meta.url)), { execArgv: ['--expose-gc'] }),
  );
  try {
    return await attackAll(authority, children, say);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

async function attackAll(
  authority: Authority,
  children: readonly ChildProcess[],
  say: (text: string) => void,
): Promise<string | null> {
  const [attackedOne, quietOne, neighbour, attacker] = children as [
    ...[ChildProcess, ChildProcess, ChildProcess, ChildProcess],
  ];
  const start = { type: 'gateway', authority, tenants: [tenantA, tenantB], victim } as const;
  const { port } = await asked(attackedOne, start, 'listening');
  const ports = [port, (await asked(quietOne, start, 'listening')).port] as const;
  const credential = await leaf(authority, tenantB, victim.agentId);
  const pushes = { type: 'push', credential, ports, item: 'only-b' } as const;
  await asked(neighbour, { ...pushes, forMs: edgeCalmMs }, 'pushed');
  const evil = await leaf(authority, tenantA, 'evil');
  const faults: string[] = [];
  for (const manner of [null, ...Object.keys(manners)]) {
    const name = manner ?? 'none';
    const before = await asked(attackedOne, { type: 'totals', collect: true }, 'totals');
    const order = { type: 'attack', credential: evil, port, victim, forMs: edgeAttackMs } as const;
    const attack = manner === null ? null : asked(attacker, { ...order, manner }, 'attacked');
    const measured = asked(neighbour, { ...pushes, forMs: edgeAttackMs }, 'pushed');
    // Both are asked as often: the question takes its time too.
    const [peak] = await Promise.all([attackedOne, quietOne].map((one) => watched(one, measured)));
    const { p99Ms, failed } = await measured;
    const told = await attack;
    const after = await settled(attackedOne);
    const grown = peak!.rssBytes - before.rssBytes;
    const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
    say(
      `edge-attack: ${name.padEnd(11)} p99 ${p99Ms[0].toFixed(1)} ms, elsewhere ${p99Ms[1].toFixed(1)} ms; held ${mib(peak!.heldBytes)}, memory +${mib(Math.max(0, grown))}, at most ${peak!.connections} connections; ${told?.answers ?? 0} answers`,
    );
    if (p99Ms[0] > p99Ms[1] * edgeSlowerTimesMax + edgeSlowerMsMax)
      faults.push(`${name}: others were slowed`);
    if (failed > 0) faults.push(`${name}: ${failed} pushes of another tenant failed`);
    if (grown > memoryBytesMax)
      faults.push(`${name}: memory grew by ${mib(grown)}, of ${mib(memoryBytesMax)}`);
    if (peak!.heldBytes > agentHeldBytesMax + 2 ** 20)
      faults.push(`${name}: ${mib(peak!.heldBytes)} were held`);
    if (after.heldBytes > 0 || after.crashes > 0) faults.push(`${name}: something was left over`);
    if (after.strangeRows > 0 || (told?.leaks.length ?? 0) > 0)
      faults.push(`${name}: it touched another tenant`);
  }
  return faults.length === 0 ? null : faults.join('; ');
}

async function leaf(authority: Authority, tenantId: string, id: string) {
  const { trustDomain, root } = authority;
  const issuer = await createIntermediate(root, trustDomain, { kind: 'tenant', tenantId }, clock);
  const identity = { kind: 'tenant', trustDomain, tenantId, role: 'agent', id } as const;
  return await issueLeaf(root, issuer, { identity }, clock);
}

type Totals = EdgeAttackReport & { type: 'totals' };

/** The most of each while `work` goes on. */
async function watched(child: ChildProcess, work: Promise<unknown>): Promise<Totals> {
  let isOver = false;
  void work.finally(() => {
    isOver = true;
  });
  let most = await asked(child, { type: 'totals', collect: false }, 'totals');
  while (!isOver) {
    await new Promise<void>((resolve) => void clock.timer(edgeLookMs, resolve));
    const now = await asked(child, { type: 'totals', collect: false }, 'totals');
    most = {
      ...now,
      rssBytes: Math.max(most.rssBytes, now.rssBytes),
      heldBytes: Math.max(most.heldBytes, now.heldBytes),
      connections: Math.max(most.connections, now.connections),
    };
  }
  return most;
}

/** When the attacker's connections are gone. */
async function settled(child: ChildProcess): Promise<Totals> {
  await new Promise<void>((resolve) => void clock.timer(edgeCalmMs, resolve));
  return await asked(child, { type: 'totals', collect: true }, 'totals');
}

/** Of several orders at once each is answered by the report of its own kind. */
function asked<T extends EdgeAttackReport['type']>(
  child: ChildProcess,
  order: EdgeAttackOrder,
  wanted: T,
): Promise<EdgeAttackReport & { type: T }> {
  return new Promise((resolve, reject) => {
    const done = () => {
      child.off('message', hear);
      child.off('exit', ended);
    };
    const hear = (report: EdgeAttackReport) => {
      if (report.type !== wanted) return;
      done();
      resolve(report as EdgeAttackReport & { type: T });
    };
    const ended = () => {
      done();
      reject(new Error(`a process ended before it said ${wanted}`));
    };
    child.on('message', hear);
    child.on('exit', ended);
    child.send(order);
  });
}
