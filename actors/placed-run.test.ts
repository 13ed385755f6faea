/** Runs of sources at agents, at the core's end: the keeper as it is, its stores in memory, and agents that a test plays, honest or not. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { systemResolver } from '../checks/index.ts';
import { ActorSystem, defineActor, manualClock } from '../runtime/index.ts';
import { wantedSource } from '../test/contract/listed-source-store.ts';
import { memoryDocuments } from '../test/contract/memory-documents.ts';
import { memoryListedSources } from '../test/contract/memory-listed-sources.ts';
import { documentDesk } from './document-desk.ts';
import { listingAwayMs, listingTakesMax } from './limits.ts';
import { listingKeeper } from './listing-keeper.ts';
import type { AgentAt } from './listing-place.ts';
import { ListingTurns } from './listing-turns.ts';
import type { NewListedSource } from './ports/listed-source.ts';
import type { OrderSeen } from './sweep-messages.ts';

const tenantId = 'abcdefghijkl';
const plant: AgentAt = { partition: 'plant', name: 'plant-1' };
const secret = 'the-secret-token';

const playedTenant = defineActor<null, { start: []; call: Record<never, never>; cast: { confirm(): void } }>({
  ...{ name: 'tenant', init: () => null, call: {}, cast: { confirm() {} } },
});

interface Ordered {
  readonly id: string;
  readonly type: string;
  readonly payload: Record<string, unknown>;
}

/** The actor of an agent, which takes every order. */
function playAgent(system: ActorSystem) {
  const ordered: Ordered[] = [];
  const states = new Map<string, OrderSeen>();
  const played = defineActor<
    null,
    {
      start: [];
      call: {
        order(type: string, payload: Uint8Array, ttlS: number): string;
        orderState(id: string): OrderSeen | null;
      };
      cast: { cancel(id: string): void };
    }
  >({
    name: 'edge_agent',
    init: () => null,
    call: {
      order(_self, type, payload) {
        const id = `c${ordered.length + 1}`;
        ordered.push({ id, type, payload: JSON.parse(Buffer.from(payload).toString()) });
        states.set(id, { state: 'acknowledged', message: '', payloadJson: new Uint8Array() });
        return id;
      },
      orderState: (_self, id) => states.get(id) ?? null,
    },
    cast: { cancel() {} },
  });
  return { ordered, states, ref: system.spawn(played) };
}

/** A core that holds one tenant, and the actor of one agent, which is connected or not. */
async function openCore(...given: (Partial<NewListedSource> & { name: string })[]) {
  const clock = manualClock();
  const system = new ActorSystem({ clock, node: 'core_1', boot: 1 });
  const documents = memoryDocuments(() => clock.wallMs());
  const sources = memoryListedSources(() => clock.wallMs());
  const own = { partition: 'plant', agent: 'plant-1', intervalMs: null, blacklist: [] };
  for (const { name, ...more } of given)
    await sources.add(tenantId, wantedSource(name, { ...own, ...more }), `${secret} of ${name}`, 'ann');
  const { ordered, states, ref } = playAgent(system);
  const agent = {
    connected: true,
    capabilities: ['source'],
    ref,
  };
  const tenant = system.spawn(playedTenant) as never;
  const names = {
    register() {},
    lookup: () => desk,
    list({ kind, partition, id }: { kind: string; partition?: string; id?: string }) {
      if (kind !== 'agent') return [{ node: 'core_1', metadata: { epoch: 1 } }];
      if (!agent.connected || partition !== plant.partition || id !== plant.name) return [];
      const { capabilities, ref } = agent;
      const metadata = { edge: true, status: 'connected', listens: true, capabilities };
      return [{ key: { tenant: tenantId, kind, partition, id }, node: 'poller_1', ref, metadata }];
    },
  };
  const cluster = { node: 'core_1', names } as never;
  const desk = system.spawn(documentDesk({ cluster, documents, tenantOf: () => tenant, received: () => {} }));
  const turns = new ListingTurns(8);
  const needs = { cluster, sources, documents, resolver: systemResolver, clock, turns };
  const random = { next: () => 0.5 };
  const keeper = system.spawn(listingKeeper({ ...needs, random }), tenantId, 1, false, false);

  return { clock, system, sources, documents, agent, ordered, states, desk, keeper };
}

