/** A tenant's agent that does as it likes, at a gateway that another tenant's agent uses: a moment of each manner. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clientTlsOptions } from '../../certs/index.ts';
import { agentHeldBytesMax, connectionsPerAgentMax } from '../../edge/limits.ts';
import { type Gateway, openAuthority, openGateway } from '../../edge/testing/gateways.ts';
import { checkView, type playTenant } from '../../edge/testing/stage.ts';
import { systemClock } from '../../runtime/index.ts';
import { type Attack, manners } from './attack-manners.ts';
import { PlainClient } from './plain-grpc.ts';
import { message } from './plain-protobuf.ts';

const clock = systemClock({ unref: true });
const [tenantA, tenantB] = ['abcdefghijkl', 'bbcdefghijkl'];
const victim = { tenantId: tenantB, agentId: 'victim', partition: 'default', checkId: 'check-of-b' };
const mannerMs = 400;
const service = '/monitoring.AgentGatewayService';

let folder: string;
let gateway: Gateway;
let core: ReturnType<typeof playTenant>;
let theirs: ReturnType<typeof playTenant>;
let neighbour: PlainClient;
let dialEvil: () => Promise<PlainClient>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picket-attack-'));
  const signing = await openAuthority(join(folder, 'authority'), clock);
  gateway = await openGateway('poller_1', signing, clock);
  [core, theirs] = [gateway.play(tenantA), gateway.play(tenantB)];
  theirs.checks = [{ ...checkView, id: victim.checkId, name: 'only-b' }];
  const evil = clientTlsOptions(await signing.leaf(tenantA, 'agent', 'evil'));
  const good = clientTlsOptions(await signing.leaf(tenantB, 'agent', victim.agentId));
  let address = 0;
  dialEvil = () => {
    address += 1;
    const from = { localAddress: `127.0.2.${1 + (Math.floor(address / 100) % 200)}` };
    return PlainClient.dial(gateway.port, { ...evil, ...from });
  };
  neighbour = await PlainClient.dial(gateway.port, good);
  await neighbour.unary(`${service}/Hello`, message([1, victim.agentId]));
});
afterAll(async () => {
  neighbour.close();
  await gateway.close();
  await rm(folder, { recursive: true, force: true });
});

const pushed = async () => {
  const item = message([1, 'only-b'], [2, true], [3, '{}'], [4, 'tcp'], [9, 'status']);
  return (await neighbour.unary(`${service}/PushStatus`, message([1, item]))).status;
};

it.each(Object.keys(manners))('%s touch nothing of another tenant, and leave nothing held', async (name) => {
  const before = theirs.rows.length;
  const endMs = clock.monotonicMs() + mannerMs;
  let mostHeld = 0;
  let mostConnections = 0;
  const leaks: string[] = [];
  const clients: PlainClient[] = [];
  const attack: Attack = {
    victim,
    isOver: () => clock.monotonicMs() > endMs,
    async pause(ms) {
      const { heldBytes, connections } = gateway.door.totals();
      mostHeld = Math.max(mostHeld, heldBytes);
      mostConnections = Math.max(mostConnections, connections);
      await new Promise<void>((resolve) => void clock.timer(Math.min(ms, mannerMs / 4), resolve));
    },
    answered(path, _status, messages) {
      if (messages.some((one) => one.includes(victim.checkId))) leaks.push(path);
    },
    async dial() {
      const client = await dialEvil();
      clients.push(client);
      return client;
    },
  };
  await manners[name]!(attack);
  expect(await pushed()).toBe(0);
  for (const client of clients) client.close();
  while (gateway.door.totals().heldBytes > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(leaks).toEqual([]);
  expect(theirs.rows.slice(before)).toMatchObject([{ checkId: victim.checkId, agent: victim.agentId }]);
  expect(core.rows.filter(({ checkId }) => checkId !== 'c1')).toEqual([]);
  expect(mostHeld).toBeLessThanOrEqual(agentHeldBytesMax);
  // The neighbour's, and for a moment one that is being ended.
  expect(mostConnections).toBeLessThanOrEqual(connectionsPerAgentMax + 2);
  expect(gateway.system.counts().crashes).toBe(0);
});
