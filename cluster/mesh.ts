/**
 * All links of a node: dials whom it is told to, takes connections, keeps one link per peer, and hands frames that
 * the fence lets through to whom they concern. Between the transport and the node; decides nothing about who is alive.
 */
import type { Clock } from '../runtime/index.ts';
import type { Codec } from './codec.ts';
import type { DialOutcome } from './discovery/decision.ts';
import { judgeOperatorFrame } from './fence.ts';
import type { Fences } from './fences.ts';
import { Flushes } from './flushes.ts';
import type { Frame } from './frame.ts';
import type { Greeting } from './greeting.ts';
import { Link } from './link.ts';
import { ageOf, type LinkFacts, standingOf } from './link-choice.ts';
import type { LinkHandlers, LinkOptions } from './link-options.ts';
import { LinkWatch } from './link-watch.ts';
import { describe, isSameLife, nameIn, peerName } from './peer-name.ts';
import type { Connection, DialFailure, Transport } from './transport.ts';

export interface MeshHandlers {
  /** The one link to this node is there, or was replaced by a better one. */
  nodeUp(link: Link, name: string, role: string, boot: number): void;
  /** It is gone and nothing took its place. `refused`: this node ended it, for the peer's certificate. */
  nodeDown(name: string, boot: number, reason: string, refused: boolean): void;
  dialFailed(name: string, failure: DialFailure): void;
  frame(link: Link, frame: Frame): void;
  /** The fence did not let it through: who waits for an answer is to get one. */
  refused(link: Link, frame: Frame): void;
  /** A peer knows a later life of this node's name: this one must end. */
  superseded(detail: string): void;
  /** Any link ended: what waits for answers on it ends. */
  linkEnded(link: Link, why: string): void;
}

export interface MeshOptions {
  readonly node: string;
  readonly transport: Transport;
  readonly codec: Codec;
  readonly fences: Fences;
  readonly clock: Clock;
  readonly greeting: () => Greeting;
  readonly handlers: MeshHandlers;
  readonly log: (level: 'debug' | 'info' | 'warn', message: string, fields: Record<string, unknown>) => void;
}

type Reached = (outcome: DialOutcome) => void;

export class Mesh {
  private readonly options: MeshOptions;
  private readonly links = new Map<string, Link>();
  /** Every open link, operators' and unfinished ones included, with the node that its certificate names. */
  private readonly open = new Map<Link, string | null>();
  private readonly dialling = new Set<string>();
  /** How many links to a node were lost: told to it in every hello, so that both ends lose the same. */
  private readonly lost = new Map<string, number>();
  private numbered = 0;
  /** Links to addresses of which it was asked who answers there. */
  private readonly reaching = new Map<Link, Reached>();
  private stopped = false;
  private readonly watch: LinkWatch;
  /** The same for all links, so that a frame finds it where the last one did. */
  private readonly linkTerms: Omit<LinkOptions, 'connection' | 'dialled' | 'expected' | 'numbers'>;

  constructor(options: MeshOptions) {
    this.options = options;
    this.watch = new LinkWatch(options);
    const { greeting, codec, clock } = options;
    const handlers: LinkHandlers = {
      up: (link) => this.linkUp(link),
      frame: (link, frame, isOverlong) => this.frame(link, frame, isOverlong),
      down: (link, code, detail) => this.linkDown(link, code, detail),
    };
    this.linkTerms = { greeting, codec, clock, handlers, flushes: new Flushes(clock) };
  }

  listen(): Promise<string> {
    return this.options.transport.listen((connection) => this.adopt(connection, null, null));
  }

  linkTo(node: string): Link | null {
    return this.links.get(node) ?? null;
  }

  nodeLinks(): Iterable<Link> {
    return this.links.values();
  }

  /** Every open link, retired ones and those of commands included. */
  allLinks(): Iterable<Link> {
    return this.open.keys();
  }

  dial(name: string, address: string, delayMs: number): void {
    if (delayMs <= 0) this.dialAddress(address, name);
    else this.options.clock.timer(delayMs, () => this.dialAddress(address, name));
  }

