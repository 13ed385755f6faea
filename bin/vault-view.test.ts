import { expect, test } from 'vitest';
import type { ArchiveKey, KeyRing, KeyState, NotedKey, TenantSealed } from '../store/index.ts';
import { inUse, vaultView } from './vault-view.ts';

const madeAtMs = Date.parse('2026-11-21T17:00:00.000Z');
const ringOf = (states: Record<string, KeyState>): KeyRing => {
  const keys = Object.entries(states).map(([id, state]) => ({
    id,
    state,
    madeAtMs,
    bytes: Buffer.alloc(32),
  }));
  return {
    file: 'f',
    keys,
    current: () => keys.find(({ state }) => state === 'active')!,
    byId: (id) => keys.find((key) => key.id === id)!,
  };
};
const noted = (id: string, endedAtMs: number | null): NotedKey => ({
  id,
  proof: '',
  notedAtMs: 1,
  beganAtMs: madeAtMs,
  endedAtMs,
  resealed: 7,
  unreadable: 0,
});
const sealed = (tenant: string, key: string, values: number, lookups = values): TenantSealed => ({
  tenant,
  tenantId: `${tenant}-id`,
  counts: [{ key, values, lookups }],
});
const ring = ringOf({ a: 'retired', b: 'old', c: 'active', d: 'next' });
const archives: ArchiveKey[] = [
  { archive: 'x', key: 'b', error: null },
  { archive: 'y', key: 'lost', error: null },
];

test('each key is shown with what needs it, and one that is needed and not in the ring as missing', () => {
  const changes = [{ atMs: madeAtMs, who: 'ann', event: 'rotate', key: 'c' }] as const;
  const census = [sealed('acme', 'b', 3), sealed('beta', 'b', 2), sealed('beta', 'c', 5)];
  const view = vaultView({ ring, noted: [noted('b', 1), noted('c', null)], census, archives, changes });
  const shown = view.keys.map(({ id, state, values, archives: kept }) => [id, state, values, kept]);
  expect(shown).toEqual([
    ['a', 'retired', 0, 0],
    ['b', 'old', 5, 1],
    ['c', 'active', 5, 0],
    ['d', 'next', 0, 0],
    ['lost', 'missing', 0, 1],
  ]);
  expect(view.keys[1]!.tenants.map(({ tenant }) => tenant)).toEqual(['acme', 'beta']);
  expect(view.rotation).toEqual({
    key: 'c',
    began_at: '2026-11-21T17:00:00.000Z',
    ended_at: null,
    resealed: 7,
    left: 5,
    unreadable: 0,
  });
  expect(view.changes).toEqual([{ at: '2026-11-21T17:00:00.000Z', who: 'ann', event: 'rotate', key: 'c' }]);
  expect(JSON.stringify(view)).not.toContain(Buffer.alloc(32).toString('base64').slice(0, 20));
});

const shown = ({ noted }: { noted: NotedKey[] }) =>
  vaultView({ ring, noted, census: [], archives: [], changes: [] });

test('where nothing was sealed there is no rotation, and one that no core has begun says so', () => {
  expect(shown({ noted: [] }).rotation).toBeNull();
  expect(shown({ noted: [noted('b', 1)] }).rotation).toMatchObject({
    began_at: null,
    ended_at: null,
  });
});

test('a key that something needs is not retired, and the reason is told', () => {
  const view = (census: TenantSealed[], of = archives) =>
    vaultView({ ring, noted: [noted('c', 2)], census, archives: of, changes: [] });
  expect(inUse(view([]), 'c', 0, true)).toContain('seals what is new');
  expect(inUse(view([]), 'd', 0, true)).toContain('has sealed nothing yet');
  expect(inUse(view([]), 'lost', 0, true)).toContain('there is no key');
  expect(inUse(view([sealed('acme', 'b', 1)]), 'b', 0, true)).toContain(
    '1 values are sealed with "b" (acme)',
  );
  expect(inUse(view([]), 'b', 3, true)).toContain('3 users');
  expect(inUse(view([]), 'b', 0, false)).toContain('1 archives open with "b"');
  expect(inUse(view([]), 'b', 0, true)).toBeNull();
  expect(inUse(view([sealed('acme', 'b', 0, 4)], []), 'b', 0, false)).toBeNull();
  const broken = [{ archive: 'z', key: null, error: 'it is cut' }];
  expect(inUse(view([], broken), 'b', 0, false)).toContain('of 1 it cannot be read');
});
