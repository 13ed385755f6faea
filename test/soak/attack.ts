/**
 * What a tenant suffers while another tenant's node attacks: calls of tenant B's node to B's actor on a core, first in
 * quiet, then beside a busy process, then while tenant A's node, in a process of its own with a valid certificate, sends all that it can, refused
 * and allowed. Three processes over TLS; says the round trips of both.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createAuthority, createIntermediate, issueNode, issueTenantNode } from '../../certs/index.ts';
import { startNode } from '../../cluster/index.ts';
import { defineActor, type Ref, systemClock } from '../../runtime/index.ts';
import type { AttackOrder } from './attacker.ts';
import { attackMs, slowerTimesMax } from './bounds.ts';

const tenantA = 'abcdefghijkl';
const tenantB = 'bbcdefghijkl';

export interface DoorProtocol {
  start: [];
  call: { echo(value: unknown): unknown };
  cast: { note(value: unknown): void };
}

const door = defineActor<null, DoorProtocol>({
  name: 'door',
  mailboxMessagesMax: 64,
  init: () => null,
  call: { echo: (_self, value) => value },
  cast: { note() {} },
});

/** What is wrong; null when B's calls were not slowed to more than twice their time. */
export async function soakAttack(say: (text: string) => void): Promise<string | null> {
  const clock = systemClock();
  const ca = await createAuthority('soak.local', clock);
  const { trustDomain, root } = ca;
  const listen = '127.0.0.1:0';
  const credentialOf = async (tenantId: string, name: string) => {
    const scope = { kind: 'tenant', tenantId } as const;
    const issuer = await createIntermediate(root, trustDomain, scope, clock);
    return issueTenantNode(root, issuer, { trustDomain, tenantId, role: 'agent', name }, clock);
  };
  const refused = new Map<unknown, number>();
  const core = await startNode({
    credential: await issueNode(ca, { role: 'core', name: 'core_1' }, clock),
    tenantAccess: { holds: ['agent'], doors: ['door'] },
    log: (_level, message, { rule, refused: count }) => {
      if (message === 'the tenant fence refused') refused.set(rule, (refused.get(rule) ?? 0) + Number(count));
    },
    listen,
  });
  const keyOf = (tenant: string) => ({ tenant, partition: 'default', kind: 'door', id: 'x' });
  const doors = [tenantA, tenantB].map((tenant) => {
    const ref = core.system.spawn(door) as Ref<DoorProtocol>;
    core.names.register(keyOf(tenant), ref, {});
    return ref;
  });
  const caller = fork(fileURLToPath(new URL('./attacker.js', import.meta.url)));
  const attacker = fork(fileURLToPath(new URL('./attacker.js', import.meta.url)));
  const order = { address: core.address, boot: core.boot };
  const quiet = await measured(caller, {
    ...{ ...order, type: 'call', forMs: attackMs, credential: await credentialOf(tenantB, 'b') },
    ...{ key: keyOf(tenantB), door: doors[1]!.id },
  });
  const attack: AttackOrder = {
    ...{ ...order, type: 'attack', forMs: attackMs * 2, credential: await credentialOf(tenantA, 'evil') },
    ...{ key: keyOf(tenantA), door: doors[0]!.id },
  };
  attacker.send({ ...attack, type: 'spin', forMs: attackMs });
  const beside = await measured(caller, { ...attack, type: 'again', forMs: attackMs });
  attacker.send(attack);
  const attacked = await measured(caller, { ...attack, type: 'again', forMs: attackMs });
  for (const child of [caller, attacker]) child.kill('SIGKILL');
  await core.stop();
  const shown = ({ p50, p99, calls }: Trips) =>
    `p50 ${p50.toFixed(3)} ms, p99 ${p99.toFixed(3)} ms, ${calls} calls`;
  say(`attack: quiet ${shown(quiet)}`);
  say(`attack: beside a process that only computes ${shown(beside)}`);
  say(`attack: attacked ${shown(attacked)}`);
  say(`attack: refused ${[...refused].map(([rule, count]) => `${rule} ${count}`).join(', ')}`);
  return attacked.p50 > slowerTimesMax * quiet.p50
    ? 'the calls of another tenant took over twice as long'
    : null;
}

interface Trips {
  p50: number;
  p99: number;
  calls: number;
}

async function measured(child: ChildProcess, order: AttackOrder): Promise<Trips> {
  child.send(order);
  const [trips] = (await once(child, 'message')) as [Trips];
  return trips;
}