/** What a test does with it. */
async function stage(...given: Parameters<typeof openCore>) {
  const core = await openCore(...given);
  const { clock, system, sources, documents, agent, ordered, states, desk, keeper } = core;
  async function asked<T>(asking: Promise<T>): Promise<T | { refused: string }> {
    const answer = asking.catch((error: { code?: string }) => ({ refused: error.code ?? String(error) }));
    await clock.settle();
    return await answer;
  }
  const call = () => system.call(keeper, 60_000);
  const row = async (name: string) =>
    (await sources.list(tenantId)).find(({ source }) => source.name === name)!;
  const run = async (name: string) => {
    const { source } = await row(name);
    const begun = (await asked(call().run(source.id, 'ann', false))) as { runId: string };
    await clock.settle();
    return begun.runId;
  };
  /** What the agent sends of a document, as its gateway relays it. */
  const send = async (runId: string, items: readonly unknown[], by = plant) => {
    const document = await asked(call().document(runId, by));
    if ('refused' in document) return document;
    const bytes = Buffer.from(JSON.stringify(items));
    const { id } = (await asked(system.call(desk).open(tenantId, document))) as { id: string };
    await asked(system.call(desk).part(tenantId, id, 0, bytes));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return await asked(call().finish(runId, by, bytes.length, sha256));
  };
  /** The agent ends its order, by its word. */
  const end = async (told: object) => {
    const last = ordered.filter(({ type }) => type === 'source.run').at(-1)!;
    const payloadJson = Buffer.from(JSON.stringify(told));
    states.set(last.id, { state: 'completed', message: '', payloadJson });
    await clock.advance(2_000);
  };
  const list = async (name: string, ids: readonly string[], gone: readonly string[] = []) => {
    const runId = await run(name);
    await asked(call().take(runId, plant, 0));
    const answer = await send(runId, [...ids.map(device), ...gone.map(retraction)]);
    await end({ outcome: 'complete', code: 'ok', page: 1 });
    return answer;
  };
  const take = (runId: string, by: AgentAt, from = 0) => asked(call().take(runId, by, from));
  const lastOf = async (name: string) => (await row(name)).state?.last ?? null;
  const knownOf = async (name: string) =>
    [...(await sources.secrets(tenantId, (await row(name)).source.id)).knownIds].sort();
  return {
    clock,
    system,
    keeper,
    sources,
    documents,
    agent,
    ordered,
    run,
    send,
    end,
    list,
    take,
    lastOf,
    knownOf,
  };
}

const device = (id: string) => ({
  ...{ hostname: `host-${id}`, partition: 'plant', source: 'netbox', timestamp: '2026-01-01T00:00:00.000Z' },
  metadata: { netbox_device_id: id, integration_type: 'netbox' },
});
const retraction = (id: string) => ({
  ...{ partition: 'plant', source: 'netbox', timestamp: '2026-01-01T00:00:00.000Z', is_available: false },
  metadata: { netbox_device_id: id, integration_type: 'netbox', _deleted: 'true' },
});

