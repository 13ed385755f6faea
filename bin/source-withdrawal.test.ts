import { expect, test } from 'vitest';
import type { Tenant } from '../actors/index.ts';
import type { ClusterNode } from '../cluster/index.ts';
import type { ListedSourceView } from './listed-source-views.ts';
import { type WithdrawalNeeds, withdrawPart } from './source-withdrawal.ts';

const tenant = { id: 'abcdefghijkl', slug: 'acme', status: 'active', schemaFits: true } as Tenant;
const source = (name: string, more: object = {}) => ({
  ...{ id: `int_${name}`, name, kind: 'netbox', partition: 'plant', enabled: true, running: null, ...more },
});

function played(others: object[] = []) {
  const asked: unknown[] = [];
  const documents: object[] = [];
  const reconciled = new Set<number>();
  const held = {
    withdraw: async (...args: unknown[]) => {
      asked.push(args);
      return { count: 7, isMore: false };
    },
  };
  const needs = {
    node: { names: { lookup: () => ({}) }, system: { call: () => held, clock: { monotonicMs: () => 0 } } },
    store: {
      listedSources: {
        list: async () => [source('cmdb'), ...others].map((one) => ({ source: one, state: null })),
        change: async (_tenant: string, id: string, change: object, by: string) => {
          asked.push([id, change, by]);
        },
      },
      documents: { list: async () => documents },
      inventoryShelf: {
        reconciled: async (_: string, ordinal: number) => (reconciled.has(ordinal) ? {} : null),
      },
    },
    changed: () => asked.push('changed'),
  } as unknown as WithdrawalNeeds & { node: ClusterNode };
  const part = (more: object = {}) =>
    withdrawPart(needs, tenant, source('cmdb', more) as unknown as ListedSourceView, 'ann');
  return { asked, documents, reconciled, part };
}

test('a source is withdrawn when it is listed no more and its last listing is in the inventory', async () => {
  const { asked, documents, reconciled, part } = played([source('other', { partition: 'branch' })]);
  expect(await part({ running: {} })).toEqual({ count: 0, isMore: true, waits: 'run' });
  expect(asked.splice(0)).toEqual([['int_cmdb', { enabled: false }, 'ann'], 'changed']);
  documents.push({ ordinal: 9, sender: 'agent/x', state: 'whole' });
  documents.push({ ordinal: 8, sender: 'source/int_cmdb', state: 'open' });
  documents.push({ ordinal: 7, sender: 'source/int_cmdb', state: 'whole' });
  expect(await part({ enabled: false })).toEqual({ count: 0, isMore: true, waits: 'document' });
  expect(asked).toEqual([]);
  reconciled.add(7);
  expect(await part({ enabled: false })).toEqual({ count: 7, isMore: false, waits: null });
  expect(asked).toEqual([['plant', 'netbox', 'ann', 'source cmdb is removed']]);
});

test('of two that tell in the same words none is withdrawn, and nothing is changed', async () => {
  const { asked, part } = played([source('second')]);
  await expect(part()).rejects.toMatchObject({
    code: 'source_shared',
    message: expect.stringContaining('second'),
  });
  expect(asked).toEqual([]);
});
