/**
 * What the kernel has counted on the connections of some nodes: bytes of TCP, so with TLS and without the heads of
 * packets. Reads the output of `ss` (iproute2). Between a bench and the system.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface LinkBytes {
  readonly links: number;
  /** Of both directions, since each connection is there. */
  readonly bytes: number;
}

/** The connections that were made to these ports of this machine. */
export async function readLinkBytes(ports: readonly number[]): Promise<LinkBytes> {
  const { stdout } = await promisify(execFile)('ss', ['-tinHO', 'state', 'established']);
  return linkBytesOf(stdout, ports);
}

/**
 * `text`: of `ss -tinHO state established`, one connection a line (queues, local, peer, then `name:value` words). Only the
 * side that took a connection counts, so one on loopback counts once. Throws when a connection has no counts.
 */
export function linkBytesOf(text: string, ports: readonly number[]): LinkBytes {
  let links = 0;
  let bytes = 0;
  for (const line of text.split('\n')) {
    const local = line.trim().split(/\s+/)[2];
    if (local === undefined || !ports.includes(Number(local.slice(local.lastIndexOf(':') + 1)))) continue;
    const received = /\bbytes_received:(\d+)/.exec(line);
    // Absent while nothing was sent.
    const sent = /\bbytes_sent:(\d+)/.exec(line);
    if (received === null && sent === null) throw new Error(`ss counts no bytes: ${line}`);
    links += 1;
    bytes += Number(received?.[1] ?? 0) + Number(sent?.[1] ?? 0);
  }
  return { links, bytes };
}
