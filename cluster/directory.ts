/**
 * The registry's shell: names for the actors of this node, deltas and exchanges over the links, watchers. Performs what
 * the pure registry decides. Between the actors (`Names`), the mesh (frames) and membership (who is there).
 */
import type { ActorSystem, Protocol, Recorder, Recording, Ref } from '../runtime/index.ts';
import type { ActorLabels } from './actor-labels.ts';
import { placementText } from './child-spec.ts';
import type { Metadata, NameEntry, NameEvent, NameQuery, Names } from './cluster-view.ts';
import type { Codec } from './codec.ts';
import { entryOf } from './directory-entry.ts';
import { ClusterError } from './errors.ts';
import { mayTakeNames } from './fence-payload.ts';
import type { ControlFrame } from './frame.ts';
import type { Link } from './link.ts';
import { formatKey, parseKey, platformTenant, type RegistryKey, tenantOfNode } from './names.ts';
import { ownerOf } from './placement.ts';
import { registryForm } from './record-registry.ts';
import { heldBeside, list, lookup, type RegistryEvent, scan, stepRegistry } from './registry.ts';
import { headsHash, isHashAsBefore } from './registry-exchange.ts';
import { readRegistryFrame } from './registry-frames.ts';
import { keyOf } from './registry-index.ts';
import type { Entry } from './registry-shard.ts';
import { createRegistry, type RegistryEffect, type RegistryState } from './registry-state.ts';
import { RegistryTeller } from './registry-teller.ts';
import type { RegistryDelta } from './registry-wire.ts';

export interface DirectoryNeeds {
  readonly system: ActorSystem;
  readonly codec: Codec;
  readonly recorder: Recorder;
  linkTo(node: string): Link | null;
  nodeLinks(): Iterable<Link>;
  /** Told of every actor that gets a name. */
  readonly labels: ActorLabels;
  /** Kinds of names that tenants' nodes may hold; null: any, on a node of the tenant itself. */
  readonly holds: readonly string[] | null;
  /** Another process writes under this node's name, or this boot is not the highest. */
  contested(detail: string): void;
}

/** Supervised names of a tenant are settled by where the tenant is placed, so that its actors stay together. */
export function ownerAmong(key: string, nodes: readonly string[]): string {
  const parsed = parseKey(key);
  return ownerOf(parsed === null ? key : placementText(parsed), nodes)!;
}

export class Directory implements Names {
  private readonly needs: DirectoryNeeds;
  private readonly state: RegistryState;
  private readonly record: Recording<RegistryState, RegistryEvent, RegistryEffect>;
  private readonly teller: RegistryTeller;
  private readonly watchers = new Map<number, (event: NameEvent) => void>();
  private lastWatcher = 0;
  private flushAsked = false;
  private withdrawn = false;
  /** What watchers were told of last. */
  private toldOf: { readonly entry: Entry; readonly told: NameEntry } | null = null;

  constructor(needs: DirectoryNeeds) {
    this.needs = needs;
    this.teller = new RegistryTeller(needs, needs.system.clock);
    this.state = createRegistry({ node: needs.system.node, boot: needs.system.boot, ownerAmong });
    this.record = needs.recorder.machine(registryForm(ownerAmong, needs.system));
  }

  register(key: RegistryKey, ref: Ref, metadata: Metadata): void {
    const { system } = this.needs;
    if (this.withdrawn) throw new ClusterError('leaving', `${formatKey(key)} is not taken: this node goes`);
    if (ref.node !== system.node || ref.boot !== system.boot)
      throw new ClusterError(
        'no_such_actor',
        `${ref} is no actor of this node: ${formatKey(key)} is not for it`,
      );
    const holder = lookup(this.state, key);
    if (holder !== null && holder.shard.origin === this.state.self) {
      const held = holder.ref as Ref;
      if (held.id === ref.id) {
        this.update(key, metadata);
        return;
      }
      // The end of the former holder is told a moment later than a restart may come.
      if (system.find(held) === null) this.apply({ type: 'remove', key });
    }
    const supervised = key.tenant !== platformTenant;
    const nowMs = system.clock.wallMs();
    const refused = this.apply({ type: 'put', put: { key, ref, metadata, supervised }, nowMs });
    if (refused !== null) throw new ClusterError(refused, formatKey(key));
    const { labels } = this.needs;
    labels.named(ref.id, key.tenant, key.kind);
    void system.ended(ref).then(() => {
      labels.ended(ref.id);
      this.apply({ type: 'remove', key, ref });
    });
  }

  /** For a child of the supervisor, which takes the name away when the child ends. False: another holds it. */
  supervise(key: RegistryKey, ref: Ref, metadata: Metadata): boolean {
    const { system, labels } = this.needs;
    const nowMs = system.clock.wallMs();
    if (this.apply({ type: 'put', put: { key, ref, metadata, supervised: true }, nowMs }) !== null)
      return false;
    labels.named(ref.id, key.tenant, key.kind);
    return true;
  }

  /** Of a child that has ended, or takes its name no more. */
  unsupervise(key: RegistryKey, ref: Ref): void {
    this.apply({ type: 'remove', key, ref });
    this.needs.labels.ended(ref.id);
  }

  /** Gives up all names of this node, whose actors go on, and takes none any more: who asks for one finds another holder or waits. */
  withdraw(): void {
    this.withdrawn = true;
    for (const { key } of this.list({ node: this.needs.system.node })) this.unregister(key);
  }

