/**
 * What a node says of itself in its hello, and how the other end reads it. Between the link and the codec; the frame
 * around it has the protocol's version, and name and role are in the certificate.
 */
import type { PeerIdentity } from '../certs/index.ts';
import { readAddress } from './address.ts';
import type { Codec } from './codec.ts';
import { ClusterError } from './errors.ts';
import type { NodeOfPeer } from './fence.ts';
import { protocolVersion, protocolVersionMin } from './frame-layout.ts';
import { greetingKnowsMax } from './limits.ts';

export interface Greeting {
  boot: number;
  /** Where others reach it; empty for an operator's command. */
  address: string;
  pid: number;
  /** Peers that it knows: hints, no more. */
  knows: readonly string[];
}

/** What one end tells the other of a link itself. */
export interface LinkNumbers {
  /** The number that the sender gave to the link: of several that one side dialled, both ends keep the same. */
  readonly link: number;
  /** How many links between the two nodes were lost before it, as far as the sender knows: the higher count holds. */
  readonly lost: number;
}

export interface LinkGreeting extends Greeting, LinkNumbers {}

/** Who is at the other end: by the certificate, and what it says beside. */
export interface LinkPeer {
  readonly identity: PeerIdentity;
  /** What the identity is in the cluster; null: it is no node, such as an operator's command. */
  readonly node: NodeOfPeer | null;
  /** Of the certificate that it showed when the link began. */
  readonly serial: string;
  readonly greeting: LinkGreeting;
  readonly address: string;
}

/** Null: there is a version that both speak. */
export function versionSkew(version: number, versionMin: number): string | null {
  if (version >= protocolVersionMin && versionMin <= protocolVersion) return null;
  return `peer speaks ${versionMin} to ${version}, we speak ${protocolVersionMin} to ${protocolVersion}`;
}

/** A text is what is wrong with it. */
export function readGreeting(codec: Codec, payload: Uint8Array, boot: number): LinkGreeting | string {
  let value: unknown;
  try {
    value = codec.decode(payload);
  } catch (error) {
    return error instanceof ClusterError ? error.message : 'unreadable';
  }
  if (typeof value !== 'object' || value === null) return 'not an object';
  const { address, pid, knows, link, lost } = value as Partial<LinkGreeting>;
  // Empty: an operator's command, which nobody dials. Others dial what stands here.
  if (typeof address !== 'string' || (address !== '' && readAddress(address) === null)) return 'address';
  if (!Number.isInteger(pid)) return 'pid';
  if (!Number.isInteger(link)) return 'link';
  if (!Number.isInteger(lost)) return 'lost';
  if (!Array.isArray(knows) || knows.length > greetingKnowsMax) return 'knows';
  if (knows.some((one) => typeof one !== 'string')) return 'knows';
  return {
    boot,
    address,
    pid: pid as number,
    knows: knows as string[],
    link: link as number,
    lost: lost as number,
  };
}
