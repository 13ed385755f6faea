/**
 * A cluster node: the actor system, the mesh, membership, the registry and the router, put together. What `bin/` starts,
 * and all that the other rooms see of the cluster.
 */
import { ActorSystem, type Clock, type Log, type Random, Recorder, systemRandom } from '../runtime/index.ts';
import { ActorLabels } from './actor-labels.ts';
import { readWord, type Word, wordRow } from './children-wire.ts';
import type { Cluster } from './cluster-view.ts';
import type { Codec } from './codec.ts';
import { Claims, type Coordinator } from './coordinator.ts';
import { Directory } from './directory.ts';
import { Seeker } from './discovery/seeker.ts';
import { staticSource } from './discovery/static.ts';
import { ClusterError } from './errors.ts';
import type { TenantAccess } from './fence.ts';
import { fencesOf, mayDial } from './fences.ts';
import { type Frame, isRouted } from './frame.ts';
import { isSystemKind } from './frame-layout.ts';
import { leave } from './leave.ts';
import { drainMs, handoffBytesMax, registryTickMs, stopLingerMs } from './limits.ts';
import type { Link } from './link.ts';
import { Looking, type Surroundings } from './looking.ts';
import type { MembershipEffect } from './membership-peer.ts';
import { Mesh, type MeshHandlers } from './mesh.ts';
import { declareOwn } from './node-procedures.ts';
import type { AddressSource } from './ports/address-source.ts';
import { type Procedure, Procedures } from './procedures.ts';
import { Topics } from './pubsub.ts';
import { actorCodec, RemoteRouter } from './router.ts';
import { ClusterSupervisor, type SupervisorNeeds } from './supervisor.ts';
import type { Transport } from './transport.ts';
import { Vigil } from './vigil.ts';

export interface NodeOptions {
  readonly name: string;
  readonly role: string;
  /** Higher than of any earlier life of this name. */
  readonly boot: number;
  readonly pid: number;
  /** The tenant in its own certificate; null: a node of the platform. Its `name` is then a `tenantNodeName`. */
  readonly tenant?: string | null;
  /** What tenants' nodes may do here; null: they are refused. */
  readonly tenantAccess?: TenantAccess | null;
  /** Where others reach this node; null: where it listens. */
  readonly advertise: string | null;
  /** Addresses of other nodes: the static discovery. */
  readonly seeds: readonly string[];
  /** Where it learns whom to dial, instead of `seeds`. */
  readonly discovery?: AddressSource;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random?: Random;
  readonly log: Log;
  readonly surroundings?: Surroundings;
  /** Another process has this node's name, or a later boot of it is known: this one must end. */
  readonly onSuperseded: (detail: string) => void;
}

export class ClusterNode implements Cluster {
  readonly node: string;
  readonly boot: number;
  readonly tenant: string | null;
  readonly system: ActorSystem;
  readonly names: Directory;
  readonly members: Vigil;
  readonly procedures: Procedures;
  readonly recorder: Recorder;
  readonly supervisor: ClusterSupervisor;
  readonly topics: Topics;
  readonly coordination: Claims;
  readonly looking: Looking;
  private readonly options: NodeOptions;
  private readonly codec: Codec;
  private readonly mesh: Mesh;
  private readonly router: RemoteRouter;
  private readonly seeker: Seeker;
  private readonly ending = new AbortController();
  private address: string;
  private cancelNamesTick: () => void = () => {};

