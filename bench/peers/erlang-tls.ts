/**
 * Two Erlang nodes whose distribution runs over TLS 1.3 on loopback, both sides verified. No port mapper: the near node
 * is told the far one's port.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PeerAbsent, type Running } from '../bench.ts';
import { remoteFigureMs } from '../limits.ts';
import { compileErlang, type Erlang, startErlang } from './erlang.ts';

export async function openErlangPair(): Promise<Running> {
  const folder = await compileErlang();
  const nodes: Erlang[] = [];
  const close = async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const cookie = randomBytes(12).toString('hex');
    const names = ['far', 'near'] as const;
    const [farOptions, nearOptions] = await writeCredentials(folder, names);
    const far = await startErlang(folder, distribution('far', cookie, farOptions!));
    nodes.push(far);
    if (far.port === null) throw new Error('the far node did not say its port');
    await far.ask('serve');
    const near = await startErlang(folder, [
      ...distribution('near', cookie, nearOptions!),
      '-bench_far_port',
      far.port,
    ]);
    nodes.push(near);
    return { round: () => near.ask(`remote ${nodeName('far')} ${remoteFigureMs}`), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function nodeName(name: string): string {
  return `${name}@localhost`;
}

function distribution(name: string, cookie: string, optionsFile: string): string[] {
  const flags = ['-sname', nodeName(name), '-setcookie', cookie, '-start_epmd', 'false'];
  flags.push('-epmd_module', 'bench_epmd', '-kernel', 'inet_dist_use_interface', '{127,0,0,1}');
  return [...flags, '-proto_dist', 'inet_tls', '-ssl_dist_optfile', optionsFile];
}

/**
 * Answers the path of each node's options. OTP wants the host in the certificate, which ours never name, so these are
 * made by openssl: EC P-256 below a root of their own, as ours are.
 */
async function writeCredentials(folder: string, names: readonly string[]): Promise<string[]> {
  const run = (...words: string[]) => openssl(folder, words);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await run(
    'req',
    '-x509',
    ...newKey,
    '-subj',
    '/CN=root',
    '-days',
    '2',
    '-keyout',
    'root.key',
    '-out',
    'root.pem',
  );
  await writeFile(
    join(folder, 'leaf.ext'),
    'subjectAltName=DNS:localhost\nbasicConstraints=critical,CA:FALSE\n',
  );
  const files: string[] = [];
  for (const name of names) {
    await run(
      'req',
      '-new',
      ...newKey,
      '-subj',
      '/CN=localhost',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    );
    const signed = ['-CA', 'root.pem', '-CAkey', 'root.key', '-CAcreateserial', '-extfile', 'leaf.ext'];
    await run('x509', '-req', '-in', `${name}.csr`, ...signed, '-days', '2', '-out', `${name}.pem`);
    const both = [
      `{certfile, "${join(folder, name)}.pem"}`,
      `{keyfile, "${join(folder, name)}.key"}`,
      `{cacertfile, "${join(folder, 'root.pem')}"}`,
      "{versions, ['tlsv1.3']}",
      '{verify, verify_peer}',
    ].join(', ');
    const file = join(folder, `${name}.config`);
    await writeFile(file, `[{server, [${both}, {fail_if_no_peer_cert, true}]}, {client, [${both}]}].\n`);
    files.push(file);
  }
  return files;
}

async function openssl(folder: string, words: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)('openssl', [...words], { cwd: folder });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new PeerAbsent('no openssl on the PATH to make certificates for it');
  }
}
