import { expect, test } from 'vitest';
import type { LinkView } from '../cluster/index.ts';
import { peersShownMax } from './limits.ts';
import { LinkSums } from './link-sums.ts';

const link = (over: Partial<LinkView>): LinkView => ({
  ...{
    name: 'core_1',
    role: 'core',
    address: '',
    dialled: true,
    state: 'open',
    since: 'monday',
    boot: 1,
    rttMs: 1,
  },
  ...{
    framesIn: 0,
    framesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    partsIn: 0,
    partsOut: 0,
    refused: 0,
    queuedBytes: 0,
  },
  ...{ retired: 0, tenant: null, fenced: {} },
  ...over,
});

test('what went over a peer never shrinks, whichever link it goes over', () => {
  const sums = new LinkSums();
  sums.look([link({ bytesIn: 10 })]);
  sums.look([link({ bytesIn: 15 })]);
  sums.look([]);
  sums.look([link({ since: 'tuesday', bytesIn: 4 })]);
  expect(sums.byPeer.get('core_1')!.bytesIn).toBe(19);
});

test('nodes of tenants are one peer, commands another, and so many names have a series', () => {
  const sums = new LinkSums();
  sums.look([
    link({ name: 'abc.evil', tenant: 'abc', bytesIn: 1 }),
    link({ name: 'bcd.evil', tenant: 'bcd', bytesIn: 2 }),
    link({ name: 'ann', role: 'operator', bytesIn: 4 }),
    ...Array.from({ length: 3 * peersShownMax }, (_, at) => link({ name: `agent_${at}`, bytesIn: 1 })),
  ]);
  expect([sums.byPeer.get('tenants')!.bytesIn, sums.byPeer.get('operators')!.bytesIn]).toEqual([3, 4]);
  expect(sums.byPeer.size).toBeLessThanOrEqual(peersShownMax + 4);
  const all = [...sums.byPeer.values()].reduce((sum, { bytesIn }) => sum + bytesIn, 0);
  expect(all).toBe(7 + 3 * peersShownMax);
});

test('a refusal is counted once, though the fence counts on over the links of a peer', () => {
  const sums = new LinkSums();
  const evil = (since: string, target: number) =>
    link({ name: 'abc.evil', tenant: 'abc', since, fenced: { target } });
  sums.look([evil('monday', 3)]);
  sums.look([]);
  sums.look([evil('tuesday', 5)]);
  expect(sums.refusedByRule).toEqual({ target: 5 });
});
