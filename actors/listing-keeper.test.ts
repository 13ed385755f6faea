import { afterEach, describe, expect, test } from 'vitest';
import { systemResolver } from '../checks/index.ts';
import { ActorSystem, defineActor, type ManualClock, manualClock } from '../runtime/index.ts';
import { wantedSource } from '../test/contract/listed-source-store.ts';
import { memoryDocuments } from '../test/contract/memory-documents.ts';
import { memoryListedSources } from '../test/contract/memory-listed-sources.ts';
import { makeInventory } from '../test/servers/inventory.ts';
import { type PlayedNetbox, playNetbox } from '../test/servers/netbox.ts';
import { documentDesk } from './document-desk.ts';
import { readUpdate } from './identity/read-update.ts';
import { listingKeeper } from './listing-keeper.ts';
import { ListingTurns } from './listing-turns.ts';
import type { NewListedSource } from './ports/listed-source.ts';

const tenantId = 'abcdefghijkl';
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function netbox(devices: number): Promise<PlayedNetbox> {
  const server = await playNetbox(makeInventory(devices));
  closing.push(server.close);
  return server;
}

const playedTenant = defineActor<null, { start: []; call: Record<never, never>; cast: { confirm(): void } }>({
  ...{ name: 'tenant', init: () => null, call: {}, cast: { confirm() {} } },
});

/** A core that holds one tenant, with its desk and its keeper, over stores in memory. */
async function stage(given: readonly [NewListedSource, credentials: string | null][], suspended = false) {
  const clock = manualClock();
  const system = new ActorSystem({ clock, node: 'core_1', boot: 1 });
  const [documents, sources] = [
    memoryDocuments(() => clock.wallMs()),
    memoryListedSources(() => clock.wallMs()),
  ];
  for (const [source, credentials] of given) await sources.add(tenantId, source, credentials, 'ann');
  const tenant = system.spawn(playedTenant) as never;
  const names = {
    register() {},
    list: () => [{ node: 'core_1', metadata: { epoch: 1 } }],
    lookup: () => desk,
  };
  const cluster = { node: 'core_1', names } as never;
  const desk = system.spawn(documentDesk({ cluster, documents, tenantOf: () => tenant, received: () => {} }));
  const listings = {
    resolver: systemResolver,
    clock,
    random: { next: () => 0.5 },
    turns: new ListingTurns(8),
    documents,
  };
  const keeper = system.spawn(listingKeeper({ cluster, sources, ...listings }), tenantId, 1, true, suspended);
  const row = async (name: string) =>
    (await sources.list(tenantId)).find(({ source }) => source.name === name)!;
  const run = async (name: string) => {
    const { source } = await row(name);
    return await asked(clock, system.call(keeper, 60_000).run(source.id, 'ann', false));
  };
  /** Until the run has ended; the server is a real one, the clock is not. */
  const ended = async (name: string, runs: number) => {
    for (let turn = 0; turn < 2_000; turn += 1) {
      const { state } = await row(name);
      if (state?.last != null) seen.add(state.last.runId);
      if (seen.size >= runs) return (await row(name)).state!;
      await new Promise((resolve) => setTimeout(resolve, 1));
      await clock.advance(20);
    }
    throw new Error('the run does not end');
  };
  const seen = new Set<string>();
  const whole = async () => {
    const rows = (await documents.list(tenantId, 100)).filter(({ state }) => state === 'whole');
    const texts = await Promise.all(
      rows.map(async ({ ordinal }) => Buffer.from((await documents.read(tenantId, ordinal, 0))!)),
    );
    return texts.map((text) => JSON.parse(text.toString()) as { metadata: Record<string, string> }[]);
  };
  return { clock, system, keeper, sources, documents, row, run, ended, whole };
}

async function asked<T>(clock: ManualClock, asking: Promise<T>): Promise<T> {
  const answer = asking.catch((error: { code?: string }) => error.code as T);
  await clock.settle();
  return await answer;
}

const sourceAt = (server: PlayedNetbox, more: Partial<NewListedSource> = {}) =>
  wantedSource('cmdb', {
    endpoint: server.url,
    query: null,
    blacklist: [],
    intervalMs: null,
    pageItems: 10,
    ...more,
  });

