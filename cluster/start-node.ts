/**
 * A node in one call, for programs that use the cluster as a library: who it is comes from its certificate, the rest has
 * defaults. Puts `ClusterNode` over the TLS transport, as `bin/` does for the `picket` command. Reads no files, touches
 * no signals and ends no process: that is its caller's.
 */
import { type Credential, verifyPem } from '../certs/index.ts';
import {
  type ActorSystem,
  type Clock,
  type Log,
  type Protocol,
  type Ref,
  stderrLog,
  systemClock,
  takeRecord,
} from '../runtime/index.ts';
import { splitAddress } from './address.ts';
import type { Cluster } from './cluster-view.ts';
import { ClusterError } from './errors.ts';
import { type NodeOfPeer, nodeOf, type TenantAccess } from './fence.ts';
import { findName } from './find-name.ts';
import { nameWaitMs } from './limits.ts';
import type { RegistryKey } from './names.ts';
import { ClusterNode } from './node.ts';
import type { AddressSource } from './ports/address-source.ts';
import type { ClusterSupervisor } from './supervisor.ts';
import { tlsTransport } from './tls-transport.ts';

export interface StartNodeOptions {
  /**
   * From `issueNode`, `issueTenantNode` or `readCredential` of `certs/`. The node's name, role and tenant are those of
   * the certificate; a tenant's node is called `TENANT.NAME`.
   */
  readonly credential: Credential;
  /** `HOST:PORT`; port 0 takes any free one. */
  readonly listen: string;
  /** Addresses of other nodes. One of them that answers is enough: it tells of the rest. */
  readonly seeds?: readonly string[];
  /** Where it learns addresses of others, instead of `seeds`: `dnsSource`, `kubernetesSource`, `gossipSource`, or your own. */
  readonly discovery?: AddressSource;
  /** Where others reach this node, when that is not where it listens (`0.0.0.0`, containers, address translation). */
  readonly advertise?: string;
  /** Must be higher than in any earlier life of this name. Unless told: the wall clock's milliseconds at the start. */
  readonly boot?: number;
  /** Takes tenants' nodes too, and what they may do here. Unless told, they are refused. */
  readonly tenantAccess?: TenantAccess;
  readonly clock?: Clock;
  /**
   * Crashes, refused peers and members that come and go are told here, and nowhere else. Unless told: warnings and
   * errors to standard error (`stderrLog`). */
  readonly log?: Log;
  /** A later life of this name is in the cluster, and this node stops: told so that the process can end too. */
  readonly onSuperseded?: (detail: string) => void;
}

export interface RunningNode extends Cluster {
  readonly role: string;
  /** Where others reach it: what they are given as a seed. */
  readonly address: string;
  readonly system: ActorSystem;
  /** Children that run once somewhere in the cluster. */
  readonly supervisor: ClusterSupervisor;
  /**
   * Resolves with the actor of that name as soon as the registry knows it on a node that is linked, which may be at once.
   * It may have died since: who calls again after a failure waits a moment first. Rejects with `no_such_actor` when it is
   * not found within the time, with `leaving` when this node stops, and with `bad_key`.
   */
  find<P extends Protocol>(key: RegistryKey, withinMs?: number): Promise<Ref<P>>;
  /** Used for every handshake from now on; links that are open stay. Throws `refused` when it is not this node's. */
  renew(credential: Credential): void;
  /**
   * The last minutes of what this node was told and what it decided, as the lines of a file that `picket replay` reads.
   * Several nodes' lines, one after the other, are one file. Holds up the process for some 5 ms for each MiB of it.
   */
  record(): string[];
  /**
   * Hands its supervised children over, gives up its names, answers what it has taken, says that it leaves and closes its links: at
   * the latest after `withinMs` (30 s unless told). Actors that still run go on alone.
   */
  stop(withinMs?: number): Promise<void>;
}

/**
 * Starts a node: resolves when it listens, not yet knowing the others (see `find` and `members.watch`).
 * Rejects with `refused` (reason: the verdict on its own certificate, as a peer would give it), `bad_name` for an address,
 * or the system's own error when it cannot listen (`EADDRINUSE`).
 */
export async function startNode(options: StartNodeOptions): Promise<RunningNode> {
  const { listen, seeds = [], advertise = null, clock = systemClock(), log = stderrLog({ clock }) } = options;
  if (options.discovery !== undefined && seeds.length > 0) {
    throw new ClusterError(
      'discovery_setting',
      'seeds are the static discovery: give them or another, not both',
    );
  }
  // Also of the seeds: one that is no address would never be found.
  for (const address of seeds) splitAddress(address);
  let { credential } = options;
  const { name, role, tenant, trustDomain } = identityIn(credential, clock);
  const transport = tlsTransport({ credential: () => credential, trustDomain, listen, clock, log });
  const node = new ClusterNode({
    name,
    role,
    boot: options.boot ?? clock.wallMs(),
    pid: process.pid,
    tenant,
    tenantAccess: options.tenantAccess ?? null,
    advertise,
    seeds,
    ...(options.discovery && { discovery: options.discovery }),
    transport,
    clock,
    log,
    onSuperseded(detail) {
      log('error', 'another process has this node name', { name, detail });
      void node.stop();
      options.onSuperseded?.(detail);
    },
  });
  const address = await node.start();
  return {
    node: name,
    role,
    boot: node.boot,
    tenant,
    address,
    system: node.system,
    supervisor: node.supervisor,
    names: node.names,
    members: node.members,
    topics: node.topics,
    coordination: node.coordination,
    coordinator: () => node.coordinator(),
    declare: (procedure, run) => node.declare(procedure, run),
    find: (key, withinMs = nameWaitMs) => findName(node, clock, key, withinMs),
    renew(renewed) {
      const who = identityIn(renewed, clock);
      if (who.name !== name || who.role !== role || who.trustDomain !== trustDomain) {
        throw new ClusterError(
          'refused',
          `the credential is ${who.role} ${who.name}'s, not ${role} ${name}'s`,
        );
      }
      credential = renewed;
      transport.renew();
    },
    record: () => takeRecord(node.recorder),
    stop: (withinMs) => node.stop(withinMs),
  };
}

/** Judged as a peer would, so that what would be refused everywhere is refused here, with the same code. */
function identityIn(credential: Credential, clock: Clock): NodeOfPeer & { trustDomain: string } {
  const { chainPem, rootsPem } = credential;
  const verdict = verifyPem({ pem: chainPem, rootsPem, nowMs: clock.wallMs() });
  if (!verdict.ok) {
    throw new ClusterError('refused', `own certificate: ${verdict.error.detail}`, verdict.error.code);
  }
  const node = nodeOf(verdict.identity);
  if (node !== null) return { ...node, trustDomain: verdict.identity.trustDomain };
  throw new ClusterError('refused', `own certificate: is of kind ${verdict.identity.kind}, not of a node`);
}