describe('a run of a source at its agent', () => {
  test('is ordered without what opens it, given to the agent that asks, and complete with its document', async () => {
    const { run, take, ordered, send, end, lastOf, knownOf, documents } = await stage({ name: 'cmdb' });
    const runId = await run('cmdb');
    expect(ordered).toMatchObject([{ type: 'source.run', payload: { run: runId, resume: false } }]);
    expect(JSON.stringify(ordered)).not.toContain(secret);
    expect(await take(runId, plant)).toMatchObject({
      ...{ credentials: `${secret} of cmdb`, knownIds: [], knownTotal: 0 },
      settings: { kind: 'netbox', partition: 'plant' },
    });
    expect(await send(runId, [device('1'), device('2')])).toEqual({ items: 2 });
    await end({ outcome: 'complete', code: 'ok', page: 1, counts: { listed: 2, pages: 1, requests: 1 } });
    expect(await lastOf('cmdb')).toMatchObject({
      ...{ outcome: 'complete', code: 'ok', node: 'agent/plant-1', by: 'ann' },
      counts: { listed: 2, updates: 2, retracted: 0, pages: 1 },
    });
    expect(await knownOf('cmdb')).toEqual(['1', '2']);
    const [row] = await documents.list(tenantId, 10);
    expect(row).toMatchObject({ kind: 'sync', agent: 'cmdb', partition: 'plant', state: 'whole', items: 2 });
    expect(row!.sender).toMatch(/^source\/int_/);
  });

  test('retracts what its source had listed and has not any more', async () => {
    const { list, lastOf, knownOf } = await stage({ name: 'cmdb' });
    await list('cmdb', ['1', '2', '3']);
    expect(await list('cmdb', ['1'], ['2'])).toEqual({ items: 2 });
    expect(await lastOf('cmdb')).toMatchObject({ outcome: 'complete', counts: { listed: 1, retracted: 1 } });
    // What is neither listed nor gone is of a blacklisted network, or could not be asked for.
    expect(await knownOf('cmdb')).toEqual(['1', '3']);
  });

  test('of an agent that is away is told so, and nothing is kept', async () => {
    const { run, agent, clock, lastOf, ordered } = await stage({ name: 'cmdb' });
    agent.connected = false;
    await run('cmdb');
    await clock.advance(listingAwayMs + 2_000);
    expect(await lastOf('cmdb')).toMatchObject({ outcome: 'aborted', code: 'agent_away', documentId: null });
    expect(ordered).toEqual([]);
  });

  test('of an agent that goes in the middle leaves no document and retracts nothing; the next is complete', async () => {
    const { run, take, agent, clock, lastOf, list, knownOf, documents, system, keeper } = await stage({
      name: 'cmdb',
    });
    await list('cmdb', ['1', '2']);
    const runId = await run('cmdb');
    await take(runId, plant);
    const opening = system.call(keeper).document(runId, plant);
    await clock.settle();
    const document = await opening;
    await documents.open(
      { tenantId, epoch: 1 },
      { ...document, id: 'x', kind: 'sync' },
      {
        ...{ openOfSenderMax: 16, openOfTenantMax: 16, heldBytesMax: 1e9 },
      },
    );
    agent.connected = false;
    await clock.advance(listingAwayMs + 2_000);
    expect(await lastOf('cmdb')).toMatchObject({ outcome: 'aborted', code: 'agent_lost', documentId: null });
    expect(await knownOf('cmdb')).toEqual(['1', '2']);
    expect((await documents.list(tenantId, 10)).filter(({ state }) => state === 'whole')).toHaveLength(1);
    agent.connected = true;
    expect(await list('cmdb', ['1'], ['2'])).toEqual({ items: 2 });
  });

  test('that an agent calls complete without a document is not', async () => {
    const { run, end, lastOf } = await stage({ name: 'cmdb' });
    await run('cmdb');
    await end({ outcome: 'complete', code: 'ok', page: 1, counts: { listed: 9 } });
    expect(await lastOf('cmdb')).toMatchObject({ outcome: 'aborted', code: 'bad_listing' });
  });

  test('is called off when the source is given to another agent meanwhile', async () => {
    const { run, take, sources, system, keeper, clock, lastOf, ordered } = await stage({ name: 'cmdb' });
    const runId = await run('cmdb');
    await sources.change(tenantId, 'cmdb', { agent: 'plant-2' }, 'ann');
    system.cast(keeper).changed();
    await clock.advance(2_000);
    expect(ordered.at(-1)).toMatchObject({ type: 'source.stop', payload: { run: runId } });
    expect(await take(runId, plant)).toEqual({ refused: 'not_placed' });
    expect(await lastOf('cmdb')).toMatchObject({ outcome: 'aborted', code: 'cancelled' });
  });
});

