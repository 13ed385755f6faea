/** Devices of which nothing is known but an address, said to be one: by a person's alias, or a person's merge. */
import { expect, test } from 'vitest';
import { alias, mergeByHand, unmerge } from './commands.ts';
import { finalState } from './final-state.ts';
import { readUpdate } from './read-update.ts';
import { newTouched, Reconciler } from './reconciler.ts';
import { restore, snapshot } from './snapshot.ts';

function world() {
  const reconciler = new Reconciler(() => 'sr:random');
  let line = 0;
  const devices = () => reconciler.partition('default');
  /** The id of what was seen, in a batch of its own. */
  const see = (ip: string, minute: number, more: object = {}): string => {
    const timestamp = new Date(1_767_225_600_000 + minute * 60_000).toISOString();
    const read = readUpdate({ source: 'snmp', ip, timestamp, ...more }, 0);
    if ('error' in read) throw new Error(read.error);
    line += 1;
    return reconciler.apply([{ line, observation: read.observation }])[0]!.deviceId!;
  };
  const state = (of: Reconciler) => finalState(of.partitions.values(), 0);
  return {
    see,
    alias: (ip: string, id: string) => alias(devices(), ip, id, newTouched(), null),
    merge: (into: string, from: string) => mergeByHand(devices(), into, from, newTouched(), null),
    unmerge: (id: string) => unmerge(devices(), id, newTouched(), null),
    /** As it is, and as it is read back. */
    state() {
      const again = new Reconciler(() => 'sr:random');
      restore(JSON.parse(JSON.stringify([...snapshot(reconciler)])), again);
      expect(state(again)).toEqual(state(reconciler));
      return state(reconciler);
    },
    ids: () => state(reconciler).devices.map(({ id }) => id),
  };
}

const strong = { metadata: { armis_device_id: 'a1' } };

test('an alias that a person says merges what stands at it into what stands at another address, and never the other way', () => {
  for (const first of ['10.0.0.1', '10.0.0.2']) {
    const { see, alias, state, ids } = world();
    see(first, 0);
    const [gone, kept] = [see('10.0.0.1', 1), see('10.0.0.2', 2)];
    expect(alias('10.0.0.1', kept)).toMatchObject({ id: kept });
    expect(ids()).toEqual([kept]);
    expect(state().merges).toMatchObject([
      { what: 'merge', from: gone, to: kept, reason: 'ip_alias_conflict', evidence: ['ip:10.0.0.1'] },
    ]);
    // And is still so when either is seen again.
    expect([see('10.0.0.1', 3), see('10.0.0.2', 4)]).toEqual([kept, kept]);
    expect(ids()).toEqual([kept]);
    expect(state().merges).toHaveLength(1);
  }
});

test('a person merges one into the other, and unmerge gives it back as it was', () => {
  const { see, merge, unmerge, state, ids } = world();
  const [kept, gone] = [see('10.0.0.1', 0), see('10.0.0.2', 1)];
  expect(merge(kept, gone)).toMatchObject({ id: kept });
  expect(see('10.0.0.2', 2)).toBe(kept);
  expect(ids()).toEqual([kept]);
  expect(unmerge(gone)).toMatchObject({ id: gone });
  expect(ids().sort()).toEqual([kept, gone].sort());
  expect(see('10.0.0.2', 3)).toBe(gone);
  expect(state().merges.map(({ what }) => what)).toEqual(['merge', 'separation']);
});

test('what was merged goes along when what it was merged into is another device’s', () => {
  const { see, alias, state, ids } = world();
  const [one, two, three] = [see('10.0.0.1', 0), see('10.0.0.2', 1), see('10.0.0.3', 2)];
  alias('10.0.0.1', two);
  alias('10.0.0.2', three);
  expect(ids()).toEqual([three]);
  expect([see('10.0.0.1', 3), see('10.0.0.2', 4)]).toEqual([three, three]);
  // Whoever has the address as its own is the device of all of it.
  const found = see('10.0.0.3', 5, strong);
  expect(ids()).toEqual([found]);
  expect([see('10.0.0.1', 6), see('10.0.0.2', 7), see('10.0.0.3', 8)]).toEqual([found, found, found]);
  const into = new Map(state().merges.map(({ from, to }) => [from, to]));
  expect([one, two].every((id) => into.has(id))).toBe(true);
});

test('an address is no alias of what stands by it, and two that are each other’s end', () => {
  const { see, alias, state, ids } = world();
  const [one, two] = [see('10.0.0.1', 0), see('10.0.0.2', 1)];
  expect(alias('10.0.0.1', one)).toMatchObject({ id: one });
  expect(ids().sort()).toEqual([one, two].sort());
  alias('10.0.0.1', two);
  alias('10.0.0.2', one);
  expect(ids()).toEqual([two]);
  expect([see('10.0.0.1', 2), see('10.0.0.2', 3)]).toEqual([two, two]);
  state();
});
