/**
 * The networks of docker/compose.yaml as bridges in a namespace, and each service as a namespace with an interface in each of
 * its networks. Needs root and `ip`. Not a test.
 */
import { execFileSync } from 'node:child_process';
import type { ComposeFile } from '../docker/compose-file.ts';

export interface Networks {
  /** By network. */
  addressesOf(name: string): Readonly<Record<string, string>>;
  /** The command in front of one that runs in that service's namespace. */
  on(name: string): readonly string[];
  /** Lines of a hosts file: each service that shares a network has there the address in it. */
  hostsOf(name: string): string;
  close(): void;
}

export function composeNetworks(file: ComposeFile, names: readonly string[]): Networks {
  const prefix = `picket-c${process.pid}`;
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
  const spaces: string[] = [];
  const networks = [...new Set(names.flatMap((name) => file.services[name]!.networks!))];
  const spaceOf = (name: string) => `${prefix}-${names.indexOf(name)}`;
  const addressesOf = (name: string) => {
    const own = file.services[name]!.networks!;
    const at = names.indexOf(name) + 2;
    return Object.fromEntries(
      own.map((network) => [network, `10.${90 + networks.indexOf(network)}.0.${at}`]),
    );
  };
  const close = () => {
    for (const space of spaces.splice(0)) ip('netns', 'del', space);
  };
  const add = (space: string) => {
    ip('netns', 'add', space);
    spaces.push(space);
    ip('-n', space, 'link', 'set', 'lo', 'up');
    return space;
  };
  try {
    const hub = add(`${prefix}-hub`);
    for (const network of networks) {
      ip('-n', hub, 'link', 'add', `net-${network}`, 'type', 'bridge');
      ip('-n', hub, 'link', 'set', `net-${network}`, 'up');
    }
    for (const [at, name] of names.entries()) {
      const space = add(spaceOf(name));
      for (const [place, [network, address]] of Object.entries(addressesOf(name)).entries()) {
        const port = `p${at}-${place}`;
        ip('-n', hub, 'link', 'add', port, 'type', 'veth', 'peer', 'name', `eth${place}`, 'netns', space);
        ip('-n', hub, 'link', 'set', port, 'master', `net-${network}`, 'up');
        ip('-n', space, 'address', 'add', `${address}/24`, 'dev', `eth${place}`);
        ip('-n', space, 'link', 'set', `eth${place}`, 'up');
      }
    }
  } catch (error) {
    close();
    throw error;
  }
  return {
    addressesOf,
    on: (name) => ['ip', 'netns', 'exec', spaceOf(name)],
    hostsOf(name) {
      const mine = addressesOf(name);
      const lines = names.flatMap((other) => {
        const shared = Object.entries(addressesOf(other)).find(([network]) => network in mine);
        return shared === undefined ? [] : [`${shared[1]} ${other}`];
      });
      return ['127.0.0.1 localhost', ...lines, ''].join('\n');
    },
    close,
  };
}