describe('a hostile agent', () => {
  test.each<[string, AgentAt]>([
    ['another agent of the partition', { partition: 'plant', name: 'plant-2' }],
    ['one of the same name in another partition', { partition: 'office', name: 'plant-1' }],
  ])('%s gets nothing of a run, and may not write its document', async (_, by) => {
    const { run, take, send, documents } = await stage({ name: 'cmdb' });
    const runId = await run('cmdb');
    expect(await take(runId, by)).toEqual({ refused: 'not_placed' });
    expect(await take(runId, by, 1)).toEqual({ refused: 'not_placed' });
    expect(await send(runId, [device('1')], by)).toEqual({ refused: 'not_placed' });
    expect(await documents.list(tenantId, 10)).toEqual([]);
  });

  test('gets nothing of a source that is listed by the core, of a run that is over, or of one that is not', async () => {
    const { run, take, list, keeper, system, clock } = await stage(
      { name: 'cmdb' },
      { name: 'own', agent: null, endpoint: 'http://192.0.2.1:9' },
    );
    const ofCore = await run('own');
    expect(await take(ofCore, plant)).toEqual({ refused: 'not_placed' });
    await list('cmdb', ['1']);
    const asking = system.call(keeper).statuses();
    await clock.settle();
    expect((await asking).length).toBe(2);
    const runId = await run('cmdb');
    expect(await take(`${runId}0`, plant)).toEqual({ refused: 'not_placed' });
    expect(await take('', plant)).toEqual({ refused: 'not_placed' });
  });

  test('cannot retract what another source of the same system has, although its own had it once', async () => {
    const { run, take, send, list, lastOf, knownOf, documents, end } = await stage(
      { name: 'mine' },
      { name: 'theirs' },
    );
    await list('theirs', ['7', '8']);
    // It says to have seen them too; they are not handed out as known, so nobody expects it to retract them.
    await list('mine', ['1', '7']);
    const runId = await run('mine');
    expect(await take(runId, plant)).toMatchObject({ knownIds: ['1'], knownTotal: 1 });
    expect(await send(runId, [device('1'), retraction('7')])).toEqual({ refused: 'bad_listing' });
    await end({ outcome: 'aborted', code: 'bad_listing', detail: 'x', page: 1 });
    expect(await lastOf('mine')).toMatchObject({ outcome: 'aborted', code: 'foreign_retraction' });
    expect(await knownOf('theirs')).toEqual(['7', '8']);
    const rows = await documents.list(tenantId, 10);
    expect(rows.filter(({ state }) => state === 'open')).toEqual([]);
    expect(rows).toHaveLength(2);
  });

  test.each<[string, unknown[], string]>([
    ['devices of another partition', [{ ...device('1'), partition: 'office' }], 'bad_listing'],
    ['devices of another system', [{ ...device('1'), source: 'armis' }], 'bad_listing'],
    ['retractions of what nobody listed', [device('1'), retraction('99')], 'foreign_retraction'],
  ])('has no document of %s: nothing of it is kept', async (_, items, code) => {
    const { run, take, send, end, lastOf, documents } = await stage({ name: 'cmdb' });
    const runId = await run('cmdb');
    await take(runId, plant);
    expect(await send(runId, items)).toEqual({ refused: 'bad_listing' });
    await end({ outcome: 'complete', code: 'ok', page: 1 });
    expect(await lastOf('cmdb')).toMatchObject({ outcome: 'aborted', code });
    expect(await documents.list(tenantId, 10)).toEqual([]);
  });

  test('that asks for a run over and over is told no, and what was not taken of it is not read again', async () => {
    const { run, take, send, documents } = await stage({ name: 'cmdb' });
    const runId = await run('cmdb');
    for (let at = 0; at < listingTakesMax; at += 1)
      expect(await take(runId, plant)).toMatchObject({ knownTotal: 0 });
    expect(await take(runId, plant)).toEqual({ refused: 'not_placed' });
    let reads = 0;
    const read = documents.read.bind(documents);
    documents.read = async (...given) => {
      reads += 1;
      return await read(...given);
    };
    expect(await send(runId, [retraction('1')])).toEqual({ refused: 'bad_listing' });
    const before = reads;
    expect(await send(runId, [retraction('1')])).toEqual({ refused: 'bad_listing' });
    expect([before > 0, reads]).toEqual([true, before]);
  });

  test('that is of an older version lists nothing, and is told as that', async () => {
    const { run, agent, clock, lastOf } = await stage({ name: 'cmdb' });
    agent.capabilities = ['sweep'];
    await run('cmdb');
    await clock.advance(2_000);
    expect(await lastOf('cmdb')).toMatchObject({ outcome: 'aborted', code: 'agent_too_old' });
  });
});
