/**
 * Hosts on one network, as network namespaces around a bridge in one more: the machine's own network is not touched. Needs
 * root and `ip`.
 */
import { execFileSync } from 'node:child_process';

/** Why there can be no namespaces here; null when there can. */
export const namespacesMissing = missing();

function missing(): string | null {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const name = `picket-try-${process.pid}`;
  try {
    execFileSync('ip', ['netns', 'add', name], { stdio: 'pipe' });
    try {
      // A kernel may know namespaces and have no bridges or no pairs of interfaces to put into them.
      for (const what of [
        ['port', 'type', 'veth', 'peer', 'name', 'eth0'],
        ['hub', 'type', 'bridge'],
      ])
        execFileSync('ip', ['-n', name, 'link', 'add', ...what], { stdio: 'pipe' });
    } finally {
      execFileSync('ip', ['netns', 'del', name], { stdio: 'pipe' });
    }
    return null;
  } catch (error) {
    return `no network namespaces: ${(error as Error).message.split('\n')[0]}`;
  }
}

export interface Network {
  /** The command in front of one that runs on that host, which has 10.80.0.N and fd80::N on `eth0`. */
  on(host: number): readonly string[];
  /** Nothing gets from one host to another any more. */
  cut(): void;
  mend(): void;
  /** The host's interface is gone. */
  unplug(host: number): void;
  plug(host: number): void;
  close(): void;
}

export function network(hosts: number): Network {
  const prefix = `picket-${process.pid}`;
  const hub = `${prefix}-hub`;
  const nameOf = (host: number) => `${prefix}-${host}`;
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
  const made: string[] = [];
  const add = (name: string) => {
    ip('netns', 'add', name);
    made.push(name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
  };
  const plug = (host: number) => {
    const name = nameOf(host);
    ip('-n', hub, 'link', 'add', `port${host}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    ip('-n', hub, 'link', 'set', `port${host}`, 'master', 'bridge', 'up');
    ip('-n', name, 'address', 'add', `10.80.0.${host}/24`, 'dev', 'eth0');
    ip('-n', name, 'address', 'add', `fd80::${host}/64`, 'dev', 'eth0', 'nodad');
    ip('-n', name, 'link', 'set', 'eth0', 'up');
  };
  const close = () => {
    for (const name of made.splice(0)) ip('netns', 'del', name);
  };
  try {
    add(hub);
    ip('-n', hub, 'link', 'add', 'bridge', 'type', 'bridge');
    ip('-n', hub, 'link', 'set', 'bridge', 'up');
    for (let host = 1; host <= hosts; host += 1) {
      add(nameOf(host));
      plug(host);
    }
  } catch (error) {
    close();
    throw error;
  }
  return {
    on: (host) => ['ip', 'netns', 'exec', nameOf(host)],
    cut: () => void ip('-n', hub, 'link', 'set', 'bridge', 'down'),
    mend: () => void ip('-n', hub, 'link', 'set', 'bridge', 'up'),
    unplug: (host) => void ip('-n', nameOf(host), 'link', 'del', 'eth0'),
    plug,
    close,
  };
}