  /** Dials an address of which it is not known who is there; tells once who was. */
  reach(address: string, reached: Reached): void {
    this.dialAddress(address, null, reached);
  }

  closeLink(name: string, code: string, because: string): void {
    this.links.get(name)?.close(code, because);
  }

  /** Tells every peer that this node goes, then closes. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.watch.stop();
    for (const link of [...this.open.keys()]) {
      if (link.peer !== null && link.peer.node !== null) link.sendControl('leaving', {});
      link.close('leaving', 'the node stops');
    }
    await this.options.transport.close();
  }

  private dialAddress(address: string, name: string | null, reached: Reached | null = null): void {
    if (this.stopped || this.dialling.has(address)) {
      reached?.({ type: 'busy' });
      return;
    }
    if (name !== null && this.links.has(name)) return;
    this.dialling.add(address);
    const done = () => this.dialling.delete(address);
    const failed = (failure: DialFailure) => {
      done();
      if (name !== null) this.options.handlers.dialFailed(name, failure);
      reached?.({ type: 'failed', code: failure.code });
    };
    const connected = (connection: Connection) => {
      done();
      if (this.stopped) connection.close(false);
      else this.adopt(connection, address, name, reached);
    };
    try {
      this.options.transport.dial(address, connected, failed);
    } catch (error) {
      // What a peer says of others must not be able to end this node.
      failed({ code: 'unreachable', detail: String(error) });
    }
  }

  /** `address` was dialled, for `expected` or to learn who is there. */
  private adopt(
    connection: Connection,
    address: string | null,
    expected: string | null,
    reached: Reached | null = null,
  ): void {
    const { log } = this.options;
    const dialled = address !== null;
    const { peer } = connection;
    const name = nameIn(peer);
    this.numbered = (this.numbered + 1) % 0x1_0000_0000;
    const numbers = { link: this.numbered, lost: this.lost.get(name ?? '') ?? 0 };
    const link = new Link({ ...this.linkTerms, connection, dialled, expected, numbers });
    this.open.set(link, name);
    if (reached !== null) this.reaching.set(link, reached);
    this.watch.add(link, connection);
    if (!peer.ok) {
      const { code, detail } = peer;
      log('warn', 'peer refused', { address: connection.address, dialled, code, detail });
    }
    link.begin();
  }

  private linkUp(link: Link): void {
    const { identity, node, greeting } = link.peer!;
    const verdict = this.options.fences.admit(identity);
    if (!verdict.allowed) {
      link.close(verdict.code, verdict.detail);
      return;
    }
    if (node === null) return;
    const { name, role } = node;
    const isOwn = name === this.options.node && isSameLife(greeting, this.options.greeting());
    this.tellReached(link, isOwn ? { type: 'own' } : { type: 'answered', node: name });
    if (isOwn) {
      link.close('duplicate_link', 'this is the node itself');
      return;
    }
    const present = this.links.get(name) ?? null;
    const facts = this.factsOf(link);
    const standing = standingOf(facts, present && this.factsOf(present));
    if (standing === 'of_earlier_life') {
      link.close('old_boot', `boot ${present!.peer!.greeting.boot} of ${name} is linked`);
      return;
    }
    if (standing === 'before_loss') {
      // Whoever counted the loss has ended it, and its word is on the way.
      link.close('link_silent', 'begun before a loss');
      return;
    }
    // Also for one that is retired at once: its peer may go on sending.
    link.fence = this.options.fences.of(identity, greeting.boot);
    if (standing === 'retires') {
      // Nothing was sent on it but hello, so nothing has to wait for it.
      link.retire(present!, false);
      return;
    }
    if (standing === 'kept') present!.retire(link, true);
    // The peer has told its actors of a loss that we did not see: ours are told too, before anything new comes.
    else if (standing === 'after_loss') this.endAll(name, 'link_silent', `${name} has lost it`);
    // An earlier boot is gone before the later one is there: what waits for its actors is told.
    else this.endAll(name, 'old_boot', `boot ${greeting.boot} of ${name} is linked`);
    // When what was before is lost, so is what the peer was sent on it.
    link.fence = this.options.fences.of(identity, greeting.boot);
    this.links.set(name, link);
    // Its loss will be the one after: what was told by this link is not counted again.
    this.lost.set(name, facts.age);
    this.options.handlers.nodeUp(link, name, role, greeting.boot);
  }

