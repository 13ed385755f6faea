import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSmallMetadata, mayExportRef, mayNameRef, mayTakeNames } from './fence-payload.ts';
import { fencedNamesMax } from './limits.ts';
import { tenantOfNode } from './names.ts';
import type { PutRow } from './registry-wire.ts';

const tenant = 'abcdefghijkl';
const other = 'bbcdefghijkl';
const near = { node: 'core_1', boot: 5 };
const far = { node: `${tenant}.p`, boot: 7 };
const nodes = ['core_1', 'core_2', far.node, `${tenant}.q`, `${other}.p`];
const refs = fc.tuple(fc.constantFrom(...nodes), fc.nat(9), fc.nat(20));

test('a ref that it names is its own, its tenant’s, or one that it was given', () => {
  const may = fc.record({ address: fc.boolean(), exported: fc.boolean() });
  fc.assert(
    fc.property(refs, may, ([node, boot, id], { address, exported }) => {
      const question = { tenant, near, far, mayAddress: () => address, isExported: () => exported };
      if (!mayNameRef(question, node, boot, id)) return;
      expect(node).not.toBe(`${other}.p`);
      if (node === 'core_1') expect([boot, address]).toEqual([5, true]);
      if (node === 'core_2') expect(exported).toBe(true);
      if (node === far.node) expect(boot).toBe(7);
    }),
  );
});

test('no ref of another tenant is sent to it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...nodes), fc.constantFrom(null, tenant, other), (node, label) => {
      const belongs = tenantOfNode(node) ?? label;
      expect(mayExportRef(tenant, node, label)).toBe(belongs === null || belongs === tenant);
    }),
  );
});

const row = (id: number, kind = 'poller', metadata: unknown = {}): PutRow => [
  ...(['default', kind, `n${id}`, null, metadata, id + 1, 1, false] as const),
];
const delta = (puts: readonly PutRow[], whole = 0, from = 0) => {
  return { origin: far.node, boot: 7, tenant, from, to: 2_000, whole, puts, removals: [] };
};
const many = (count: number) => Array.from({ length: count }, (_, id) => row(id));

test('it holds names of the kinds that were granted, and so many', () => {
  const holds = ['poller', 'topic'];
  expect(mayTakeNames(delta([row(1)]), holds, 0)).toBe(true);
  expect(mayTakeNames(delta([row(1, 'scheduler')]), holds, 0)).toBe(false);
  expect(mayTakeNames(delta([row(1, 'poller', { a: { b: 1 } })]), holds, 0)).toBe(false);
  expect(mayTakeNames(delta(many(fencedNamesMax)), holds, 0)).toBe(true);
  expect(mayTakeNames(delta(many(fencedNamesMax)), holds, 1)).toBe(false);
  expect(mayTakeNames(delta([row(1)]), holds, fencedNamesMax)).toBe(false);
});

test('a whole shard is told in one piece', () => {
  expect(mayTakeNames(delta(many(3), 2_000), ['poller'], fencedNamesMax)).toBe(true);
  expect(mayTakeNames(delta(many(3), 3_000), ['poller'], 0)).toBe(false);
  expect(mayTakeNames(delta(many(3), 2_000, 1), ['poller'], 0)).toBe(false);
});

test('metadata that is taken is flat and bounded, whatever it was', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      if (!isSmallMetadata(value)) return;
      for (const one of Object.values(value as object)) {
        expect(one === null || typeof one !== 'object' || Array.isArray(one)).toBe(true);
        expect(typeof one).not.toBe('function');
      }
      expect(JSON.stringify(value).length).toBeLessThan(3_000_000);
    }),
  );
  expect(isSmallMetadata({ status: 'available', partitions: [], capabilities: ['tcp'], slots: 1 })).toBe(
    true,
  );
  expect(isSmallMetadata({ a: 'x'.repeat(129) })).toBe(false);
  expect(isSmallMetadata({ a: [1] })).toBe(false);
  expect(isSmallMetadata(Object.fromEntries(Array.from({ length: 17 }, (_, at) => [at, 1])))).toBe(false);
});
