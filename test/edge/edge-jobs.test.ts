/** Jobs of a poller that go to an agent in a customer's network, over a real control stream, and what becomes of them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { poller } from '../../actors/index.ts';
import type { Job, PollerProtocol } from '../../actors/messages.ts';
import { openStage, playTenant, type Stage, tenantA, tenantB } from '../../edge/testing/stage.ts';
import type { Ref } from '../../runtime/index.ts';
import { type PlainCall, PlainClient } from './plain-grpc.ts';
import { fieldsOf, message, textOf } from './plain-protobuf.ts';

const control = '/monitoring.AgentGatewayService/ControlStream';
let stage: Stage;
let core: ReturnType<typeof playTenant>;
let work: Ref<PollerProtocol>;
const clients: PlainClient[] = [];

beforeEach(async () => {
  stage = await openStage();
  core = playTenant(stage, tenantA);
  work = stage.system.spawn(poller({ cluster: stage.cluster }));
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await stage.close();
  expect(stage.system.counts().crashes).toBe(0);
});

const job: Job = {
  ...{ tenantId: tenantA, checkId: 'c1', dueAtMs: 60_000, kind: 'tcp', target: '192.0.2.1', port: 80 },
  ...{
    timeoutMs: 2_000,
    settings: {},
    partition: 'default',
    allowAll: false,
    leftMs: 5_000,
    agentId: 'site',
  },
};

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setImmediate(resolve));
}

/** An agent that takes single checks, and listens. */
async function listen(tenantId = tenantA, id = 'site'): Promise<PlainCall> {
  const client = await PlainClient.dial(stage.port, await stage.tlsOf('agent', id, tenantId));
  clients.push(client);
  const call = client.open(control);
  call.send(message([1, message([1, id], [3, 'tcp'], [3, 'check.run'])]));
  const name = `${tenantId}/default/agent/${id}`;
  await until(() => stage.names.get(name)?.metadata.listens === true);
  return call;
}

/** The next command that it is sent: its id, type and payload. */
async function commandOf(call: PlainCall) {
  const command = fieldsOf(await call.next()).get(1)![0] as Buffer;
  const [id, type, payload] = [textOf(command, 1), textOf(command, 2), textOf(command, 3)];
  return { id, type, payload: JSON.parse(payload) as Record<string, unknown> };
}

const answer = (id: string, success: boolean, payload: string) =>
  message([4, message([1, id], [2, 'check.run'], [3, success], [5, payload])]);

describe('a job for an agent at the edge', () => {
  it('goes out as a command, and what the agent answers is a result as any', async () => {
    const call = await listen();
    stage.system.cast(work).run([job]);
    const { id, type, payload } = await commandOf(call);
    expect([type, payload]).toEqual([
      'check.run',
      {
        ...{ check_id: 'c1', kind: 'tcp', target: '192.0.2.1', port: 80 },
        ...{ timeout_ms: 2_000, settings: {}, due_at: 60_000 },
      },
    ]);
    call.send(message([2, message([1, id], [2, 'check.run'])]));
    call.send(message([3, message([1, id], [2, 'check.run'], [3, 50])]));
    const startedAtMs = Math.floor(stage.clock.wallMs());
    const said = { status: 'warning', latency_ms: 12.5, started_at: startedAtMs, reason: 'slow' };
    call.send(answer(id, true, JSON.stringify(said)));
    await until(() => core.rows.length > 0);
    expect(core.rows).toEqual([
      {
        ...{ checkId: 'c1', dueAtMs: 60_000, startedAtMs, latencyMs: 12.5, status: 'warning' },
        ...{ reason: 'agent_says: slow', agent: 'site', poller: 'poller_1' },
      },
    ]);
    // A job is no command of a person: nodes are not told of each.
    expect(stage.names.get(`${tenantA}/default/agent/site`)?.metadata).toMatchObject({ load: 0 });
  });

  it('that says an instant of another age is held to when it was asked', async () => {
    const call = await listen();
    const beforeMs = Math.floor(stage.clock.wallMs());
    for (const started_at of [1, 253_402_300_800_000, Number.MAX_SAFE_INTEGER]) {
      core.rows.length = 0;
      stage.system.cast(work).run([job]);
      const { id } = await commandOf(call);
      call.send(answer(id, true, JSON.stringify({ status: 'success', started_at })));
      await until(() => core.rows.length > 0);
      expect(Math.abs(core.rows[0]!.startedAtMs! - beforeMs)).toBeLessThan(60_000);
    }
  });

  it('reads what the agent says in the words of its pushes, too', async () => {
    const call = await listen();
    stage.system.cast(work).run([job]);
    const { id } = await commandOf(call);
    call.send(answer(id, true, '{"available":false,"response_time":3000000,"error":"refused"}'));
    await until(() => core.rows.length > 0);
    expect(core.rows).toMatchObject([{ status: 'critical', latencyMs: 3, reason: 'agent_says: refused' }]);
  });

  it('is for another at once when the agent hangs up, refuses it, or was never there', async () => {
    const call = await listen();
    stage.system.cast(work).run([job]);
    await commandOf(call);
    call.reset();
    await until(() => core.notRun.length === 1);
    const back = { checkId: 'c1', dueAtMs: 60_000, as: 'again' };
    expect(core.notRun).toEqual([{ ...back, reason: 'agent_lost' }]);
    const again = await listen();
    stage.system.cast(work).run([job]);
    const { id } = await commandOf(again);
    again.send(answer(id, false, ''));
    await until(() => core.notRun.length === 2);
    stage.system.cast(work).run([{ ...job, agentId: 'nobody' }]);
    await until(() => core.notRun.length === 3);
    expect(core.notRun.slice(1)).toEqual([
      { ...back, reason: 'agent_refused' },
      { ...back, reason: 'agent_lost' },
    ]);
    expect(core.rows).toEqual([]);
    expect(await stage.system.call(work).totals()).toMatchObject({ underWay: 0 });
  });

  it('is for another when the connection of the agent ends', async () => {
    const call = await listen();
    stage.system.cast(work).run([job, { ...job, dueAtMs: 65_000 }]);
    await commandOf(call);
    await commandOf(call);
    for (const client of clients.splice(0)) client.close();
    await until(() => core.notRun.length === 2);
    expect(core.notRun.map(({ dueAtMs, reason }) => [dueAtMs, reason])).toEqual([
      [60_000, 'agent_lost'],
      [65_000, 'agent_lost'],
    ]);
  });

  it('of another tenant reaches no agent of this one, whatever it is called', async () => {
    const other = playTenant(stage, tenantB);
    const call = await listen();
    const commands: string[] = [];
    void call.next().then(() => commands.push('command'));
    stage.system.cast(work).run([{ ...job, tenantId: tenantB }]);
    await until(() => other.notRun.length === 1);
    expect([commands, core.rows, core.notRun]).toEqual([[], [], []]);
  });
});
