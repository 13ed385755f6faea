/**
 * Which member a key belongs to: whether two nodes agree, how many keys move with a member, how evenly keys lie, and how
 * fast one is placed. Ours is rendezvous hashing; beside us the ring of consistent-hash, as it is and in two other manners.
 */
import { ownerOf } from '../cluster/index.ts';
import type { Bench, Figures, Running } from './bench.ts';
import { perSecond } from './ours/callers.ts';
import { loadRing } from './peers/consistent-hash.ts';

/** One node's idea of who owns what. */
export interface Ring {
  /** Null without members. */
  ownerOf(key: string): string | null;
  join(member: string): void;
  leave(member: string): void;
}

export type BuildRing = (members: readonly string[]) => Ring;

const members = ['core_1', 'core_2', 'core_3', 'core_4', 'core_5'];
const leaver = 'core_3';
const joiner = 'core_6';
const keys = Array.from({ length: 50_000 }, (_, n) => `tenant${n % 97}/default/check/${n}`);
/** Each key is placed so often, so that a round of the fastest takes more than a blink. */
const passes = 4;

export const buildOurs: BuildRing = (first) => {
  let now = first;
  return {
    ownerOf: (key) => ownerOf(key, now),
    join(member) {
      now = [...now, member];
    },
    leave(member) {
      now = now.filter((one) => one !== member);
    },
  };
};

/** All shares are of the 50,000 keys. */
export function sharesOf(build: BuildRing): Figures {
  const ring = build(members);
  const before = owners(ring);
  const alike = shareAlike(before, owners(build([...members].reverse())));
  ring.leave(leaver);
  const without = owners(ring);
  const alikeAfterLeave = shareAlike(without, owners(build(members.filter((one) => one !== leaver))));
  const grown = build(members);
  const beforeJoin = owners(grown);
  grown.join(joiner);
  return {
    alike_share: alike,
    alike_after_leave_share: alikeAfterLeave,
    moved_on_leave_share: 1 - shareAlike(before, without),
    moved_on_join_share: 1 - shareAlike(beforeJoin, owners(grown)),
    spread_max_over_mean: spread(before),
  };
}

function owners(ring: Ring): string[] {
  return keys.map((key) => {
    const owner = ring.ownerOf(key);
    if (owner === null) throw new Error(`${key} has no owner`);
    return owner;
  });
}

function shareAlike(left: readonly string[], right: readonly string[]): number {
  return left.filter((owner, at) => owner === right[at]).length / left.length;
}

function spread(placed: readonly string[]): number {
  const held = new Map<string, number>(members.map((member) => [member, 0]));
  for (const owner of placed) held.set(owner, held.get(owner)! + 1);
  return Math.max(...held.values()) / (placed.length / members.length);
}

function placedPerS(ring: Ring): number {
  const startMs = performance.now();
  for (let pass = 0; pass < passes; pass += 1) for (const key of keys) ring.ownerOf(key);
  return perSecond(passes * keys.length, performance.now() - startMs);
}

async function running(build: BuildRing): Promise<Running> {
  return {
    round: async () => ({ ...sharesOf(build), placed_per_s: placedPerS(build(members)) }),
    close: async () => {},
  };
}

export const placement: Bench = {
  name: 'placement',
  about: 'which of five members owns a key: agreement, movement, spread, speed, beside consistent-hash',
  figures: [
    { key: 'alike_share', better: 'more' },
    { key: 'alike_after_leave_share', better: 'more' },
    { key: 'moved_on_leave_share', better: 'neither' },
    { key: 'moved_on_join_share', better: 'neither' },
    { key: 'spread_max_over_mean', better: 'less' },
    { key: 'placed_per_s', better: 'more' },
  ],
  rounds: 9,
  contenders: [
    { name: 'ours', open: () => running(buildOurs) },
    { name: 'consistent-hash', open: async () => running(await loadRing('defaults')) },
    { name: 'consistent-hash-ordered', open: async () => running(await loadRing('ordered')) },
    { name: 'consistent-hash-rebuilt', open: async () => running(await loadRing('rebuilt')) },
  ],
};
