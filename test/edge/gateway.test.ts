import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tenantKey } from '../../actors/messages.ts';
import { checkView, openStage, playTenant, type Stage, tenantA, tenantB } from '../../edge/testing/stage.ts';
import { PlainClient } from './plain-grpc.ts';
import { type Field, fieldsOf, message, textOf } from './plain-protobuf.ts';

const gateway = '/monitoring.AgentGatewayService';
const poller = '/monitoring.PollerService';
const [ok, invalid, denied, exhausted, unimplemented, unavailable] = [0, 3, 7, 8, 12, 14];

let stage: Stage;
let core: ReturnType<typeof playTenant>;
const clients: PlainClient[] = [];

beforeEach(async () => {
  stage = await openStage();
  core = playTenant(stage, tenantA);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await stage.close();
});

async function dial(role = 'agent', id = 'branch-7'): Promise<PlainClient> {
  const client = await PlainClient.dial(stage.port, await stage.tlsOf(role, id));
  clients.push(client);
  return client;
}

const item = (name: string, available: boolean, ...more: Field[]) =>
  message(
    [1, name],
    [2, available],
    [3, JSON.stringify({ available })],
    [4, 'tcp'],
    [5, 7_000_000],
    [9, 'status'],
    ...more,
  );

describe('an agent that knows the contract by its numbers alone', () => {
  it('says hello, and is told who answers and at what pace', async () => {
    const agent = await dial();
    const hello = message(
      [1, 'branch-7'],
      [2, '1.0'],
      [3, 'tcp'],
      [3, 'icmp'],
      [4, 'host'],
      [7, 'default'],
      [77, 'new'],
    );
    const answer = await agent.unary(`${gateway}/Hello`, hello);
    expect(answer).toMatchObject({ status: ok });
    const fields = fieldsOf(answer.messages[0]!);
    expect(fields.get(1)).toEqual([1]);
    expect(textOf(answer.messages[0]!, 2)).toBe('branch-7');
    expect(textOf(answer.messages[0]!, 4)).toBe('poller_1');
    expect(fields.get(6)).toEqual([30]);
    expect(fields.get(7)).toEqual([1]);
    expect(Number(fields.get(5)![0])).toBeGreaterThan(1.7e9);
    expect(stage.names.get(`${tenantA}/default/agent/branch-7`)?.metadata).toMatchObject({
      status: 'connected',
      capabilities: ['tcp', 'icmp'],
      load: 0,
      partitions: ['default'],
    });
  });

  it('is given its config once, and told that it has not changed after that', async () => {
    const agent = await dial();
    const first = await agent.unary(`${gateway}/GetConfig`, message([1, 'branch-7']));
    const config = first.messages[0]!;
    const version = textOf(config, 2);
    expect(version).toMatch(/^[0-9a-f]{64}$/);
    const check = fieldsOf(config).get(6)![0] as Buffer;
    expect([1, 2, 3, 7].map((field) => textOf(check, field))).toEqual(['c1', 'tcp', 'web', '192.0.2.1']);
    expect([4, 5, 6, 8].map((field) => fieldsOf(check).get(field)![0])).toEqual([1, 5, 2, 80]);
    const second = await agent.unary(`${gateway}/GetConfig`, message([1, 'branch-7'], [2, version]));
    expect(fieldsOf(second.messages[0]!).get(1)).toEqual([1]);
    expect(fieldsOf(second.messages[0]!).get(6)).toBeUndefined();
  });

  it('pushes what it found, and is answered when that is stored', async () => {
    const agent = await dial();
    const nowS = Math.floor(Date.now() / 1_000);
    const bad = message([1, 'a\nb'], [9, 'status']);
    const push = message(
      [1, item('web', true)],
      [1, bad],
      [1, item('unknown', true)],
      [3, 'branch-7'],
      [4, nowS],
    );
    const answer = await agent.unary(`${gateway}/PushStatus`, push);
    expect(answer).toMatchObject({ status: ok, messages: [message([1, true])] });
    expect(core.flushes).toBe(1);
    expect(core.rows).toMatchObject([
      { checkId: 'c1', status: 'success', latencyMs: 7, agent: 'branch-7', poller: 'poller_1' },
    ]);
    expect(core.rows[0]!.dueAtMs).toBeLessThanOrEqual(nowS * 1_000);
    expect(core.rows[0]!.dueAtMs).toBeGreaterThan(nowS * 1_000 - 5_000);
    expect(stage.door.totals().refused).toMatchObject({ bad_word: 1, no_check: 1 });
  });

  it('streams chunks in order, and nothing of a stream that is out of order is stored', async () => {
    const agent = await dial();
    const chunk = (index: number, total: number, final: boolean, ...items: Buffer[]) =>
      message(...items.map((one): Field => [1, one]), [3, 'branch-7'], [7, final], [8, index], [9, total]);
    const good = agent.open(`${gateway}/StreamStatus`);
    good.send(chunk(0, 2, false, item('web', true)));
    good.send(chunk(1, 2, true, item('c1', false)));
    good.finish();
    expect(await good.ended).toMatchObject({ status: ok, messages: [message([1, true])] });
    expect(core.rows).toMatchObject([{ checkId: 'c1', status: 'critical' }]);
    const wrong = agent.open(`${gateway}/StreamStatus`);
    wrong.send(chunk(0, 2, false, item('web', true)));
    wrong.send(chunk(0, 2, false, item('web', true)));
    expect(await wrong.ended).toMatchObject({
      status: invalid,
      detail: 'bad_chunk: chunk_index is 0, 1 was next',
    });
    const cut = agent.open(`${gateway}/StreamStatus`);
    cut.send(chunk(0, 2, false, item('web', true)));
    cut.finish();
    expect(await cut.ended).toMatchObject({
      status: invalid,
      detail: expect.stringContaining('stream_incomplete'),
    });
    expect(core.rows).toHaveLength(1);
  });

  it('listens for commands and answers them, and hears of a config that it does not have', async () => {
    const agent = await dial();
    const control = agent.open(`${gateway}/ControlStream`);
    control.send(message([1, message([1, 'branch-7'], [3, 'tcp'])]));
    const config = fieldsOf(await control.next()).get(2)![0] as Buffer;
    expect(textOf(config, 2)).toMatch(/^[0-9a-f]{64}$/);
    control.send(message([5, message([1, textOf(config, 2)])]));
    const { ref } = stage.names.get(`${tenantA}/default/agent/branch-7`)!;
    const outcome = stage.system.call(ref as never, 10_000) as unknown as {
      command(
        type: string,
        payload: Uint8Array,
        ttlS: number,
      ): Promise<{ state: string; payloadJson: Uint8Array }>;
    };
    const asked = outcome.command('sweep.run', Buffer.from('{"a":1}'), 60);
    const command = fieldsOf(await control.next()).get(1)![0] as Buffer;
    expect([textOf(command, 2), textOf(command, 3)]).toEqual(['sweep.run', '{"a":1}']);
    expect(fieldsOf(command).get(4)).toEqual([60]);
    const id = textOf(command, 1);
    control.send(message([2, message([1, id], [2, 'sweep.run'])]));
    control.send(message([3, message([1, id], [2, 'sweep.run'], [3, 50])]));
    control.send(message([4, message([1, id], [2, 'sweep.run'], [3, true], [4, 'done'], [5, '{"b":2}'])]));
    const { state, payloadJson } = await asked;
    expect([state, Buffer.from(payloadJson).toString()]).toEqual(['completed', '{"b":2}']);
    control.finish();
    expect(await control.ended).toMatchObject({ status: ok });
  });
});

