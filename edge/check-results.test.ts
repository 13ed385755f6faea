import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CheckView, dueAtOrBefore } from '../actors/messages.ts';
import { resultsOf } from './check-results.ts';
import type { EdgePeer } from './peer.ts';
import type { StatusItem } from './status-items.ts';
import { checkView } from './testing/stage.ts';

const peer: EdgePeer = { tenantId: 't', role: 'agent', id: 'a', partition: 'default' };
const atMs = Date.UTC(2026, 5, 1, 12, 0, 3);
/** A push says whole seconds. */
const nowMs = atMs + 800;

function item(changes: Partial<StatusItem> = {}, document: unknown = { available: true }): StatusItem {
  const base = { name: 'web', type: 'tcp', source: 'status', agentId: 'a', available: true, latencyMs: 3 };
  const message = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
  return { ...base, message, ...changes };
}
const results = (items: StatusItem[], views: CheckView[] = [checkView]) =>
  resultsOf({ peer, node: 'poller_1', items, atMs, nowMs }, views);

describe('what an agent pushed', () => {
  it('is a result of the check that it names, for the last due instant before the push', () => {
    const { rows } = results([item()]);
    expect(rows).toEqual([
      {
        ...{ checkId: 'c1', dueAtMs: dueAtOrBefore('c1', 5_000, atMs), startedAtMs: atMs, latencyMs: 3 },
        ...{ status: 'success', reason: null, agent: 'a', poller: 'poller_1' },
      },
    ]);
    expect(results([item({ name: 'c1' })]).rows).toEqual(rows);
  });
  it('says in its document what was found, when it says that at all', () => {
    const one = (changes: Partial<StatusItem>, document: unknown) =>
      results([item(changes, document)]).rows[0]!;
    expect(one({}, { available: false, error: 'refused\n\u0000' })).toMatchObject({
      ...{ status: 'critical', latencyMs: null, reason: 'agent_says: refused ' },
    });
    expect(one({ available: false }, 'no JSON')).toMatchObject({
      status: 'critical',
      reason: 'agent_says: not available',
    });
    expect(one({ available: false }, { available: true }).status).toBe('success');
    expect(one({ latencyMs: null }, { response_time: 4e6 })).toMatchObject({
      status: 'success',
      latencyMs: 4,
    });
    expect(one({ latencyMs: null }, { response_time: 'x' }).latencyMs).toBeNull();
  });
  it('is counted where nobody takes it: documents, and statuses of no check of its partition', () => {
    const elsewhere = { ...checkView, id: 'c2', name: 'far', partition: 'other' };
    const items = [
      item({ source: 'results' }),
      item({ name: 'far' }),
      item({ name: 'c2' }),
      item({ name: 'x' }),
    ];
    expect(results(items, [checkView, elsewhere])).toEqual({ rows: [], documents: 1, noCheck: 3 });
  });
  it('of two checks with one name is of the one of its kind, and else of none', () => {
    const twins: CheckView[] = [checkView, { ...checkView, id: 'c2', kind: 'http' }];
    expect(results([item({ type: 'http' })], twins).rows).toMatchObject([{ checkId: 'c2' }]);
    expect(results([item({ type: 'grpc' })], twins)).toMatchObject({ rows: [], noCheck: 1 });
  });
  it('gives one row for an instant, the last of them', () => {
    const { rows } = results([item(), item({ available: false }, { available: false })]);
    expect(rows).toMatchObject([{ status: 'critical' }]);
  });
  it('is of the instant that its own document names, when that can be: also in the second of the push', () => {
    const lastMs = dueAtOrBefore('c1', 5_000, nowMs);
    const of = (document: object) => results([item({}, { available: true, ...document })]).rows[0]!;
    for (const started of [nowMs - 200, lastMs + 3]) {
      expect(of({ due_at: lastMs, started_at: started })).toMatchObject({
        ...{ dueAtMs: lastMs, startedAtMs: started },
      });
    }
    // One that began late is of the instant that it was due at; one that waited for days is of its own day.
    const [began, before] = [lastMs + 100, lastMs - 5_000];
    expect(of({ due_at: before, started_at: began })).toMatchObject({ dueAtMs: before, startedAtMs: began });
    const oldMs = dueAtOrBefore('c1', 5_000, nowMs - 3 * 86_400_000);
    expect(of({ due_at: oldMs, started_at: oldMs + 2 })).toMatchObject({ dueAtMs: oldMs });
  });
  it('is of the push where the document says what cannot be', () => {
    const byPush = results([item()]).rows[0]!;
    const odd = [
      { started_at: nowMs + 120_000, due_at: nowMs },
      { started_at: nowMs - 9 * 86_400_000 },
      { started_at: 'x', due_at: {} },
      { due_at: dueAtOrBefore('c1', 5_000, nowMs) },
    ];
    for (const document of odd)
      expect(results([item({}, { available: true, ...document })]).rows[0]).toEqual(byPush);
    const startedMs = nowMs - 60_000;
    const own = dueAtOrBefore('c1', 5_000, startedMs);
    for (const due_at of [own - 1, own + 5_000, own - 500_000])
      expect(results([item({}, { available: true, started_at: startedMs, due_at })]).rows[0]!.dueAtMs).toBe(
        own,
      );
  });
  it('has the status and the words that the document says, and was never not run', () => {
    const of = (document: object) => results([item({ available: false }, document)]).rows[0]!;
    expect(of({ status: 'warning', error: '1 of 3\nlost' })).toMatchObject({
      ...{ status: 'warning', reason: '1 of 3 lost', latencyMs: 3 },
    });
    expect(of({ status: 'skipped', available: false })).toMatchObject({ status: 'critical' });
    expect(of({ status: 'timeout' })).toMatchObject({ status: 'timeout', reason: 'not available' });
  });
  it('is one row for each instant of a check that one push brings', () => {
    const lastMs = dueAtOrBefore('c1', 5_000, nowMs);
    const at = (ms: number) => item({}, { available: true, started_at: ms + 1, due_at: ms });
    const { rows } = results([at(lastMs - 10_000), at(lastMs - 5_000), at(lastMs), at(lastMs)]);
    expect(rows.map(({ dueAtMs }) => dueAtMs)).toEqual([lastMs - 10_000, lastMs - 5_000, lastMs]);
  });
  it('is a row that the store takes, whatever the document', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.json(), fc.boolean(), (bytes, json, available) => {
        const both = results([item({ available }, json), item({ available, message: bytes, name: 'c1' })]);
        for (const { reason, latencyMs, dueAtMs } of both.rows) {
          expect(reason ?? '').toBe((reason ?? '').replaceAll('\0', '').replaceAll('\n', ''));
          expect(latencyMs === null || latencyMs > 0).toBe(true);
          expect(dueAtMs).toBeLessThanOrEqual(atMs);
        }
      }),
    );
  });
});
