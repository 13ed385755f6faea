/**
 * A cluster of several nodes in one process, over real TLS on loopback, whose credentials, authority and revocation list
 * are files as `picket node` has them. Counts what happens to links and certificates; decides nothing about it.
 */
import { type DataFolder, dataFolder, prepareFolder } from '../../bin/data-folder.ts';
import { type NodeTrust, openTrust } from '../../bin/node-trust.ts';
import {
  createAuthority,
  inspectPem,
  issueNode,
  type NodeRole,
  readAuthority,
  writeAuthority,
  writeCredential,
} from '../../certs/index.ts';
import { ClusterNode, tlsTransport } from '../../cluster/index.ts';
import type { Clock } from '../../runtime/index.ts';
import { firstLifeMs } from './bounds.ts';

export const nodeNames = ['core_1', 'poller_1', 'poller_2', 'agent_1', 'agent_2'] as const;

export interface LinkEnd {
  /** Who lost the link, and to whom. */
  readonly at: string;
  readonly peer: string;
  readonly why: string;
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export interface RotatingNode {
  readonly name: string;
  readonly node: ClusterNode;
  /** Renewed certificates of peers that it took on open links. */
  renewalsTaken: number;
  /** When a link of it ended last, also one too many: until then the cluster is finding together. */
  lastEndMs: number;
}

export interface RotationWorld {
  readonly folder: DataFolder;
  readonly nodes: readonly RotatingNode[];
  /** Links that ended, those that only were one too many left out. */
  readonly ends: LinkEnd[];
  /** Writes a new credential for each of these. */
  issue(names: readonly string[]): Promise<void>;
  /** The end of a node's certificate as it was issued last, Unix milliseconds. */
  notAfterMs(name: string): number;
  stop(): Promise<void>;
}

export async function rotationWorld(data: string, lifetimeMs: number, clock: Clock): Promise<RotationWorld> {
  const folder = dataFolder(data);
  prepareFolder(folder);
  await writeAuthority(folder.authority, await createAuthority('soak.local', clock));
  const ends: LinkEnd[] = [];
  const endsMs = new Map<string, number>();
  const issueFor = async (names: readonly string[], lifeMs: number): Promise<void> => {
    const authority = await readAuthority(folder.authority);
    for (const name of names) {
      const role = name.split('_')[0] as NodeRole;
      const credential = await issueNode(authority, { role, name, lifetimeMs: lifeMs }, clock);
      await writeCredential(folder.credentials, name, credential);
      const read = inspectPem(credential.chainPem);
      const leaf = read.ok ? read.certificates[0] : undefined;
      if (leaf !== undefined && 'not_after' in leaf) endsMs.set(name, Date.parse(leaf.not_after));
    }
  };
  await issueFor(nodeNames, firstLifeMs);
  const nodes: RotatingNode[] = [];
  let seed = '';
  for (const name of nodeNames) {
    const { rotating, address } = await startNode(name, seed === '' ? [] : [seed], folder, clock, ends);
    nodes.push(rotating);
    if (seed === '') seed = address;
  }
  const stop = async () => {
    await Promise.all(nodes.map(({ node }) => node.stop()));
  };
  const issue = (names: readonly string[]) => issueFor(names, lifetimeMs);
  return { folder, nodes, ends, issue, notAfterMs: (name) => endsMs.get(name) ?? 0, stop };
}

async function startNode(
  name: string,
  seeds: readonly string[],
  folder: DataFolder,
  clock: Clock,
  ends: LinkEnd[],
): Promise<{ rotating: RotatingNode; address: string }> {
  const role = name.split('_')[0]!;
  const told = { role, name, listen: '127.0.0.1:0', discovery: 'static', logLevel: 'info' };
  const trust = await openTrust({ ...told, seed: [], dnsServer: [], data: folder.path }, folder, clock);
  const log = (_level: string, message: string, fields: Record<string, unknown>) => {
    if (message === 'peer renewed its certificate') rotating.renewalsTaken += 1;
    if (message === 'link ended') rotating.lastEndMs = clock.monotonicMs();
    if (message !== 'link ended' || String(fields.code).endsWith('duplicate_link')) return;
    const why = `${fields.code} ${fields.detail}`;
    const [monotonicMs, wallMs] = [clock.monotonicMs(), clock.wallMs()];
    ends.push({ at: name, peer: String(fields.peer).replace(/^node /, ''), why, monotonicMs, wallMs });
  };
  const { node, transport } = nodeOf(name, role, seeds, trust, clock, log);
  const rotating: RotatingNode = { name, node, renewalsTaken: 0, lastEndMs: clock.monotonicMs() };
  const address = await node.start();
  trust.watch({ credential: () => transport.renew(), trust: () => transport.trustChanged() }, log);
  return { rotating, address };
}

function nodeOf(
  name: string,
  role: string,
  seeds: readonly string[],
  trust: NodeTrust,
  clock: Clock,
  log: (level: string, message: string, fields: Record<string, unknown>) => void,
) {
  const { credential, trustDomain, roots, policy, revocationLists } = trust;
  const trusted = { credential, trustDomain, roots, policy, revocationLists };
  const transport = tlsTransport({ ...trusted, listen: '127.0.0.1:0', clock, log });
  const life = { boot: 1, pid: process.pid, advertise: null, onSuperseded: () => {} };
  return { transport, node: new ClusterNode({ name, role, seeds, transport, clock, log, ...life }) };
}