describe('the checks of a tenant', () => {
  it('are asked for when its name says that they have changed, and who listens is told at once', async () => {
    const says = (checks: string) => stage.cluster.names.update(tenantKey(tenantA), { checks });
    says('7.1');
    const agent = await dial();
    const control = agent.open(`${gateway}/ControlStream`);
    control.send(message([1, message([1, 'branch-7'], [3, 'tcp'])]));
    const first = fieldsOf(await control.next()).get(2)![0] as Buffer;
    for (let at = 0; at < 5; at += 1) await agent.unary(`${gateway}/GetConfig`, message([1, 'branch-7']));
    expect(core.asked).toBe(1);
    core.checks = [{ ...checkView, id: 'c2' }];
    says('7.2');
    const second = fieldsOf(await control.next()).get(2)![0] as Buffer;
    expect(textOf(second, 2)).not.toBe(textOf(first, 2));
    expect(
      fieldsOf(second)
        .get(6)!
        .map((check) => textOf(check as Buffer, 1)),
    ).toEqual(['c2']);
    expect(core.asked).toBe(2);
    expect(stage.names.get(`${tenantA}/default/agent/branch-7`)?.metadata).toMatchObject({
      ...{ runs_config: true, config: textOf(second, 2) },
    });
  });
});

describe('an older poller', () => {
  it('reports at once or in chunks, a message that it cut is one again', async () => {
    const older = await dial('poller', 'edge-1');
    const head: Field[] = [
      [2, 'edge-1'],
      [5, 'default'],
      [6, '192.0.2.9'],
    ];
    const report = message([1, item('web', true, [6, 'its-agent'])], ...head);
    expect(await older.unary(`${poller}/ReportStatus`, report)).toMatchObject({
      status: ok,
      messages: [message([1, true])],
    });
    expect(core.rows).toMatchObject([{ checkId: 'c1', agent: 'its-agent' }]);
    const stream = older.open(`${poller}/StreamStatus`);
    stream.send(message([1, item('web', false)], ...head, [7, true], [8, 0], [9, 1]));
    stream.finish();
    expect(await stream.ended).toMatchObject({ status: ok });
    expect(core.rows[1]).toMatchObject({ status: 'critical' });
    expect(await older.unary(`${poller}/ReportStatus`, message([2, 'edge-1']))).toMatchObject({
      status: invalid,
    });
  });
});

