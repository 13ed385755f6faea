import { expect, test } from 'vitest';
import { fencedDeltaEntriesMax, removalsKeptMax } from './limits.ts';
import { ownerOf } from './placement.ts';
import { heldBeside, type RegistryEvent, stepRegistry } from './registry.ts';
import type { RegistryPut } from './registry-local.ts';
import { createRegistry, type RegistryState } from './registry-state.ts';

const create = (node: string, boot = 1) =>
  createRegistry({ node, boot, ownerAmong: (key, nodes) => ownerOf(key, nodes)! });
const key = (id: string) => ({ tenant: 'acme', partition: 'default', kind: 'check', id });
const put = (id: string): RegistryPut => ({
  key: key(id),
  ref: `ref ${id}`,
  metadata: null,
  supervised: false,
});
const step = (state: RegistryState, event: RegistryEvent) => stepRegistry(state, event).effects;
const flush = (state: RegistryState) =>
  step(state, { type: 'flush' }).flatMap((effect) => (effect.type === 'broadcast' ? [effect.delta] : []));

test("a registry gets what a tenant's node tells in parts that a turn has room for", () => {
  const a = create('abcdefghijkl.a');
  step(a, { type: 'link_up', peer: 'core_1', tenant: 'abcdefghijkl' });
  const puts = Array.from({ length: fencedDeltaEntriesMax * 2 + 1 }, (_, i) => put(`a${i}`));
  step(a, { type: 'put_many', puts, nowMs: 1 });
  expect(flush(a).map(({ from, to, puts }) => [from, to, puts.length])).toEqual([
    [0, 100, 100],
    [100, 200, 100],
    [200, 201, 1],
  ]);
});

test("the whole of a tenant's node is told in one, whatever was given up before", () => {
  const a = create('abcdefghijkl.a');
  for (let i = 0; i < removalsKeptMax * 2 + 1; i++) {
    step(a, { type: 'put', put: put('gone'), nowMs: 1 });
    step(a, { type: 'remove', key: key('gone') });
  }
  const puts = Array.from({ length: fencedDeltaEntriesMax * 3 }, (_, i) => put(`a${i}`));
  step(a, { type: 'put_many', puts, nowMs: 1 });
  const told = step(a, { type: 'link_up', peer: 'core_1', tenant: 'acme' }).flatMap((effect) =>
    effect.type === 'send_delta' ? [effect.delta] : [],
  );
  expect(told.map((delta) => [delta.whole === delta.to, delta.puts.length])).toEqual([[true, 300]]);
});

test('it is counted what a delta adds: names that are told again and those of a former life are none', () => {
  const [a, b] = [create('core_1', 2), create('core_2')];
  step(a, { type: 'put_many', puts: [put('x'), put('y'), put('z')], nowMs: 1 });
  for (const delta of flush(a)) step(b, { type: 'delta', peer: 'core_1', delta });
  step(a, { type: 'update', key: key('x'), metadata: { n: 1 } });
  step(a, { type: 'put', put: put('new'), nowMs: 1 });
  const [delta] = flush(a);
  expect(heldBeside(b, delta!)).toBe(2);
  expect(heldBeside(b, { ...delta!, boot: 3 })).toBe(0);
  expect(heldBeside(b, { ...delta!, origin: 'core_9' })).toBe(0);
});
