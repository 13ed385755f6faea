import { expect, test } from 'vitest';
import { readUpdate } from './read-update.ts';
import { Reconciler } from './reconciler.ts';

function taken(updates: readonly object[], size: number): Reconciler {
  const reconciler = new Reconciler(() => 'random');
  const all = updates.map((update, at) => {
    const read = readUpdate({ source: 'snmp', timestamp: '2026-01-01T00:00:00Z', ...update }, 0);
    if ('error' in read) throw new Error(read.error);
    return { line: at + 1, observation: read.observation };
  });
  for (let at = 0; at < all.length; at += size) reconciler.apply(all.slice(at, at + size));
  return reconciler;
}

const mac = (n: number) => `001B22${n.toString(16).padStart(6, '0')}`;
const common = { mac: '001B21000001' };
const both = [common, { mac: '001B21000002' }];
const devicesOf = (reconciler: Reconciler) => reconciler.partition('default').inventory.records.size;

test.each([1, 400])(
  'of very many that claim two MACs none is compared with all others, in batches of %i',
  (size) => {
    const updates = Array.from({ length: 400 }, (_, n) => ({ interfaces: [...both, { mac: mac(n) }] }));
    const reconciler = taken(updates, size);
    expect(reconciler.partition('default').book.find('mac', '', common.mac)!.isShared).toBe(true);
    expect(devicesOf(reconciler)).toBeGreaterThanOrEqual(400);
  },
);

test('a MAC that very many devices of different kinds have is shared, whatever else agrees', () => {
  const updates = Array.from({ length: 400 }, (_, n) => ({
    ...common,
    ip: '10.0.0.1',
    metadata: { integration_id: '1', integration_type: `type ${n}` },
  }));
  const reconciler = taken(updates, 100);
  expect(reconciler.partition('default').book.find('mac', '', common.mac)!.isShared).toBe(true);
  expect(devicesOf(reconciler)).toBeGreaterThanOrEqual(400);
});

test('evidence with a long table weighs as much as it takes', () => {
  const short = taken([{ interfaces: both }], 1).partition('default').book.weight;
  const long = taken([{ interfaces: Array.from({ length: 4_000 }, (_, n) => ({ mac: mac(n) })) }], 1);
  expect(short).toBe(1);
  expect(long.partition('default').book.weight).toBe(501);
});