describe('who is not what it says', () => {
  it('is refused and counted, and nothing of it is stored', async () => {
    const agent = await dial();
    const claims = [
      message([3, 'other'], [1, item('web', true)]),
      message([5, 'elsewhere'], [1, item('web', true)]),
    ];
    claims.push(message([1, item('web', true, [6, 'other'])]));
    for (const claim of claims) {
      const answer = await agent.unary(`${gateway}/PushStatus`, claim);
      expect(answer).toMatchObject({ status: denied, detail: expect.stringContaining('identity_mismatch') });
    }
    expect(await agent.unary(`${poller}/ReportStatus`, message([2, 'branch-7']))).toMatchObject({
      status: denied,
    });
    expect(await agent.unary(`${gateway}/Nothing`, message())).toMatchObject({ status: unimplemented });
    expect(core.rows).toEqual([]);
    expect(stage.door.totals().refused).toEqual({ identity_mismatch: 3, not_allowed: 1 });
  });

  it('is told why its bytes are refused, before they become objects', async () => {
    const agent = await dial();
    const many = Buffer.concat(Array.from({ length: 5_001 }, () => message([1, ''])));
    expect(await agent.unary(`${gateway}/PushStatus`, many)).toMatchObject({ status: exhausted });
    expect(await agent.unary(`${gateway}/PushStatus`, Buffer.from([0xff]))).toMatchObject({
      status: invalid,
    });
    const long = message([1, 'x'.repeat(300_000)]);
    expect(await agent.unary(`${gateway}/Hello`, long)).toMatchObject({ status: exhausted });
    const control = agent.open(`${gateway}/ControlStream`);
    control.send(message([2, message([1, 'x'])]));
    expect(await control.ended).toMatchObject({
      status: invalid,
      detail: expect.stringContaining('bad_control'),
    });
  });
});

describe('two tenants that call everything alike', () => {
  it('have each their own agent, checks and results', async () => {
    const other = playTenant(stage, tenantB);
    other.checks = [{ ...checkView, id: 'b1' }];
    const tls = await stage.tlsOf('agent', 'branch-7', tenantB);
    const theirs = await PlainClient.dial(stage.port, tls);
    clients.push(theirs);
    const ours = await dial();
    for (const agent of [ours, theirs]) {
      expect(await agent.unary(`${gateway}/Hello`, message([1, 'branch-7']))).toMatchObject({ status: ok });
    }
    expect(await theirs.unary(`${gateway}/PushStatus`, message([1, item('web', false)]))).toMatchObject({
      status: ok,
    });
    expect(other.rows).toMatchObject([{ checkId: 'b1', status: 'critical' }]);
    expect(core.rows).toEqual([]);
    const config = await theirs.unary(`${gateway}/GetConfig`, message());
    expect(
      fieldsOf(config.messages[0]!)
        .get(6)!
        .map((check) => textOf(check as Buffer, 1)),
    ).toEqual(['b1']);
    for (const tenant of [tenantA, tenantB])
      expect(stage.names.has(`${tenant}/default/agent/branch-7`)).toBe(true);
  });
});

describe('an agent that goes in the middle', () => {
  it('leaves nothing held and nothing stored, and its other calls go on', async () => {
    const agent = await dial();
    const stream = agent.open(`${gateway}/StreamStatus`);
    stream.send(message([1, item('web', true)], [7, false], [8, 0], [9, 2]));
    const held = () => stage.door.totals().heldBytes;
    while (held() === 0) await new Promise((resolve) => setImmediate(resolve));
    stream.reset();
    while (held() > 0) await new Promise((resolve) => setImmediate(resolve));
    const control = agent.open(`${gateway}/ControlStream`);
    control.send(message([1, message([1, 'branch-7'])]));
    await control.next();
    control.reset();
    expect(await agent.unary(`${gateway}/Hello`, message())).toMatchObject({ status: ok });
    expect(core.rows).toEqual([]);
    expect(stage.system.counts().crashes).toBe(0);
  });
});

