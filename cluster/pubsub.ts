/**
 * Publish and subscribe by topic. Interest is a name in the registry (`TENANT/default/topic/NAME@NODE`), held by one
 * post actor for each tenant with subscribers on a node; so a publish goes only to nodes that have a subscriber, and a
 * tenant's topics travel only where its names do. Between the actors (`PubSub`), the registry and the router. Keeps no
 * messages: who subscribes later has missed what went before.
 */
import {
  type ActorSystem,
  type CastMethods,
  defineActor,
  type ExitReason,
  type Protocol,
  Ref,
} from '../runtime/index.ts';
import type { NameEvent, Names } from './cluster-view.ts';
import { ClusterError } from './errors.ts';
import { postMessagesMax, subscriptionsMax } from './limits.ts';
import { isRegistryKey, type RegistryKey } from './names.ts';

/** `T`: what is published on it, as those who publish promise: nothing looks at what comes from another node. */
export interface Topic<T = unknown> {
  /** Tenant id, or `platform`. */
  readonly tenant: string;
  readonly name: string;
  /** Only for the compiler. */
  readonly message?: T;
}

/** A topic whose messages the compiler knows: `defineTopic<Weather>({ tenant: 'default', name: 'weather' })`. */
export function defineTopic<T>({ tenant, name }: Topic): Topic<T> {
  return { tenant, name };
}

/** `from`: the publisher's node. */
export type OnPublished<T = unknown> = (message: T, from: string) => void;

/** Whoever sends: an actor's `self`, or the system outside actors. */
export interface Publisher {
  cast<P extends Protocol>(ref: Ref<P>): CastMethods<P>;
}

export interface PubSub {
  /**
   * Until the signal fires. Messages of one publisher's node come in the order in which they were published while the
   * link lives; each at most once. Throws `bad_key` for a topic, and `too_many`.
   */
  subscribe<T>(topic: Topic<T>, onPublished: OnPublished<NoInfer<T>>, signal: AbortSignal): void;
  /**
   * To every node that is known to have a subscriber, this one included. Answers to how many it could be given. Throws
   * `cannot_encode` for what cannot travel, when there is anybody elsewhere to give it to.
   */
  publish<T>(publisher: Publisher, topic: Topic<T>, message: NoInfer<T>): number;
}

interface PostProtocol {
  start: [];
  call: Record<never, never>;
  /** `from`: a ref of the publisher's node, which the fence judges like any other: nobody publishes in another's name. */
  cast: { deliver(name: string, message: unknown, from: Ref): void };
}

/** The subscribers of one tenant on this node. */
interface Post {
  ref: Ref<PostProtocol>;
  readonly topics: Map<string, Set<OnPublished>>;
}

export class Topics implements PubSub {
  private readonly system: ActorSystem;
  private readonly names: Names;
  private readonly posts = new Map<string, Post>();
  /** By topic, then by node: who wants it, as the registry shows it. */
  private readonly wanted = new Map<string, Map<string, Ref<PostProtocol>>>();
  private readonly ending = new AbortController();
  private subscriptions = 0;
  /** Messages that a subscriber's callback threw on. */
  failed = 0;

  constructor(system: ActorSystem, names: Names) {
    this.system = system;
    this.names = names;
    names.watch({ kind: topicKind }, (event) => this.interest(event), this.ending.signal);
  }

  subscribe<T>(topic: Topic<T>, onPublished: OnPublished<NoInfer<T>>, signal: AbortSignal): void {
    const key = keyOf(topic, this.system.node);
    if (!isRegistryKey(key)) throw new ClusterError('bad_key', `topic ${topic.tenant}/${topic.name}`);
    if (this.subscriptions >= subscriptionsMax)
      throw new ClusterError('too_many', `${subscriptionsMax} subscriptions on this node`);
    if (signal.aborted) return;
    const post = this.postOf(topic.tenant);
    // The same function may subscribe twice.
    const one: OnPublished = (message, from) => onPublished(message as T, from);
    const present = post.topics.get(topic.name);
    if (present !== undefined) present.add(one);
    else {
      post.topics.set(topic.name, new Set([one]));
      this.names.register(key, post.ref, {});
    }
    this.subscriptions += 1;
    signal.addEventListener('abort', () => this.unsubscribe(topic, one), { once: true });
  }

