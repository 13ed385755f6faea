/**
 * The packets of discovery by multicast, and what a node keeps of those that it hears. Pure. A packet holds a port and
 * no address: the host is the packet's sender, so nobody can make us dial a third party. One long text, read by one
 * pattern; whatever is longer than a packet of ours is not looked at.
 */
import { createHash } from 'node:crypto';
import { joinAddress } from '../address.ts';
import {
  gossipKeptMs,
  gossipPacketBytesMax,
  gossipPacketsPerS,
  gossipPortsPerSenderMax,
  hintsMax,
} from './limits.ts';

export interface GossipPacket {
  readonly kind: 'here' | 'leaving';
  /** Of the cluster's name: packets of another are passed over. */
  readonly tag: string;
  /** Of the sender's session: how it knows its own packets again. */
  readonly nonce: string;
  readonly port: number;
}

const pattern = /^picket1 (here|leaving) ([0-9a-f]{16}) ([0-9a-f]{8}) ([1-9]\d{0,4})$/;

export function writeGossip({ kind, tag, nonce, port }: GossipPacket): Uint8Array {
  return Buffer.from(`picket1 ${kind} ${tag} ${nonce} ${port}`, 'latin1');
}

/** Null for anything else than a packet of ours. */
export function readGossip(bytes: Uint8Array): GossipPacket | null {
  if (bytes.length > gossipPacketBytesMax) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const match = pattern.exec(text);
  const port = Number(match?.[4]);
  if (match === null || port > 65_535) return null;
  return { kind: match[1] as 'here' | 'leaving', tag: match[2]!, nonce: match[3]!, port };
}

export function gossipTag(cluster: string): string {
  return createHash('sha256').update(`picket gossip ${cluster}`).digest('hex').slice(0, 16);
}

export interface Heard {
  readonly tag: string;
  readonly nonce: string;
  /** By sender and port, when it was heard last: monotonic milliseconds. */
  readonly senders: Map<string, Map<number, number>>;
  addresses: number;
  /** When our own packet came back last. */
  echoMs: number;
  secondMs: number;
  packetsInSecond: number;
}

export function createHeard(tag: string, nonce: string, nowMs: number): Heard {
  return {
    tag,
    nonce,
    senders: new Map(),
    addresses: 0,
    echoMs: nowMs,
    secondMs: nowMs,
    packetsInSecond: 0,
  };
}

/** Takes one packet in; true when the addresses are others now. */
export function hear(heard: Heard, bytes: Uint8Array, sender: string, nowMs: number): boolean {
  if (nowMs - heard.secondMs >= 1_000) {
    heard.secondMs = nowMs;
    heard.packetsInSecond = 0;
  }
  heard.packetsInSecond += 1;
  if (heard.packetsInSecond > gossipPacketsPerS) return false;
  const packet = readGossip(bytes);
  if (packet === null || packet.tag !== heard.tag) return false;
  if (packet.nonce === heard.nonce) {
    heard.echoMs = nowMs;
    return false;
  }
  const ports = heard.senders.get(sender);
  if (packet.kind === 'leaving') return forget(heard, sender, packet.port);
  if (ports?.has(packet.port)) {
    ports.set(packet.port, nowMs);
    return false;
  }
  if (heard.addresses >= hintsMax || (ports?.size ?? 0) >= gossipPortsPerSenderMax) return false;
  if (ports === undefined) heard.senders.set(sender, new Map([[packet.port, nowMs]]));
  else ports.set(packet.port, nowMs);
  heard.addresses += 1;
  return true;
}

/** Lets go of what was not heard for `gossipKeptMs`; true when there was any. */
export function age(heard: Heard, nowMs: number): boolean {
  const before = heard.addresses;
  for (const [sender, ports] of heard.senders) {
    for (const [port, heardMs] of ports) if (nowMs - heardMs >= gossipKeptMs) forget(heard, sender, port);
  }
  return heard.addresses !== before;
}

export function addressesHeard({ senders }: Heard): string[] {
  return [...senders].flatMap(([sender, ports]) =>
    [...ports.keys()].map((port) => joinAddress(sender, port)),
  );
}

function forget(heard: Heard, sender: string, port: number): boolean {
  const ports = heard.senders.get(sender);
  if (!ports?.delete(port)) return false;
  heard.addresses -= 1;
  if (ports.size === 0) heard.senders.delete(sender);
  return true;
}
