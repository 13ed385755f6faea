/**
 * The links of a node as people see them: one row for each, from what the link counts. For the declared procedure `links`
 * and whoever shows it; decides nothing.
 */
import { type FenceRule, nodeOf } from './fence.ts';
import type { Link } from './link.ts';

/** Counts are since the link is there. Frames are whole messages; those that went in parts count once, and in parts too. */
export interface LinkView {
  /** Of the peer; null before its hello. */
  readonly name: string | null;
  /** A node's role; `operator` for a command; null before the hello. */
  readonly role: string | null;
  readonly address: string;
  /** True when this side dialled. */
  readonly dialled: boolean;
  readonly state: 'greeting' | 'open' | 'retired';
  /** RFC 3339. */
  readonly since: string;
  readonly boot: number | null;
  readonly rttMs: number | null;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly partsIn: number;
  readonly partsOut: number;
  /** Casts and calls that were not taken, because too much waited. */
  readonly refused: number;
  /** Bytes that the network has not taken. */
  readonly queuedBytes: number;
  /** Other links to the peer whose place this one took, or which gave way to it. */
  readonly retired: number;
  /** The tenant whose node is at one end; null: the link is not fenced. */
  readonly tenant: string | null;
  /** What the peer was refused by the tenant fence, by rule, on this link and those before it. */
  readonly fenced: Readonly<Partial<Record<FenceRule, number>>>;
}

export function viewOfLink(link: Link, rttMs: number | null): LinkView {
  const { peer, counts } = link;
  const { framesIn, framesOut, bytesIn, bytesOut, partsIn, partsOut, refusedBusy } = counts;
  const { name, role } = described(link);
  return {
    name,
    role,
    address: peer?.address ?? link.address,
    dialled: link.dialled,
    state: peer === null ? 'greeting' : link.isRetired ? 'retired' : 'open',
    since: new Date(link.sinceWallMs).toISOString(),
    boot: peer?.greeting.boot ?? null,
    rttMs,
    framesIn,
    framesOut,
    bytesIn,
    bytesOut,
    partsIn,
    partsOut,
    refused: refusedBusy,
    queuedBytes: link.waitingBytes,
    retired: link.replaced,
    tenant: link.fence?.tenant ?? null,
    fenced: { ...link.fence?.refusals.byRule },
  };
}

function described({ peer }: Link): { name: string | null; role: string | null } {
  if (peer === null) return { name: null, role: null };
  const { identity } = peer;
  const node = nodeOf(identity);
  if (node !== null) return { name: node.name, role: node.role };
  return { name: identity.kind === 'tenant' ? identity.id : identity.name, role: identity.kind };
}
