/**
 * Ports of a one-machine cluster: each node keeps its own over restarts, since others know it by its address; one that
 * was taken meanwhile is replaced before anything starts.
 */
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

/** A port for each name, remembered in `file`. */
export async function portsFor(
  names: readonly string[],
  file: string,
  random: () => number,
): Promise<Map<string, number>> {
  const known = readJson<Record<string, number>>(file) ?? {};
  const ports = new Map<string, number>();
  for (const name of names) {
    // What is no port of ours is as good as unknown.
    const before = known[name];
    let port = Number.isInteger(before) && before! > 0 && before! < 65_536 ? before! : 0;
    for (
      let tries = 0;
      port === 0 || [...ports.values()].includes(port) || !(await isFree(port));
      tries += 1
    ) {
      if (tries >= peerPortTries) throw new CommandFailure('no_port', 'no free port was found for a node');
      port = peerPortMin + Math.floor(random() * (peerPortMax - peerPortMin + 1));
    }
    ports.set(name, port);
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
