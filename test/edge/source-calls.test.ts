/** What the door of a poller makes of an agent's question about a run: who asks is what its certificate says, and what is refused is told. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentAt, ListingKeeperProtocol } from '../../actors/messages.ts';
import { openStage, type Stage, tenantA, tenantB } from '../../edge/testing/stage.ts';
import { defineActor } from '../../runtime/index.ts';
import { PlainClient } from './plain-grpc.ts';
import { fieldsOf, message } from './plain-protobuf.ts';

const take = '/picket.edge.v1.Sources/Take';
let stage: Stage;
const asked: { runId: string; by: AgentAt; from: number }[] = [];

const notPlaced = () => Object.assign(new Error('no such run'), { code: 'not_placed' });

const keeper = defineActor<
  null,
  Pick<ListingKeeperProtocol, 'call'> & { start: []; cast: Record<never, never> }
>({
  name: 'listing_keeper',
  init: () => null,
  call: {
    take(self, runId, by, from) {
      asked.push({ runId, by, from });
      const reply = self.replyLater();
      const settings = { kind: 'netbox', endpoint: 'https://10.0.0.1' };
      if (runId !== 'mine') reply.fail(notPlaced());
      else
        reply.answer({
          settings,
          credentials: 'secret',
          acceptEmpty: false,
          knownIds: ['1', '2'],
          knownTotal: 2,
        });
      return reply as never;
    },
    document(self) {
      const reply = self.replyLater();
      reply.fail(notPlaced());
      return reply as never;
    },
    finish: () => Promise.reject(new Error('nobody asks this here')),
    run: () => Promise.resolve(null),
    statuses: () => [],
    totals: () => ({ sources: 0, running: 0 }),
  },
  cast: {},
});

beforeAll(async () => {
  stage = await openStage();
  const key = { tenant: tenantA, partition: 'default', kind: 'listing_keeper', id: tenantA };
  stage.cluster.names.register(key, stage.system.spawn(keeper), {});
});
afterAll(() => stage.close());

const dial = async (role: string, id: string, tenantId = tenantA) =>
  PlainClient.dial(stage.port, { ...(await stage.tlsOf(role, id, tenantId)), rejectUnauthorized: false });

test('an agent asks in the name of its certificate, and is given what the run needs', async () => {
  const client = await dial('agent', 'plant-1');
  const answer = await client.unary(take, message([1, 'mine']));
  expect(answer.status).toBe(0);
  const fields = fieldsOf(answer.messages[0]!);
  expect(JSON.parse(String(fields.get(1)![0]))).toMatchObject({ kind: 'netbox' });
  expect(String(fields.get(2)![0])).toBe('secret');
  expect([fields.get(4)!.map(String), fields.get(5)]).toEqual([['1', '2'], [2]]);
  expect(asked).toEqual([{ runId: 'mine', by: { name: 'plant-1', partition: 'default' }, from: 0 }]);
  client.close();
});

test.each<[string, string, string, Buffer, number, string]>([
  ['a run that is not its own', 'agent', tenantA, message([1, 'other']), 7, 'not_placed'],
  ['no run', 'agent', tenantA, message(), 7, 'not_placed'],
  ['a run with an endless id', 'agent', tenantA, message([1, 'x'.repeat(200)]), 7, 'not_placed'],
  ['less than nothing of the ids', 'agent', tenantA, message([1, 'mine'], [2, -1]), 3, 'bad_message'],
  ['a tenant that no core holds', 'agent', tenantB, message([1, 'mine']), 14, 'tenant_unavailable'],
  ['what only agents ask', 'poller', tenantA, message([1, 'mine']), 7, 'not_allowed'],
])('who asks for %s is told so', async (_, role, tenantId, question, status, code) => {
  const client = await dial(role, 'plant-1', tenantId);
  const answer = await client.unary(take, question);
  expect([answer.status, answer.detail, answer.messages]).toEqual([
    ...[status, expect.stringContaining(code), []],
  ]);
  client.close();
});

test('a document of a run that is not its own is not opened', async () => {
  const client = await dial('agent', 'plant-1');
  const call = client.open('/picket.edge.v1.Documents/Transfer');
  call.send(message([1, message([1, 'mine'], [2, 'source'], [3, 'netbox'])]));
  expect(await call.ended).toMatchObject({ status: 7, detail: expect.stringContaining('not_placed') });
  client.close();
});