  private factsOf(link: Link): LinkFacts {
    const { greeting } = link.peer!;
    const { boot } = greeting;
    const age = ageOf(link.numbers, greeting);
    if (link.dialled) return { boot, age, dialler: this.options.node, number: link.numbers.link };
    return { boot, age, dialler: peerName(link), number: greeting.link };
  }

  /** Ends every link of the node that is there, those that are retired included. */
  private endAll(name: string, code: string, because: string): void {
    const all: Link[] = [];
    for (const [link, peer] of this.open)
      if (peer === name && (this.links.get(name) === link || link.isRetired)) all.push(link);
    for (const link of all) link.close(code, because);
  }

  private tellReached(link: Link, outcome: DialOutcome): void {
    const reached = this.reaching.get(link);
    this.reaching.delete(link);
    reached?.(outcome);
  }

  private frame(link: Link, frame: Frame, isOverlong: boolean): void {
    // A tenant's program that is no node has no link.
    if (link.peer!.node === null) {
      const verdict = judgeOperatorFrame(frame.kind);
      if (!verdict.allowed) {
        link.close('fenced', verdict.detail);
        return;
      }
    }
    const rule = isOverlong ? 'size' : (link.fence?.arrives(frame) ?? null);
    if (rule !== null) {
      const goesOn = link.fence!.refuse(rule, frame.kind);
      if (goesOn) link.close('fenced', `${link.fence!.refusals.total} refusals, the last of ${frame.kind}`);
      else this.options.handlers.refused(link, frame);
      return;
    }
    if (frame.kind === 'credential') this.watch.renewal(link, frame.payload);
    else this.options.handlers.frame(link, frame);
  }

  private linkDown(link: Link, code: string, detail: string): void {
    this.open.delete(link);
    this.watch.remove(link);
    // Of a refusal the verdict is worth more than that there was one; nobody listening is `refused` too.
    const verdict = code.endsWith('refused') ? `${code} ${detail.split(':')[0]!}` : code;
    this.tellReached(link, { type: 'failed', code: verdict });
    const { handlers, log } = this.options;
    const why = `${code}: ${detail}`;
    const quiet = link.peer?.identity.kind === 'operator' || code.endsWith('duplicate_link');
    const peer = describe(link.peer?.identity ?? null);
    log(quiet ? 'debug' : 'info', 'link ended', { peer, address: link.address, code, detail });
    handlers.linkEnded(link, why);
    // Only a node of the platform may end another one so: not a command, nor a customer's node.
    if (code === 'peer_old_boot' && link.peer?.identity.kind === 'node') handlers.superseded(detail);
    const node = link.peer?.node ?? null;
    if (node === null) {
      // It never came up: for whoever asked for it, that is a failed dial.
      if (link.expected !== null && link.peer === null) handlers.dialFailed(link.expected, { code, detail });
      return;
    }
    const { name } = node;
    if (this.links.get(name) !== link) {
      // Who was to get what is lost with it learns so by the end of the link that took its place.
      const isLost = link.isRetired && code !== 'duplicate_link' && code !== 'peer_leaving';
      if (isLost && !this.stopped) this.links.get(name)?.close('link_silent', `its predecessor: ${why}`);
      return;
    }
    this.links.delete(name);
    // Nothing of what the peer sent before arrives after its loss was told.
    this.endAll(name, 'link_silent', `its successor: ${why}`);
    const { boot } = link.peer!.greeting;
    this.options.fences.lost(name, boot);
    this.lost.set(name, (this.lost.get(name) ?? 0) + 1);
    // Those that are not up have told the peer of one loss too few.
    for (const [other, peer] of [...this.open]) {
      if (peer === name && other.peer === null) other.close('link_silent', `begun before a loss: ${why}`);
    }
    handlers.nodeDown(name, boot, why, code === 'refused');
  }
}
