/** What every store of listed sources keeps to. */
import { expect, test } from 'vitest';
import type { ListedSourceState, NewListedSource } from '../../actors/ports/listed-source.ts';
import type { ListedSourceStore } from '../../actors/ports/listed-source-store.ts';

export interface ListedSourceSetup {
  sources: ListedSourceStore;
  newTenant(): Promise<string>;
}

const by = 'spiffe://test/operator/ann';

export const wantedSource = (name: string, more: Partial<NewListedSource> = {}): NewListedSource => ({
  ...{ name, kind: 'netbox', endpoint: 'https://netbox.example', query: 'site=hill', partition: 'default' },
  ...{ blacklist: ['10.0.0.0/8'], caPem: null, pageItems: null, withInterfaces: false },
  ...{ intervalMs: 3_600_000, enabled: true, agent: null },
  ...more,
});

const stateOf = (detail: string): ListedSourceState => ({
  breaker: { state: 'closed', failures: 1 },
  last: {
    ...{ runId: 'run', startedAtMs: 1, endedAtMs: 2, by: 'schedule', node: 'core_1', outcome: 'aborted' },
    ...{ code: 'server_error', detail, page: 37, documentId: null },
    counts: {
      ...{ listed: 360, updates: 360, blacklisted: 0, bad: 0, repeated: 0, retracted: 0, unconfirmed: 0 },
      ...{ pages: 36, requests: 40, retries: 3 },
    },
  },
  lastComplete: null,
});

export function listedSourceStoreContract(setupOf: () => ListedSourceSetup): void {
  test('what was added is listed as it was said, by name, and no other tenant sees it', async () => {
    const { sources, newTenant } = setupOf();
    const [mine, other] = [await newTenant(), await newTenant()];
    const second = await sources.add(mine, wantedSource('second'), 'token', by);
    const first = await sources.add(
      mine,
      wantedSource('first', { intervalMs: null, kind: 'armis' }),
      null,
      by,
    );
    expect(second).toMatchObject({
      ...wantedSource('second'),
      version: 1,
      hasCredentials: true,
    });
    expect(await sources.list(mine)).toEqual([
      { source: first, state: null },
      { source: second, state: null },
    ]);
    expect(first.hasCredentials).toBe(false);
    const moved = await sources.change(mine, 'first', { agent: 'plant-1' }, by);
    expect(moved).toMatchObject({ agent: 'plant-1', kind: 'armis', version: 2 });
    expect(await sources.change(mine, 'first', { agent: null }, by)).toMatchObject({ agent: null });
    await sources.change(mine, 'first', { agent: 'plant-1' }, by);
    expect((await sources.list(mine))[0]!.source.agent).toBe('plant-1');
    expect(await sources.list(other)).toEqual([]);
    await expect(sources.change(other, second.id, { enabled: false }, by)).rejects.toMatchObject({
      code: 'no_such_source',
    });
  });

  test('a name is one source, and whoever has it may be changed and removed by it', async () => {
    const { sources, newTenant } = setupOf();
    const id = await newTenant();
    const made = await sources.add(id, wantedSource('cmdb'), 'one', by);
    await expect(sources.add(id, wantedSource('cmdb'), 'two', by)).rejects.toMatchObject({
      code: 'integration_exists',
    });
    const other = await sources.add(id, wantedSource('other'), null, by);
    await expect(sources.change(id, other.id, { name: 'cmdb' }, by)).rejects.toMatchObject({
      code: 'integration_exists',
    });
    const changed = await sources.change(id, 'cmdb', { enabled: false, blacklist: [] }, by);
    expect(changed).toMatchObject({ ...wantedSource('cmdb', { enabled: false, blacklist: [] }), version: 2 });
    expect(await sources.secrets(id, made.id)).toEqual({ credentials: 'one', knownIds: [] });
    await sources.change(id, 'cmdb', { credentials: 'new' }, by);
    expect((await sources.secrets(id, made.id)).credentials).toBe('new');
    await sources.change(id, 'cmdb', { credentials: null }, by);
    expect((await sources.secrets(id, made.id)).credentials).toBeNull();
    expect((await sources.remove(id, 'cmdb', by)).id).toBe(made.id);
    await expect(sources.remove(id, 'cmdb', by)).rejects.toMatchObject({ code: 'no_such_source' });
    expect((await sources.list(id)).map(({ source }) => source.id)).toEqual([other.id]);
  });

  test('how far it has come is written under an epoch, never over a later one', async () => {
    const { sources, newTenant } = setupOf();
    const id = await newTenant();
    const { id: source } = await sources.add(id, wantedSource('cmdb'), 'x', by);
    const ids = Array.from({ length: 5_000 }, (_, at) => String(at));
    expect(await sources.note(id, 2, source, stateOf('first'), new Set(ids))).toBe(true);
    expect((await sources.secrets(id, source)).knownIds).toEqual(ids);
    expect(await sources.note(id, 2, source, stateOf('second'), null)).toBe(true);
    expect((await sources.secrets(id, source)).knownIds).toEqual(ids);
    expect(await sources.note(id, 1, source, stateOf('late'), new Set())).toBe(false);
    const [row] = await sources.list(id);
    expect(row!.state).toEqual(stateOf('second'));
    expect(await sources.note(id, 3, source, stateOf('third'), new Set())).toBe(true);
    expect((await sources.secrets(id, source)).knownIds).toEqual([]);
    await sources.remove(id, source, by);
    expect(await sources.note(id, 4, source, stateOf('gone'), null)).toBe(false);
  });
}
