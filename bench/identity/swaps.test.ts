import { describe, expect, it } from 'vitest';
import { identity, identityFigures } from '../identity.ts';
import { openPriorityList } from './priority-list.ts';
import { openStrongUnion } from './strong-union.ts';
import { lostDevices, swapRounds } from './swaps.ts';

const plan = { seed: 3, devices: 500, rounds: 4, swapped: 0.2 };

describe('addresses that churn', () => {
  it('move a fifth of the devices a round, and no address is held by two', () => {
    let before: Map<number, string> | null = null;
    for (const { devices, updates } of swapRounds(plan)) {
      const now = new Map(devices.map((device, at) => [device, updates[at]!.ip!]));
      expect(new Set(now.values()).size).toBe(devices.length);
      const last = before;
      if (last !== null) {
        const known = devices.filter((device) => last.has(device));
        const moved = known.filter((device) => now.get(device) !== last.get(device)).length;
        expect(moved / known.length).toBeCloseTo(plan.swapped, 1);
      }
      before = now;
    }
    expect(before?.size).toBe(plan.devices);
  });
});

describe('a device is lost', () => {
  const of = (...rounds: (string | null)[][]) =>
    lostDevices(rounds.map((groups) => ({ devices: groups.map((_, at) => at), groups })));

  it('never, when each keeps an id of its own', () => {
    expect(of(['a', 'b'], ['a', 'b'])).toBe(0);
  });
  it('when its id changes, when it has none, and when it gets that of another', () => {
    expect(of(['a', 'b'], ['c', 'b'])).toBe(1);
    expect(of(['a', null], ['a', null])).toBe(1);
    expect(of(['a', 'a'], ['a', 'a'])).toBe(1);
    expect(of(['a', 'b'], ['b', 'a'])).toBe(2);
  });
});

describe('the bench of identity', () => {
  const size = { seed: 5, devices: 200, sightings: 2_000, tenants: 4, rounds: 10, swaps: plan };

  it('has a figure for whatever it names, and names whatever it has', () => {
    const named = identity().figures.map(({ key }) => key);
    const found = Object.keys(identityFigures(openStrongUnion, size));
    expect(named.filter((key) => !found.includes(key))).toEqual([
      'updates_per_s',
      'stored_updates_per_s',
      'steady_updates_per_s',
      'update_p50_ms',
      'update_p99_ms',
      'update_worst_ms',
      'bytes_per_device',
      'index_bytes_per_device',
      'conflicts',
      'tidy_conflicts',
    ]);
    expect(found.filter((key) => !named.includes(key))).toEqual([]);
  });
  it('loses devices to a list that matches by address, and none to one that does not', () => {
    expect(identityFigures(openPriorityList('common'), size).swap_devices_lost).toBeGreaterThan(0);
    expect(identityFigures(openPriorityList('strong'), size).swap_devices_lost).toBe(0);
  });
});