  publish<T>(publisher: Publisher, topic: Topic<T>, message: NoInfer<T>): number {
    const { node } = this.system;
    const wanted = this.wanted.get(topicText(topic));
    let given = 0;
    const from = new Ref(node, this.system.boot, 0);
    const give = (ref: Ref<PostProtocol>) => {
      if (publisher.cast(ref).deliver(topic.name, message, from)) given += 1;
    };
    // Others first: what cannot travel then reaches nobody, rather than this node alone.
    for (const [name, ref] of wanted ?? []) if (name !== node) give(ref);
    const here = wanted?.get(node);
    if (here !== undefined) give(here);
    return given;
  }

  private unsubscribe(topic: Topic, one: OnPublished): void {
    const post = this.posts.get(topic.tenant);
    const present = post?.topics.get(topic.name);
    if (post === undefined || !present?.delete(one)) return;
    this.subscriptions -= 1;
    if (present.size > 0) return;
    post.topics.delete(topic.name);
    this.names.unregister(keyOf(topic, this.system.node));
    if (post.topics.size > 0) return;
    this.posts.delete(topic.tenant);
    this.system.exit(post.ref, 'shutdown');
  }

  private postOf(tenant: string): Post {
    const present = this.posts.get(tenant);
    if (present !== undefined) return present;
    const post: Post = { ref: this.spawn(tenant), topics: new Map() };
    this.posts.set(tenant, post);
    return post;
  }

  private spawn(tenant: string): Ref<PostProtocol> {
    const ref = this.system.spawn(
      postActor((name, message, from) => this.deliver(tenant, name, message, from)),
    );
    void this.system.ended(ref).then((reason) => this.ended(tenant, ref, reason));
    return ref;
  }

  /** Whoever ended it: while there are subscribers there is a post. */
  private ended(tenant: string, ref: Ref, reason: ExitReason): void {
    const post = this.posts.get(tenant);
    if (post === undefined || post.ref !== ref) return;
    this.system.log('warn', 'the post of a tenant ended and is started again', { tenant, reason });
    post.ref = this.spawn(tenant);
    for (const name of post.topics.keys())
      this.names.register(keyOf({ tenant, name }, this.system.node), post.ref, {});
  }

  private deliver(tenant: string, name: string, message: unknown, from: string): void {
    // A copy: a subscriber may end another one.
    for (const one of [...(this.posts.get(tenant)?.topics.get(name) ?? [])]) {
      try {
        one(message, from);
      } catch (error) {
        // One subscriber's fault is no other's.
        this.failed += 1;
        this.system.log('error', 'a subscriber threw', { tenant, topic: name, error: String(error) });
      }
    }
  }

  private interest({ type, entry }: NameEvent): void {
    const { tenant, id } = entry.key;
    const at = id.lastIndexOf('@');
    const topic = topicText({ tenant, name: id.slice(0, at) });
    // A name that is not its holder's says nothing.
    if (at < 1 || id.slice(at + 1) !== entry.node) return;
    const nodes = this.wanted.get(topic);
    if (type !== 'removed') {
      const ref = entry.ref as Ref<PostProtocol>;
      if (nodes === undefined) this.wanted.set(topic, new Map([[entry.node, ref]]));
      else nodes.set(entry.node, ref);
    } else if (nodes?.delete(entry.node) && nodes.size === 0) this.wanted.delete(topic);
  }
}

const topicKind = 'topic';

function keyOf({ tenant, name }: Topic, node: string): RegistryKey {
  return { tenant, partition: 'default', kind: topicKind, id: `${name}@${node}` };
}

function topicText({ tenant, name }: Topic): string {
  return `${tenant}/${name}`;
}

function postActor(deliver: (name: string, message: unknown, from: string) => void) {
  return defineActor<null, PostProtocol>({
    name: 'post',
    mailboxMessagesMax: postMessagesMax,
    init: () => null,
    call: {},
    cast: {
      deliver: (_self, name, message, from) => {
        // From another node it may be anything.
        if (typeof name === 'string' && from instanceof Ref) deliver(name, message, from.node);
      },
    },
  });
}