  constructor(options: NodeOptions) {
    const { name, role, boot, pid, clock, log, tenant = null, tenantAccess: access = null } = options;
    this.options = options;
    this.node = name;
    this.boot = boot;
    this.tenant = tenant;
    this.address = options.advertise ?? '';
    const codec = actorCodec();
    this.codec = codec;
    const linkTo = (node: string) => this.mesh.linkTo(node);
    const nodeLinks = () => this.mesh.nodeLinks();
    const contested = options.onSuperseded;
    this.system = new ActorSystem({
      ...{ node: name, boot, clock, log },
      ...(options.random && { random: options.random }),
    });
    const recorder = new Recorder({ node: name, boot, clock });
    this.recorder = recorder;
    this.system.recorder = recorder;
    const labels = new ActorLabels(access?.doors ?? []);
    this.router = new RemoteRouter(this.system, codec, linkTo, (actor) => labels.has(actor));
    this.procedures = new Procedures(codec, clock, linkTo, name);
    this.names = new Directory({
      ...{ system: this.system, codec, recorder, linkTo, nodeLinks, contested },
      ...{ labels, holds: tenant === null ? (access?.holds ?? []) : null },
    });
    this.topics = new Topics(this.system, this.names);
    const self = { name, role, boot, tenant, address: this.address };
    // The address is known once the node listens.
    Object.defineProperty(self, 'address', { get: () => this.address, enumerable: true });
    this.members = new Vigil({
      ...{ clock, codec, self, pid, recorder, linkTo, nodeLinks },
      dial: (peer, address, delayMs) => mayDial(tenant, peer) && this.mesh.dial(peer, address, delayMs),
      closeLink: (peer, code, because) => this.mesh.closeLink(peer, code, because),
      heads: () => this.names.heads(),
      headsHeard: (peer, high, low) => this.names.headsHeard(peer, high, low),
      stoodStill: (gapMs) => this.supervisor.stoodStill(gapMs),
      announced: (announcement) => this.announced(announcement),
      superseded: contested,
      log,
    });
    this.coordination = new Claims(name, this.names, this.members);
    this.mesh = new Mesh({
      node: name,
      transport: options.transport,
      codec,
      fences: fencesOf(this, labels, options),
      clock,
      greeting: () => ({ boot, pid, address: this.address, knows: [] }),
      log,
      handlers: this.meshHandlers(),
    });
    this.seeker = new Seeker({
      source: options.discovery ?? staticSource(options.seeds),
      clock,
      random: options.random ?? systemRandom(),
      reach: (at, outcome) => this.mesh.reach(at, outcome),
      log,
    });
    this.supervisor = new ClusterSupervisor(this.supervisorNeeds());
    this.looking = new Looking(options.surroundings ?? {}, this.system, labels, this.mesh, this.router);
    declareOwn(this, this.mesh, this.router);
  }

  private meshHandlers(): MeshHandlers {
    return {
      nodeUp: (link, peer, role, boot) => this.linkUp(link, peer, role, boot),
      nodeDown: (peer, boot, reason, refused) => this.linkDown(peer, boot, reason, refused),
      dialFailed: (peer, { code }) => {
        const nowMs = this.options.clock.monotonicMs();
        this.members.apply({ type: 'dial_failed', name: peer, code, nowMs });
      },
      frame: (link, frame) => this.frame(link, frame),
      refused: (link, frame) => this.refused(link, frame),
      superseded: (detail) => this.options.onSuperseded(detail),
      linkEnded: (link, why) => this.procedures.lost(link, why),
    };
  }

  /** Listens and begins to find the others; answers the address that it listens on. */
  async start(): Promise<string> {
    const listening = await this.mesh.listen();
    if (this.address === '') this.address = listening;
    this.members.begin();
    this.tickNames();
    this.supervisor.begin();
    this.seeker.begin([this.address, listening]);
    return this.address;
  }

  /** Fires when it begins to stop. */
  get stopping(): AbortSignal {
    return this.ending.signal;
  }

  /** Whether something sent to an actor of that node would leave now. */
  reaches(node: string): boolean {
    return node === this.node || this.mesh.linkTo(node) !== null;
  }

  declare(name: string, procedure: Procedure): void {
    this.procedures.declare(name, procedure);
  }

  /** Leaves (`leave.ts`) within the time, says so, and closes its links. Other actors go on alone: who can, ends them before. */
  async stop(withinMs = drainMs): Promise<void> {
    await leave(this, this.mesh, this.router, this.options.clock, withinMs);
    this.ending.abort();
    this.supervisor.end();
    this.cancelNamesTick();
    const seeker = this.seeker.stop();
    this.members.stop();
    const linger = new Promise<void>((resolve) => void this.options.clock.timer(stopLingerMs, resolve));
    await Promise.all([this.mesh.stop(), seeker, linger]);
  }

  coordinator(): Coordinator {
    return this.coordination.now();
  }

