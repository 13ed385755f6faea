/** What every store of agent sources keeps to. */
import { expect, test } from 'vitest';
import type { NewAgentSource, SourceState } from '../../actors/ports/agent-source.ts';
import type { AgentSourceStore } from '../../actors/ports/agent-source-store.ts';

export interface AgentSourceSetup {
  sources: AgentSourceStore;
  newTenant(): Promise<string>;
  /** In order. */
  audit(tenantId: string): Promise<{ event: string; subject: string; who: string; why: string | null }[]>;
}

const by = 'spiffe://test/operator/ann';

const wanted = (address: string, more: Partial<NewAgentSource> = {}): NewAgentSource => ({
  ...{ address, partition: 'default', agentId: null, tlsName: null, intervalMs: 30_000 },
  services: [{ type: 'port', name: 'web', details: '192.0.2.1:80', results: false }],
  ...more,
});

const stateOf = (sequence: string): SourceState => ({
  ...{
    version: 1,
    polledAtMs: 1_780_000_000_000,
    poller: 'poller_1',
    code: 'ok',
    detail: '\u0000',
    agent: 'edge-7',
  },
  services: [{ type: 'port', name: 'web', code: 'ok', detail: '', sequence }],
});

export function agentSourceStoreContract(setupOf: () => AgentSourceSetup): void {
  test('what was added is listed as it was said, and no other tenant sees it', async () => {
    const { sources, newTenant } = setupOf();
    const [mine, other] = [await newTenant(), await newTenant()];
    const made = await sources.add(mine, wanted('192.0.2.7:50051', { agentId: 'edge-7' }), by);
    expect(made).toMatchObject({
      ...wanted('192.0.2.7:50051', { agentId: 'edge-7' }),
      version: 1,
      archivedAtMs: null,
    });
    expect(await sources.list(mine, false)).toEqual([{ source: made, state: null }]);
    expect(await sources.list(other, false)).toEqual([]);
    await expect(sources.edit(other, made.id, { intervalMs: 5_000 }, by)).rejects.toMatchObject({
      code: 'no_such_source',
    });
  });

  test('one address is one living source of a partition', async () => {
    const { sources, newTenant } = setupOf();
    const id = await newTenant();
    const first = await sources.add(id, wanted('a:1'), by);
    await expect(sources.add(id, wanted('a:1'), by)).rejects.toMatchObject({ code: 'source_exists' });
    await sources.add(id, wanted('a:1', { partition: 'east' }), by);
    await sources.archive(id, first.id, true, by, null);
    await sources.add(id, wanted('a:1'), by);
    await expect(sources.archive(id, first.id, false, by, null)).rejects.toMatchObject({
      code: 'source_exists',
    });
  });

  test('a change is of what is there, raises the version, and leaves the rest', async () => {
    const { sources, newTenant } = setupOf();
    const id = await newTenant();
    const made = await sources.add(id, wanted('b:1'), by);
    const [one, two] = await Promise.all([
      sources.edit(id, made.id, { intervalMs: 60_000 }, by),
      sources.edit(id, made.id, { tlsName: 'b.example' }, by),
    ]);
    expect([one.version, two.version].sort()).toEqual([2, 3]);
    const [listed] = await sources.list(id, false);
    expect(listed!.source).toMatchObject({
      address: 'b:1',
      intervalMs: 60_000,
      tlsName: 'b.example',
      version: 3,
    });
  });

  test('what was removed comes back with how far it had come, and each step is in the audit', async () => {
    const { sources, newTenant, audit } = setupOf();
    const id = await newTenant();
    const { id: source } = await sources.add(id, wanted('c:1'), by);
    expect(await sources.note(id, 3, source, stateOf('s1'))).toBe(true);
    await sources.archive(id, source, true, by, 'moved');
    expect(await sources.list(id, false)).toEqual([]);
    expect(await sources.list(id, true)).toHaveLength(1);
    await expect(sources.archive(id, source, true, by, null)).rejects.toMatchObject({
      code: 'no_such_source',
    });
    await sources.archive(id, source, false, by, null);
    const [back] = await sources.list(id, false);
    expect(back!.state?.services[0]?.sequence).toBe('s1');
    expect((await audit(id)).map(({ event, subject, why }) => [event, subject, why])).toEqual([
      ['agent_source_add', source, 'c:1'],
      ['agent_source_remove', source, 'moved'],
      ['agent_source_restore', source, null],
    ]);
  });

  test('an earlier epoch writes nothing over a later one', async () => {
    const { sources, newTenant } = setupOf();
    const id = await newTenant();
    const { id: source } = await sources.add(id, wanted('d:1'), by);
    expect(await sources.note(id, 5, source, stateOf('s5'))).toBe(true);
    expect(await sources.note(id, 4, source, stateOf('s4'))).toBe(false);
    expect(await sources.note(id, 5, source, stateOf('s6'))).toBe(true);
    const [listed] = await sources.list(id, false);
    expect(listed!.state).toEqual({ ...stateOf('s6'), detail: '\ufffd' });
  });
}