describe('a run', () => {
  test('writes a whole document of what is listed, and the next one retracts at its end what is gone', async () => {
    const server = await netbox(25);
    const { run, ended, whole, documents } = await stage([[sourceAt(server), server.token]]);
    expect(await run('cmdb')).toMatchObject({ isNew: true });
    const first = await ended('cmdb', 1);
    expect(first.last).toMatchObject({
      outcome: 'complete',
      code: 'ok',
      by: 'ann',
      node: 'core_1',
      counts: { listed: 25 },
    });
    const [document] = await documents.list(tenantId, 10);
    expect(document).toMatchObject({
      ...{ kind: 'sync', service: 'netbox', agent: 'cmdb', items: 25 },
      id: first.last!.documentId,
    });
    server.devices = server.devices.filter(({ id }) => id !== 7 && id !== 20);
    await run('cmdb');
    await ended('cmdb', 2);
    const [second] = await whole();
    expect(second!.map(({ metadata }) => metadata._deleted ?? '')).toEqual([
      ...Array(23).fill(''),
      'true',
      'true',
    ]);
    // Whoever decides which are the same device reads all of it.
    const read = second!.map((update) => readUpdate(update, 0));
    expect(read.map((one) => ('error' in one ? one.error : one.observation.isRetraction))).toEqual([
      ...Array(23).fill(false),
      ...[true, true],
    ]);
    expect(second!.slice(-2).map(({ metadata }) => metadata.netbox_device_id)).toEqual(['7', '20']);
  });

  test('that is aborted leaves no document, retracts nothing, and says why; the next complete one does both', async () => {
    const server = await netbox(40);
    const { run, ended, whole, documents, row } = await stage([[sourceAt(server), server.token]]);
    await run('cmdb');
    const complete = await ended('cmdb', 1);
    server.devices = server.devices.filter(({ id }) => id !== 40);
    server.fault = ({ page }) => (page === 3 ? { status: 500 } : null);
    await run('cmdb');
    const failed = await ended('cmdb', 2);
    expect(failed.last).toMatchObject({
      outcome: 'aborted',
      code: 'server_error',
      page: 3,
      documentId: null,
    });
    expect(failed.lastComplete).toEqual(complete.last);
    expect(failed.breaker).toEqual({ state: 'closed', failures: 1 });
    expect(await documents.list(tenantId, 10)).toHaveLength(1);
    server.fault = () => null;
    await run('cmdb');
    expect((await ended('cmdb', 3)).last).toMatchObject({
      outcome: 'complete',
      counts: { listed: 39, retracted: 1 },
    });
    expect((await whole())[0]!.at(-1)!.metadata).toMatchObject({ netbox_device_id: '40', _deleted: 'true' });
    expect((await row('cmdb')).state!.breaker).toEqual({ state: 'closed', failures: 0 });
  });

  test('without credentials is refused before anything is asked, and blames nobody', async () => {
    const server = await netbox(5);
    const { run, ended } = await stage([[sourceAt(server), null]]);
    await run('cmdb');
    const { last, breaker } = await ended('cmdb', 1);
    expect(last).toMatchObject({ outcome: 'aborted', code: 'bad_source' });
    expect(breaker).toEqual({ state: 'closed', failures: 0 });
    expect(server.asked).toEqual([]);
  });

  test('is written down when the store is back, with what it saw', async () => {
    const server = await netbox(25);
    const { run, ended, sources, row } = await stage([[sourceAt(server), server.token]]);
    const { note } = sources;
    let refusals = 0;
    sources.note = async (...given) => {
      refusals += 1;
      if (refusals <= 2) throw Object.assign(new Error('away'), { code: 'store_unavailable' });
      return await note(...given);
    };
    await run('cmdb');
    expect((await ended('cmdb', 1)).last).toMatchObject({ outcome: 'complete' });
    const { source } = await row('cmdb');
    expect((await sources.secrets(tenantId, source.id)).knownIds).toHaveLength(25);
    expect(refusals).toBe(3);
  });

  test('begins by itself, and by its interval', async () => {
    const server = await netbox(5);
    const { ended, clock } = await stage([[sourceAt(server, { intervalMs: 60_000 }), server.token]]);
    const first = await ended('cmdb', 1);
    await clock.advance(60_000);
    const second = await ended('cmdb', 2);
    expect(first.last!.by).toBe('schedule');
    expect(second.last!.startedAtMs - first.last!.startedAtMs).toBeGreaterThanOrEqual(60_000);
  });
});

describe('while it runs', () => {
  /** A server whose second page waits until the test lets it go. */
  async function held(server: PlayedNetbox) {
    let reached = () => {};
    const there = new Promise<void>((resolve) => {
      reached = resolve;
    });
    server.fault = ({ page }) => {
      if (page !== 2) return null;
      reached();
      return { hangs: true };
    };
    return there;
  }

  test('it is shown how far it is, and asked again it is the same run', async () => {
    const server = await netbox(30);
    const { run, system, keeper, clock } = await stage([[sourceAt(server), server.token]]);
    const there = await Promise.race([held(server), null]);
    const begun = await run('cmdb');
    await waitFor(() => server.asked.length >= 2);
    expect(there).toBeNull();
    const [status] = await asked(clock, system.call(keeper).statuses());
    expect(status!.running).toMatchObject({ page: 1, devices: 10, total: 30, by: 'ann' });
    expect(await run('cmdb')).toEqual({ runId: begun!.runId, isNew: false });
  });

  test('a source that is removed is not listed on', async () => {
    const server = await netbox(30);
    const { run, system, keeper, sources, documents, clock } = await stage([
      [sourceAt(server), server.token],
    ]);
    void held(server);
    await run('cmdb');
    await waitFor(() => server.asked.length >= 2);
    await sources.remove(tenantId, 'cmdb', 'ann');
    system.cast(keeper).changed();
    await waitFor(async () => {
      await clock.settle();
      return (await documents.list(tenantId, 10)).length === 0;
    });
    expect(await asked(clock, system.call(keeper).totals())).toMatchObject({ sources: 0 });
  });

  test('a suspended tenant has its runs called off, and may begin none', async () => {
    const server = await netbox(30);
    const { run, system, keeper, ended } = await stage([[sourceAt(server), server.token]]);
    void held(server);
    await run('cmdb');
    await waitFor(() => server.asked.length >= 2);
    system.cast(keeper).terms(true);
    expect((await ended('cmdb', 1)).last).toMatchObject({ outcome: 'aborted', code: 'cancelled' });
    expect(await run('cmdb')).toBe('tenant_suspended');
  });
});

async function waitFor(look: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) {
    if (await look()) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error('it did not come true');
}
