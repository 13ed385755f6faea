import { setTimeout as later } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../runtime/index.ts';
import { PeerAbsent } from './bench.ts';
import { confirm, type Issuing, ourIssuing } from './issue.ts';
import { loadRing } from './peers/consistent-hash.ts';
import { forgeIssuing } from './peers/forge.ts';
import { installed } from './peers/installed.ts';
import { type BuildRing, buildOurs, sharesOf } from './placement.ts';
import { longestStallMs } from './stall.ts';

describe('a peer that is a package', () => {
  it('is absent with a reason when it is not installed', async () => {
    const missing: string = 'picket-has-no-such-package';
    const loading = installed(missing, () => import(missing));
    await expect(loading).rejects.toThrow(PeerAbsent);
    await expect(loading).rejects.toThrow(`${missing} is not installed`);
  });
  it('fails as it fails when it is installed and broken', async () => {
    const broken = new TypeError('broken');
    await expect(installed('x', () => Promise.reject(broken))).rejects.toBe(broken);
  });
});

describe('the shares of placed keys', () => {
  it('of ours: all alike, and a member moves its own keys alone', () => {
    const shares = sharesOf(buildOurs);
    expect(shares).toMatchObject({ alike_share: 1, alike_after_leave_share: 1 });
    expect(shares.moved_on_leave_share).toBeCloseTo(1 / 5, 1);
    expect(shares.moved_on_join_share).toBeCloseTo(1 / 6, 1);
    expect(shares.spread_max_over_mean).toBeGreaterThanOrEqual(1);
  });
  it('of a ring that gives everything to the member that was there first', () => {
    const first: BuildRing = (given) => {
      const members = [...given];
      return {
        ownerOf: () => members[0] ?? null,
        join: (member) => void members.unshift(member),
        leave: (member) => void members.splice(members.indexOf(member), 1),
      };
    };
    expect(sharesOf(first)).toEqual({
      alike_share: 0,
      alike_after_leave_share: 1,
      moved_on_leave_share: 0,
      moved_on_join_share: 1,
      spread_max_over_mean: 5,
    });
  });
  it('are not to be had of a ring that leaves a key without owner', () => {
    const nobody: BuildRing = () => ({ ownerOf: () => null, join() {}, leave() {} });
    expect(() => sharesOf(nobody)).toThrow('has no owner');
  });
  it('of consistent-hash depend on how it is used', async () => {
    const [defaults, ordered, rebuilt] = [
      sharesOf(await loadRing('defaults')),
      sharesOf(await loadRing('ordered')),
      sharesOf(await loadRing('rebuilt')),
    ];
    expect(defaults.alike_share).toBeLessThan(1);
    expect(ordered.alike_share).toBe(1);
    expect(ordered.alike_after_leave_share).toBeLessThan(1);
    expect(rebuilt).toMatchObject({ alike_share: 1, alike_after_leave_share: 1 });
    expect(rebuilt.moved_on_leave_share).toBeGreaterThan(ordered.moved_on_leave_share!);
  });
});

describe('an issued leaf', () => {
  const both: [string, () => Promise<Issuing>][] = [
    ['ours', () => ourIssuing(systemClock())],
    ['node-forge', () => forgeIssuing('bench.example', systemClock())],
  ];
  it.each(both)('of %s is confirmed by its issuer, and by no other; its key is its own', async (_, open) => {
    const [issuing, other] = await Promise.all([open(), open()]);
    const leaf = await issuing.newLeaf('core_1');
    confirm(issuing.issuerPem, leaf);
    expect(() => confirm(other.issuerPem, leaf)).toThrow('not issued by');
    const { privateKeyPem } = await issuing.newLeaf('core_1');
    expect(() => confirm(issuing.issuerPem, { ...leaf, privateKeyPem })).toThrow('not that of');
  });
});

describe('the longest stall', () => {
  const blockMs = 30;
  const block = () => {
    const untilMs = performance.now() + blockMs;
    while (performance.now() < untilMs);
  };
  it('is that of the work, wherever in it the loop was blocked', async () => {
    const inTheMiddle = async () => {
      await later(5);
      block();
      await later(5);
    };
    const atItsEnd = async () => {
      await later(5);
      block();
    };
    // The timer may have been about to come when the blocking began, so one of its ticks is not counted.
    expect(await longestStallMs(inTheMiddle)).toBeGreaterThan(blockMs - 2);
    expect(await longestStallMs(atItsEnd)).toBeGreaterThan(blockMs - 2);
  });
  it('lets a failure of the work through', async () => {
    await expect(longestStallMs(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });
});
