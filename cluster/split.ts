/**
 * Whether the network is split, as one node sees it: which members it lost to silence and cannot reach at all, against
 * those that it still has. Between membership's state and whoever is told; pure. A process that hangs still has its
 * connections taken by its host, and one that died refuses them, so neither is taken for a split; a host that lost its
 * power cannot be told from one that is cut off, and counts.
 */
import { splitSettleMs } from './limits.ts';
import { type MembershipState, notQuietMs } from './membership-peer.ts';

/** Both sides by name, sorted; this node is among `here`. */
export interface Split {
  readonly here: readonly string[];
  readonly there: readonly string[];
}

/** What membership shows now. `back`: of those told to be away, those that are linked again. `nowMs`: monotonic. */
export interface SplitLook {
  readonly type: 'look';
  readonly seen: Split | null;
  readonly back: readonly string[];
  readonly nowMs: number;
}

export type SplitEvent =
  /** Once for each split, and again when its sides have changed. */
  | { type: 'split'; split: Split }
  /** Nobody is cut off any more: `back` are those that are linked again with the same boot. */
  | { type: 'healed'; back: readonly string[]; lost: readonly string[] };

export interface SplitWatch {
  /** As it was last told; null: none. */
  readonly told: Split | null;
  readonly seen: Split | null;
  readonly seenSinceMs: number;
}

export const noSplit: SplitWatch = { told: null, seen: null, seenSinceMs: 0 };

export function splitIn({ self, peers, quietUntilMs }: MembershipState): Split | null {
  // Asked ten times a second, and mostly all peers are up and linked, as the tick before has seen.
  if (quietUntilMs !== notQuietMs || !isAnyCutOff(self, peers)) return null;
  const here = [self.name];
  const there: string[] = [];
  for (const { identity, status, cutOff } of peers.values()) {
    // A customer's network that is away is no split of ours.
    if (identity.tenant !== self.tenant) continue;
    if (status === 'up') here.push(identity.name);
    else if (status === 'down' && cutOff) there.push(identity.name);
  }
  return there.length === 0 ? null : { here: here.sort(), there: there.sort() };
}

function isAnyCutOff(self: MembershipState['self'], peers: MembershipState['peers']): boolean {
  for (const { identity, status, cutOff } of peers.values())
    if (cutOff && status === 'down' && identity.tenant === self.tenant) return true;
  return false;
}

export function lookFor(watch: SplitWatch, state: MembershipState, nowMs: number): SplitLook {
  const seen = splitIn(state);
  const away = seen === null ? (watch.told?.there ?? []) : [];
  return { type: 'look', seen, back: away.filter((name) => state.peers.get(name)?.status === 'up'), nowMs };
}

/** Members are lost one by one within seconds: what is told is the picture that has stood still for a moment. */
export function watchSplit(
  watch: SplitWatch,
  { seen, back, nowMs }: SplitLook,
): { state: SplitWatch; effects: SplitEvent[] } {
  if (!isSame(seen, watch.seen)) return { state: { ...watch, seen, seenSinceMs: nowMs }, effects: [] };
  if (isSame(seen, watch.told) || nowMs - watch.seenSinceMs < splitSettleMs)
    return { state: watch, effects: [] };
  const state = { ...watch, told: seen };
  if (seen !== null) return { state, effects: [{ type: 'split', split: seen }] };
  const away = watch.told?.there ?? [];
  return {
    state,
    effects: [{ type: 'healed', back, lost: away.filter((name) => !back.includes(name)) }],
  };
}

/** Nearly every look is one. */
export function isNoNews(watch: SplitWatch, { seen, nowMs }: SplitLook): boolean {
  if (!isSame(seen, watch.seen)) return false;
  return isSame(seen, watch.told) || nowMs - watch.seenSinceMs < splitSettleMs;
}

function isSame(one: Split | null, other: Split | null): boolean {
  if (one === null || other === null) return one === other;
  return one.there.join() === other.there.join() && one.here.join() === other.here.join();
}
