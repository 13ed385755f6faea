/**
 * What a tenant suffers while another tenant's node attacks: calls of tenant B's node to B's actors on two cores that know
 * nothing of each other, in turn, while tenant A's node, in a process of its own with a valid certificate, sends one of them
 * all that it can. The other core tells what the machine does to calls at the same time, with all that runs on it. Four
 * processes over TLS; says the round trips of both.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createAuthority, createIntermediate, issueNode, issueTenantNode } from '../../certs/index.ts';
import { systemClock } from '../../runtime/index.ts';
import type { AttackManner, AttackOrder, CoreReport, TripsReport } from './attacker.ts';
import { attackMs, slowerTimesMax } from './bounds.ts';

const tenantA = 'abcdefghijkl';
const tenantB = 'bbcdefghijkl';
const attackManners: readonly AttackManner[] = ['refused', 'casts', 'calls', 'names', 'renewals', 'silence'];

/** What is wrong; null when B's calls were not slowed to more than twice the time of those that nobody attacked. */
export async function soakAttack(say: (text: string) => void): Promise<string | null> {
  const clock = systemClock();
  const ca = await createAuthority('soak.local', clock);
  const { trustDomain, root } = ca;
  const credentialOf = async (tenantId: string, name: string) => {
    const scope = { kind: 'tenant', tenantId } as const;
    const issuer = await createIntermediate(root, trustDomain, scope, clock);
    return issueTenantNode(root, issuer, { trustDomain, tenantId, role: 'agent', name }, clock);
  };
  const children = Array.from({ length: 4 }, () =>
    fork(fileURLToPath(new URL('./attacker.js', import.meta.url))),
  );
  const [attackedCore, quietCore, caller, attacker] = children as [
    ...[ChildProcess, ChildProcess, ChildProcess, ChildProcess],
  ];
  const refused = new Map<string, number>();
  const cores: CoreReport[] = [];
  for (const child of [attackedCore, quietCore]) {
    const credential = await issueNode(ca, { role: 'core', name: 'core_1' }, clock);
    cores.push(await asked<CoreReport>(child, { type: 'core', credential, tenants: [tenantA, tenantB] }));
  }
  attackedCore.on('message', ({ rule, count }: { rule: string; count: number }) => {
    refused.set(rule, (refused.get(rule) ?? 0) + count);
  });
  const calls = { type: 'call', tenant: tenantB, cores, forMs: attackMs } as const;
  const callers = await credentialOf(tenantB, 'b');
  await asked(caller, { ...calls, credential: callers });
  const evil = await credentialOf(tenantA, 'evil');
  const slower: string[] = [];
  for (const manner of [null, ...attackManners]) {
    const what = {
      type: 'attack',
      credential: evil,
      core: cores[0]!,
      tenant: tenantA,
      forMs: attackMs,
    } as const;
    const attack = manner === null ? null : asked(attacker, { ...what, manner });
    const { attacked, quiet } = await asked<TripsReport>(caller, { ...calls, credential: callers });
    await attack;
    const [p50, p99] = [attacked.p50 / quiet.p50, attacked.p99 / quiet.p99];
    const shown = (ms: number) => `${ms.toFixed(3)} ms`;
    say(
      `attack: ${(manner ?? 'none').padEnd(8)} p50 ${shown(attacked.p50)}, elsewhere ${shown(quiet.p50)}, times ${p50.toFixed(2)}; ` +
        `p99 ${shown(attacked.p99)}, elsewhere ${shown(quiet.p99)}, times ${p99.toFixed(2)}; ${attacked.calls} calls`,
    );
    if (Math.max(p50, p99) > slowerTimesMax) slower.push(manner ?? 'none');
  }
  for (const child of children) child.kill('SIGKILL');
  say(`attack: refused ${[...refused].map(([rule, count]) => `${rule} ${count}`).join(', ')}`);
  return slower.length === 0 ? null : `calls of another tenant took over twice as long: ${slower.join(', ')}`;
}

async function asked<T>(child: ChildProcess, order: AttackOrder): Promise<T> {
  child.send(order);
  for (;;) {
    const [report] = (await once(child, 'message')) as [T & { rule?: string }];
    if (report.rule === undefined) return report;
  }
}
