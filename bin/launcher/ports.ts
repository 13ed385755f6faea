/**
 * Ports of a one-machine cluster: each node keeps its own over restarts, since others know it by its address; one that
 * was taken meanwhile is replaced before anything starts. Two clusters that start at once on a machine take different
 * ones: between choosing a port and its node's listening there is a database to start, so a number is claimed meanwhile.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { readJson, writeJson } from '../data-folder.ts';
import { CommandFailure } from '../failure.ts';
import { peerPortMax, peerPortMin, peerPortTries } from '../limits.ts';
import { ownerOfPort } from '../process-table.ts';

export async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Claims the number among the launchers of this machine for as long as this process lives, by the UDP port of that number, on
 * which nothing of ours listens: the TCP port stays free for the node. False: another launcher has it.
 */
async function claim(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = createSocket('udp4').unref();
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true));
  });
}

/** A port for each name, remembered in `file`. No two launchers of a machine that run at once are given the same. */
export async function portsFor(
  names: readonly string[],
  file: string,
  random: () => number,
): Promise<Map<string, number>> {
  const known = readJson<Record<string, number>>(file) ?? {};
  const ports = new Map<string, number>();
  const taken = new Set<number>();
  for (const name of names) {
    // What is no port of ours is as good as unknown.
    const before = known[name];
    let port = Number.isInteger(before) && before! > 0 && before! < 65_536 ? before! : 0;
    for (
      let tries = 0;
      port === 0 || taken.has(port) || !((await isFree(port)) && (await claim(port)));
      tries += 1
    ) {
      if (tries >= peerPortTries) throw new CommandFailure('no_port', 'no free port was found for a node');
      port = peerPortMin + Math.floor(random() * (peerPortMax - peerPortMin + 1));
    }
    ports.set(name, port);
    taken.add(port);
  }
  writeJson(file, { ...known, ...Object.fromEntries(ports) });
  return ports;
}

export async function requireFree(port: number): Promise<void> {
  if (await isFree(port)) return;
  const owner = ownerOfPort(port) ?? 'another process';
  throw new CommandFailure(
    'port_in_use',
    `port ${port} is in use by ${owner}: end it, or choose another with --http PORT`,
  );
}