describe('the store falls behind', () => {
  it('and a push waits for its answer; without a core it is told to come again', async () => {
    let stored = () => {};
    core.store = new Promise((resolve) => {
      stored = resolve;
    });
    const agent = await dial();
    const answer = agent.unary(`${gateway}/PushStatus`, message([1, item('web', true)]));
    while (core.flushes === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(stage.door.totals().heldBytes).toBeGreaterThan(0);
    stored();
    expect(await answer).toMatchObject({ status: ok });
    expect(stage.door.totals().heldBytes).toBe(0);
    core.store = Promise.reject(new Error('away'));
    core.store.catch(() => {});
    expect(await agent.unary(`${gateway}/PushStatus`, message([1, item('web', true)]))).toMatchObject({
      status: unavailable,
    });
  });
});

describe('an agent that sends more than the store takes', () => {
  it('is not read any further, and all of it is taken when the store is back', async () => {
    let stored = () => {};
    core.store = new Promise((resolve) => {
      stored = resolve;
    });
    const agent = await dial();
    const large = message([1, item('web', true, [3, Buffer.alloc(9_000_000, 0x20)])]);
    const pushes = [agent.unary(`${gateway}/PushStatus`, large), agent.unary(`${gateway}/PushStatus`, large)];
    const held = () => stage.door.totals().heldBytes;
    while (core.rows.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(held()).toBe(2 * large.length);
    const stream = agent.open(`${gateway}/StreamStatus`);
    const results = message([1, 'sweep'], [3, Buffer.alloc(3_000_000)], [9, 'results']);
    for (let index = 0; index < 5; index += 1) {
      stream.send(message([1, results], [7, index === 4], [8, index], [9, 5]));
    }
    stream.finish();
    // Answered behind what the stream has sent by now: that is as much as is read of it.
    await agent.unary(`${gateway}/Hello`, message([1, 'branch-7']));
    expect(stream.unsentBytes).toBeGreaterThan(6_000_000);
    expect(held()).toBe(2 * large.length);
    stored();
    for (const push of pushes) expect(await push).toMatchObject({ status: ok });
    expect(await stream.ended).toMatchObject({ status: ok });
    expect(stage.door.totals()).toMatchObject({ heldBytes: 0, refused: { no_taker: 5 } });
  });
});

describe('a node that drains', () => {
  it('ends its streams and closes its connections, and its agents have no name there any more', async () => {
    const agent = await dial();
    const control = agent.open(`${gateway}/ControlStream`);
    control.send(message([1, message([1, 'branch-7'])]));
    await control.next();
    const draining = stage.door.drain();
    expect(await control.ended).toMatchObject({
      ...{ status: unavailable, detail: 'node_draining: this node ends: dial another gateway' },
    });
    expect(await agent.unary(`${gateway}/Hello`, message([1, 'branch-7']))).toMatchObject({
      ...{ status: unavailable, detail: 'node_draining: this node ends: dial another gateway' },
    });
    await draining;
    await agent.closed;
    expect(stage.names.has(`${tenantA}/default/agent/branch-7`)).toBe(false);
    expect(stage.door.totals()).toMatchObject({ agents: 0, connections: 0 });
  });

  it('answers the pushes that are under way before it goes, however many wait for the store', async () => {
    let stored = () => {};
    core.store = new Promise((resolve) => {
      stored = resolve;
    });
    const agents = await Promise.all([1, 2, 3].map((at) => dial('agent', `site-${at}`)));
    const pushes = agents.map((agent) =>
      agent.unary(`${gateway}/PushStatus`, message([1, item('web', true)])),
    );
    while (core.rows.length < 3) await new Promise((resolve) => setImmediate(resolve));
    const draining = stage.door.drain();
    for (const agent of agents) {
      const late = await agent.unary(`${gateway}/PushStatus`, message([1, item('web', true)]));
      expect(late).toMatchObject({ status: unavailable, detail: expect.stringContaining('node_draining') });
    }
    stored();
    for (const push of pushes) expect(await push).toMatchObject({ status: ok });
    await draining;
    for (const agent of agents) await agent.closed;
    expect(core.rows).toHaveLength(3);
  });
});
