/**
 * docker/compose.yaml as processes: a service runs in its network namespace, in a mount namespace whose root cannot be written
 * but for its volume, as a user without rights; names are resolved as there, by a hosts file of its own. Needs root, `ip`,
 * `unshare`, `nsenter` and `setpriv`. Not a test.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ComposeFile } from '../docker/compose-file.ts';
import { root } from '../tidy/tree.ts';
import { composeNetworks, type Networks } from './compose-networks.ts';
import type { Ran } from './picket.ts';

type Variables = Readonly<Record<string, string>>;

/** Where the image has its program, and where a service has its own: any folder that is there will do for the former. */
const program = '/mnt';
const imageState = '/var/lib/picket';
/** As docker/Dockerfile sets it. */
const imageVariables = { PICKET_DATA: imageState, PICKET_METRICS: '127.0.0.1:9464' };

/** Parameters: the project, the hosts file, the volume; then the command. */
const onlyTheVolume = [
  'mount --make-rprivate /',
  `mount --bind "$1" ${program}`,
  'mount --bind "$2" /etc/hosts',
  'mount --bind "$3" "$3"',
  'mount -o remount,bind,ro /',
  'shift 3',
  'exec "$@"',
].join(' && ');
const onlyTheProgram = `mount --make-rprivate / && mount --bind "$1" ${program} && shift && exec "$@"`;

export interface Host {
  readonly name: string;
  readonly pid: number;
  log(): string;
}

export class Hosts {
  readonly folder = mkdtempSync(join(tmpdir(), 'picket-compose-'));
  readonly networks: Networks;
  private readonly file: ComposeFile;
  private readonly uid: number;
  private readonly bin: string;
  private readonly children: ChildProcess[] = [];

  constructor(file: ComposeFile, names: readonly string[], uid: number) {
    this.file = file;
    this.uid = uid;
    chmodSync(this.folder, 0o755);
    this.bin = join(this.folder, 'bin');
    mkdirSync(this.bin);
    symlinkSync(`${program}/dist/bin/picket.js`, join(this.bin, 'picket'));
    symlinkSync(process.execPath, join(this.bin, 'node'));
    this.networks = composeNetworks(file, names);
  }

  /** The volume of that name, as a folder. */
  volume(name: string): string {
    const path = join(this.folder, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chownSync(path, this.uid, this.uid);
    return path;
  }

  /** Runs a script of docker/ to its end, as its service would. */
  prepare(script: string, variables: Variables, args: readonly string[]): void {
    const inside = ['-m', 'sh', '-c', onlyTheProgram, 'sh', root];
    const line = [...inside, ...this.unprivileged(), 'sh', join(program, 'docker', script), ...args];
    execFileSync('unshare', line, { env: this.env(variables), stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** A service with its own command; `variables` take the place of the file's. */
  start(name: string, variables: Variables): Host {
    const { entrypoint = ['picket'], command = [], environment } = this.file.services[name]!;
    const hostsFile = join(this.folder, `hosts_${name}`);
    writeFileSync(hostsFile, this.networks.hostsOf(name));
    const line = [...entrypoint, ...command].map((text) => this.here(name, text));
    const inside = [...this.networks.on(name), 'unshare', '-m', 'sh', '-c', onlyTheVolume, 'sh'];
    const [first, ...rest] = [
      ...inside,
      root,
      hostsFile,
      this.stateOf(name),
      ...this.unprivileged(),
      ...line,
    ];
    const told = this.variablesOf(name, { ...environment, ...variables });
    const child = spawn(first!, rest, { env: told, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream!.on('data', (part: Buffer) => {
        text += part.toString();
      });
    this.children.push(child);
    return { name, pid: child.pid!, log: () => text };
  }

  /** A command inside of a service, as `docker compose exec` runs it. */
  exec(host: Host, ...command: string[]): Promise<Ran> {
    const env = this.variablesOf(host.name, this.file.services[host.name]!.environment ?? {});
    const line = ['-t', String(host.pid), '-m', '-n', ...this.unprivileged(), ...command];
    return new Promise((done) => {
      execFile('nsenter', line, { encoding: 'utf8', env, timeout: 60_000 }, (error, out, err) => {
        done({ status: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err });
      });
    });
  }

  async close(): Promise<void> {
    const left = this.children.filter((child) => child.exitCode === null && child.signalCode === null);
    const ended = left.map((child) => new Promise<void>((done) => child.once('exit', () => done())));
    for (const child of left) child.kill('SIGKILL');
    await Promise.all(ended);
    this.networks.close();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  private stateOf(name: string): string {
    return this.volume(this.file.services[name]!.volumes![0]!.split(':')[0]!);
  }

  private here(name: string, text: string): string {
    return text
      .replaceAll(imageState, this.stateOf(name))
      .replace('/opt/picket', program)
      .replace('/run/secrets', this.folder);
  }

  private variablesOf(name: string, variables: Variables) {
    const all = Object.entries({ ...imageVariables, ...variables });
    return this.env(Object.fromEntries(all.map(([key, value]) => [key, this.here(name, value)])));
  }

  private env(variables: Variables) {
    return { ...variables, PATH: `${this.bin}:${process.env.PATH}` };
  }

  private unprivileged(): string[] {
    const who = [`--reuid=${this.uid}`, `--regid=${this.uid}`, '--clear-groups', '--no-new-privs'];
    return ['setpriv', ...who, '--bounding-set=-all', '--inh-caps=-all'];
  }
}
