/**
 * docker/compose.yaml as processes: a service is a network namespace with an interface in each of its networks, and a mount
 * namespace whose root cannot be written but for its volume, and runs as a user without rights. Names are resolved as there,
 * by a hosts file of its own. Needs root, `ip`, `unshare`, `nsenter` and `setpriv`. Not a test.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Composed, ComposeFile } from '../docker/compose-file.ts';
import { root } from '../tidy/tree.ts';
import type { Ran } from './picket.ts';

/** Where the image has its program, and where a service has its own: any folder that is there will do for the former. */
const program = '/mnt';
const imageState = '/var/lib/picket';

export interface Host {
  readonly name: string;
  /** By network. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly pid: number;
  log(): string;
}

export interface Hosts {
  readonly folder: string;
  /** The volume of that name, as a folder. */
  volume(name: string): string;
  /** Runs a script of docker/ to its end, as its service would. */
  prepare(script: string, environment: Readonly<Record<string, string>>, args: readonly string[]): void;
  start(name: string, environment: Readonly<Record<string, string>>): Host;
  /** A command inside of a service, as `docker compose exec` runs it. */
  exec(host: Host, ...command: string[]): Promise<Ran>;
  addressesOf(name: string): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export function hosts(file: ComposeFile, names: readonly string[], uid: number): Hosts {
  const folder = mkdtempSync(join(tmpdir(), 'picket-compose-'));
  chmodSync(folder, 0o755);
  const prefix = `picket-c${process.pid}`;
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
  const spaces: string[] = [];
  const children = new Map<string, ChildProcess>();
  const networks = [...new Set(names.flatMap((name) => file.services[name]!.networks!))];
  const addressesOf = (name: string) =>
    Object.fromEntries(
      file.services[name]!.networks!.map((network) => [
        network,
        `10.${90 + networks.indexOf(network)}.0.${names.indexOf(name) + 2}`,
      ]),
    );
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  symlinkSync(`${program}/dist/bin/picket.js`, join(bin, 'picket'));
  symlinkSync(process.execPath, join(bin, 'node'));
  const own = (path: string) => {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chownSync(path, uid, uid);
    return path;
  };
  const volume = (name: string) => own(join(folder, name));

  const addSpace = (name: string) => {
    ip('netns', 'add', name);
    spaces.push(name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
    return name;
  };
  const hub = addSpace(`${prefix}-hub`);
  for (const network of networks) {
    ip('-n', hub, 'link', 'add', `net-${network}`, 'type', 'bridge');
    ip('-n', hub, 'link', 'set', `net-${network}`, 'up');
  }
  for (const [at, name] of names.entries()) {
    const space = addSpace(`${prefix}-${at}`);
    for (const [place, [network, address]] of Object.entries(addressesOf(name)).entries()) {
      const port = `p${at}-${place}`;
      ip('-n', hub, 'link', 'add', port, 'type', 'veth', 'peer', 'name', `eth${place}`, 'netns', space);
      ip('-n', hub, 'link', 'set', port, 'master', `net-${network}`, 'up');
      ip('-n', space, 'address', 'add', `${address}/24`, 'dev', `eth${place}`);
      ip('-n', space, 'link', 'set', `eth${place}`, 'up');
    }
  }
  /** The name of another service is its address in a network that both have; its own is the first of its own. */
  const hostsFile = (name: string) => {
    const mine = addressesOf(name);
    const lines = names.flatMap((other) => {
      const shared = Object.entries(addressesOf(other)).find(([network]) => network in mine);
      return shared === undefined ? [] : [`${shared[1]} ${other}`];
    });
    const path = join(folder, `hosts_${name}`);
    writeFileSync(path, ['127.0.0.1 localhost', ...lines, ''].join('\n'));
    return path;
  };
  const env = (more: Readonly<Record<string, string>>) => ({ PATH: `${bin}:${process.env.PATH}`, ...more });
  const unprivileged = [
    ...['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--no-new-privs'],
    ...['--bounding-set=-all', '--inh-caps=-all'],
  ];
  const only = [
    'mount --make-rprivate /',
    `mount --bind "$1" ${program}`,
    'mount --bind "$2" /etc/hosts',
    'mount --bind "$3" "$3"',
    'mount -o remount,bind,ro /',
    'shift 3',
    'exec "$@"',
  ].join(' && ');
  return {
    folder,
    volume,
    addressesOf,
    prepare(script, environment, args) {
      const inside = [
        'unshare',
        '-m',
        'sh',
        '-c',
        `mount --make-rprivate / && mount --bind "$1" ${program} && shift && exec "$@"`,
      ];
      const [command, ...rest] = [
        ...inside,
        'sh',
        root,
        ...unprivileged,
        'sh',
        join(program, 'docker', script),
        ...args,
      ];
      execFileSync(command!, rest, { env: env(environment), stdio: ['ignore', 'pipe', 'pipe'] });
    },
    start(name, environment) {
      const service: Composed = file.services[name]!;
      const [mounted] = service.volumes!;
      const state = volume(mounted!.split(':')[0]!);
      const here = (text: string) =>
        text.replaceAll(imageState, state).replace('/opt/picket', program).replace('/run/secrets', folder);
      const { entrypoint = ['picket'], command = [] } = service;
      const line = [...entrypoint, ...command].map(here);
      const before = [
        'ip',
        'netns',
        'exec',
        `${prefix}-${names.indexOf(name)}`,
        'unshare',
        '-m',
        'sh',
        '-c',
        only,
        'sh',
      ];
      const [first, ...rest] = [...before, root, hostsFile(name), state, ...unprivileged, ...line];
      // What the image sets, then the file, then what a test must.
      const set = { PICKET_DATA: imageState, PICKET_METRICS: '127.0.0.1:9464', ...service.environment };
      const told = Object.fromEntries(
        Object.entries({ ...set, ...environment }).map(([key, value]) => [key, here(value)]),
      );
      const child = spawn(first!, rest, { env: env(told), stdio: ['ignore', 'pipe', 'pipe'] });
      let text = '';
      for (const stream of [child.stdout, child.stderr])
        stream!.on('data', (part: Buffer) => (text += part.toString()));
      children.set(name, child);
      return { name, addresses: addressesOf(name), pid: child.pid!, log: () => text };
    },
    exec(host, ...command) {
      const mounted = file.services[host.name]!.volumes![0]!.split(':')[0]!;
      const state = volume(mounted);
      const { PICKET_AGENT } = file.services[host.name]!.environment ?? {};
      const told = {
        ...{ PICKET_DATA: state, PICKET_METRICS: '127.0.0.1:9464' },
        ...(PICKET_AGENT === undefined ? {} : { PICKET_AGENT: state }),
      };
      const [first, ...rest] = ['nsenter', '-t', String(host.pid), '-m', '-n', ...unprivileged, ...command];
      return new Promise((done) => {
        execFile(first!, rest, { encoding: 'utf8', env: env(told), timeout: 60_000 }, (error, out, err) => {
          done({ status: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err });
        });
      });
    },
    async close() {
      const left = [...children.values()].filter(
        (child) => child.exitCode === null && child.signalCode === null,
      );
      const ended = left.map((child) => new Promise<void>((done) => child.once('exit', () => done())));
      for (const child of left) child.kill('SIGKILL');
      await Promise.all(ended);
      for (const space of spaces.splice(0)) ip('netns', 'del', space);
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}