  private tickNames(): void {
    const { clock } = this.options;
    this.cancelNamesTick = clock.timer(registryTickMs, () => {
      this.names.apply({ type: 'tick', nowMs: clock.monotonicMs() });
      this.tickNames();
    });
  }

  private linkUp(link: Link, name: string, role: string, boot: number): void {
    const nowMs = this.options.clock.monotonicMs();
    this.members.linked(link);
    const { tenant } = link.peer!.node!;
    const peer = { name, role, boot, address: link.peer!.address, tenant };
    this.members.apply({ type: 'link_up', peer, nowMs });
    if (this.mesh.linkTo(name) !== link) return;
    if (mayDial(this.tenant, name)) this.seeker.linked(name, peer.address);
    this.names.apply({ type: 'link_up', peer: name, tenant: tenant ?? this.tenant });
    if (tenant === null && this.tenant === null) this.supervisor.linkUp(name);
  }

  private linkDown(name: string, boot: number, reason: string, refused: boolean): void {
    const nowMs = this.options.clock.monotonicMs();
    this.names.apply({ type: 'link_down', peer: name });
    this.supervisor.linkDown(name);
    this.router.lost(name);
    this.seeker.unlinked(name);
    // Whoever goes suspects nobody for it.
    if (!this.ending.signal.aborted)
      this.members.apply({ type: 'link_down', name, boot, reason, refused, nowMs });
  }

  private announced(event: MembershipEffect & { type: 'announce' }): void {
    const { name: node, boot, status } = event;
    const nowMs = this.options.clock.monotonicMs();
    if (status === 'up') this.names.apply({ type: 'node_up', node, boot });
    else if (status === 'down') this.names.apply({ type: 'node_down', node, boot, nowMs });
    else if (status === 'left') {
      this.names.apply({ type: 'node_left', node, boot });
      if (mayDial(this.tenant, node)) this.seeker.left(node, event.address);
    }
  }

  private frame(link: Link, frame: Frame): void {
    const { node, greeting } = link.peer!;
    if (isRouted(frame)) {
      if (node !== null) this.router.receive(link, node.name, greeting.boot, frame);
      return;
    }
    if (!isSystemKind(frame.kind)) {
      this.procedures.receive(link, frame);
      return;
    }
    if (node === null) return;
    try {
      if (frame.kind.startsWith('registry_')) this.names.arrived(link, node.name, frame);
      else if (frame.kind === 'supervisor') {
        const word = readWord(this.codec.decode(frame.payload));
        if (word === null) link.close('cannot_decode', frame.kind);
        else if (typeof word !== 'string') this.supervisor.receive(node.name, word);
      } else this.members.receive(link, node.name, greeting.boot, frame);
    } catch (error) {
      link.close('cannot_decode', `${frame.kind}: ${String(error)}`);
    }
  }

  private refused(link: Link, frame: Frame): void {
    const { node, greeting } = link.peer!;
    if (node === null) return;
    if (isRouted(frame)) this.router.refused(link, node.name, greeting.boot, frame);
    else if (frame.kind === 'procedure_call') this.procedures.refused(link, frame.header);
  }

  private supervisorNeeds(): SupervisorNeeds {
    const { role, seeds, discovery, log } = this.options;
    return {
      ...{ system: this.system, role, names: this.names, members: this.members },
      ...{ recorder: this.recorder, log },
      hasSeeds: seeds.length > 0 || discovery !== undefined,
      say: (to, word) => this.say(to, word),
      ask: (node, procedure, argument) => this.procedures.ask(node, procedure, argument),
    };
  }

  private say(to: string | null, word: Word): boolean {
    const payload = this.codec.encode(wordRow(word));
    // It goes before all messages: what is large would hold the heartbeats up.
    if (word.type === 'handover' && payload.length > handoffBytesMax)
      throw new ClusterError('cannot_encode', `a state of ${payload.length} bytes`, 'too_large');
    if (to !== null) return this.mesh.linkTo(to)?.sendControl('supervisor', {}, payload) ?? false;
    for (const link of this.mesh.nodeLinks()) link.sendControl('supervisor', {}, payload);
    return true;
  }
}