  update(key: RegistryKey, metadata: Metadata): void {
    if (this.withdrawn) return;
    const refused = this.apply({ type: 'update', key, metadata });
    if (refused !== null) throw new ClusterError(refused, formatKey(key));
  }

  unregister(key: RegistryKey): void {
    this.apply({ type: 'remove', key });
  }

  lookup<P extends Protocol>(key: RegistryKey): Ref<P> | null {
    return (lookup(this.state, key)?.ref as Ref<P> | undefined) ?? null;
  }

  entry(key: RegistryKey): NameEntry | null {
    const holder = lookup(this.state, key);
    return holder === null ? null : entryOf(holder);
  }

  list(query: NameQuery): NameEntry[] {
    return list(this.state, query).map(entryOf);
  }

  /** As `list`, one by one as they are asked for, so that a long listing may be read in turns; in no order. */
  *scan(query: NameQuery): Generator<NameEntry> {
    for (const entry of scan(this.state, query)) yield entryOf(entry);
  }

  /** `present` false: without what is there already, which is not counted out then. */
  watch(query: NameQuery, onEvent: (event: NameEvent) => void, signal: AbortSignal, present = true): void {
    if (signal.aborted) return;
    this.lastWatcher += 1;
    const watcher = this.lastWatcher;
    if (present) this.watchers.set(watcher, onEvent);
    signal.addEventListener('abort', () => {
      this.watchers.delete(watcher);
      this.apply({ type: 'unwatch', watcher });
    });
    this.apply({ type: 'watch', watcher, filter: query });
    if (!present) this.watchers.set(watcher, onEvent);
  }

  heads(): { high: number; low: number } {
    return headsHash(this.state);
  }

  /** With every heartbeat; mostly there is nothing to do. */
  headsHeard(peer: string, high: number, low: number): void {
    if (!isHashAsBefore(this.state, peer, high, low)) this.apply({ type: 'heads_hash', peer, high, low });
  }

  /** Events of the mesh and of membership. Answers the code of a refusal. */
  apply(event: RegistryEvent): 'bad_key' | 'name_taken' | null {
    const { effects } = this.record.step(this.state, event, stepRegistry);
    let refused: 'bad_key' | 'name_taken' | null = null;
    for (const effect of effects) {
      if (effect.type === 'refused') refused = effect.code === 'bad_key' ? 'bad_key' : 'name_taken';
      else this.perform(effect);
    }
    if (this.state.pending.size > 0 && !this.flushAsked && event.type !== 'flush') {
      this.flushAsked = true;
      this.needs.system.clock.soon(() => {
        this.flushAsked = false;
        this.apply({ type: 'flush' });
      });
    }
    return refused;
  }

  /** A registry frame of a linked node; one that is none ends the link. */
  arrived(link: Link, peer: string, frame: ControlFrame): void {
    const answer = this.receive(peer, frame);
    if (answer === 'unreadable') link.close('cannot_decode', frame.kind);
    else if (answer === 'not_taken' && link.fence?.refuse('names', frame.kind))
      link.close('fenced', `${link.fence.refusals.total} refusals, the last: names`);
  }

  /** `not_taken`: it is a registry frame, and a tenant's node may not tell that. */
  receive(peer: string, frame: ControlFrame): 'taken' | 'unreadable' | 'not_taken' {
    const event = readRegistryFrame(this.needs.codec, peer, frame);
    if (event === 'not_of_registry') return 'taken';
    if (event === null) return 'unreadable';
    if (event.type === 'delta' && !this.mayTake(event.delta)) return 'not_taken';
    this.apply(event);
    return 'taken';
  }

  /** Of one change all watchers are told the same. */
  private publicOf(entry: Entry): NameEntry {
    if (this.toldOf?.entry !== entry) this.toldOf = { entry, told: entryOf(entry) };
    return this.toldOf.told;
  }

  private mayTake(delta: RegistryDelta): boolean {
    const { holds } = this.needs;
    if (holds === null || tenantOfNode(delta.origin) === null) return true;
    return mayTakeNames(delta, holds, heldBeside(this.state, delta));
  }

  private perform(effect: RegistryEffect): void {
    const { system } = this.needs;
    switch (effect.type) {
      case 'broadcast':
      case 'send_delta':
      case 'send_fetch':
      case 'send_origins':
      case 'send_heads':
        this.teller.tell(effect);
        return;
      case 'name_conflict': {
        const key = formatKey(keyOf(effect.lost));
        system.log('warn', 'name conflict lost', { key, winner: effect.winner.shard.origin.name });
        system.exit(effect.lost.ref as Ref, 'name_conflict');
        return;
      }
      case 'watch_start':
        for (const entry of effect.entries)
          this.watchers.get(effect.watcher)?.({ type: 'added', entry: entryOf(entry) });
        return;
      case 'watch':
        this.watchers.get(effect.watcher)?.({ type: effect.change, entry: this.publicOf(effect.entry) });
        return;
      case 'watch_refused':
        this.watchers.delete(effect.watcher);
        throw new ClusterError('too_many', 'watchers of the registry');
      case 'own_shard_contested':
        this.needs.contested(`${effect.peer} holds names of this node from boot ${effect.boot}`);
        return;
      case 'refused':
        return;
    }
  }
}
