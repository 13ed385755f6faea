/**
 * Two Erlang nodes whose distribution runs over TLS on loopback, with certificates on both sides from the same kind of
 * authority as ours: EC P-256, TLS 1.3, both verified. No port mapper: the near node is told the far one's port.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, issueNode } from '../../certs/index.ts';
import { systemClock } from '../../runtime/index.ts';
import type { Running } from '../bench.ts';
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
 * Answers the path of each node's options. OTP lets a node in whose common name is its host; a host in the alternative
 * names, which ours have not, is not asked for.
 */
async function writeCredentials(folder: string, names: readonly string[]): Promise<string[]> {
  const clock = systemClock();
  const authority = await createAuthority('bench.local', clock);
  return await Promise.all(
    names.map(async (name) => {
      const own = join(folder, name);
      await mkdir(own);
      const credential = await issueNode(authority, { role: 'core', name: 'localhost' }, clock);
      await writeFile(join(own, 'chain.pem'), credential.chainPem);
      await writeFile(join(own, 'key.pem'), credential.privateKeyPem, { mode: 0o600 });
      await writeFile(join(own, 'roots.pem'), credential.rootsPem);
      const both = [
        `{certfile, "${join(own, 'chain.pem')}"}`,
        `{keyfile, "${join(own, 'key.pem')}"}`,
        `{cacertfile, "${join(own, 'roots.pem')}"}`,
        "{versions, ['tlsv1.3']}",
        '{verify, verify_peer}',
        '{depth, 3}',
      ].join(', ');
      const server = `{server, [${both}, {fail_if_no_peer_cert, true}]}`;
      const client = `{client, [${both}, {verify_fun, {bench_verify, verify, []}}]}`;
      const file = join(own, 'tls.config');
      await writeFile(file, `[${server}, ${client}].\n`);
      return file;
    }),
  );
}
