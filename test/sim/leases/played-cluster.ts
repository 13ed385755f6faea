/**
 * The cluster as its promises say (CONSISTENCY.md), for the real actors of these histories: who sees whom, names that are
 * hidden and come back with their nodes and are kept by the earlier of two, messages that are lost with a link. It is
 * played, so that ten thousand histories are cheap; the real one is tried by the simulator beside it.
 */
import type {
  Cluster,
  Metadata,
  NameEntry,
  NameEvent,
  NameQuery,
  RegistryKey,
} from '../../../cluster/index.ts';
import { formatKey } from '../../../cluster/names.ts';
import { noCoordination } from '../../../cluster/testing/no-coordination.ts';
import type { Random, Ref, Router } from '../../../runtime/index.ts';
import { type EventLoop, socketPart } from '../event-loop.ts';
import { deathNoticedMs, meetMsMax, messageMsMax, newsMsMax, silenceNoticedMs } from './bounds.ts';
import type { SimProcess } from './sim-process.ts';

interface Claim extends NameEntry {
  readonly order: number;
}

interface Watcher {
  readonly query: NameQuery;
  readonly tell: (event: NameEvent) => void;
}

export interface Seat {
  readonly process: SimProcess;
  readonly own: Map<string, Claim>;
  /** Boots of those that it sees, and what they told. */
  readonly sees: Map<string, { boot: number; claims: Map<string, Claim> }>;
  readonly watchers: Set<Watcher>;
  readonly memberWatchers: Set<() => void>;
  /** When the last message to each arrives: the next comes after it. */
  readonly arrives: Map<string, number>;
  /** The same of the names of each. */
  readonly newsAtMs: Map<string, number>;
}

export class PlayedCluster {
  readonly seats = new Map<string, Seat>();
  /** Pairs that do not reach each other, both ways. */
  private readonly cuts = new Set<string>();
  private readonly loop: EventLoop;
  private readonly random: Random;
  private orders = 0;

  constructor(loop: EventLoop, random: Random) {
    this.loop = loop;
    this.random = random;
  }

  join(process: SimProcess): Cluster {
    const seat: Seat = {
      process,
      own: new Map(),
      sees: new Map(),
      watchers: new Set(),
      memberWatchers: new Set(),
      arrives: new Map(),
      newsAtMs: new Map(),
    };
    this.seats.set(process.name, seat);
    process.system.router = this.routerOf(seat);
    this.changed(process.name, false);
    return this.viewOf(seat);
  }

  cut(a: string, b: string): void {
    this.cuts.add(pair(a, b));
    this.changed(a, false);
  }

  mend(a: string, b: string): void {
    this.cuts.delete(pair(a, b));
    this.changed(a, false);
  }

  /** Somebody stopped, went on, or (`isDeath`: its host says so) died. */
  changed(name: string, isDeath: boolean): void {
    for (const other of this.seats.keys()) {
      if (other === name) continue;
      this.lookLater(name, other, isDeath);
      this.lookLater(other, name, isDeath);
    }
  }

  private lookLater(at: string, of: string, isDeath: boolean): void {
    const seat = this.seats.get(at)!;
    const isSeen = seat.sees.has(of);
    const noticedMs = isDeath ? deathNoticedMs * this.random.next() : silenceNoticedMs;
    const delayMs = this.reaches(at, of) ? this.random.next() * meetMsMax : noticedMs;
    if (!isSeen && !this.reaches(at, of)) return;
    this.loop.put(delayMs, socketPart, seat.process, () => this.look(seat, of));
  }

  private look(seat: Seat, of: string): void {
    const other = this.seats.get(of)!;
    const seen = seat.sees.get(of);
    if (!this.reaches(seat.process.name, of)) {
      if (seen !== undefined) this.lose(seat, of);
      return;
    }
    if (seen?.boot === other.process.boot) return;
    if (seen !== undefined) this.lose(seat, of);
    const claims = new Map<string, Claim>();
    seat.sees.set(of, { boot: other.process.boot, claims });
    for (const [text, claim] of other.own) this.tell(seat, text, () => claims.set(text, claim));
    for (const tell of seat.memberWatchers) tell();
  }

  private lose(seat: Seat, of: string): void {
    const { claims } = seat.sees.get(of)!;
    for (const text of [...claims.keys()]) this.tell(seat, text, () => claims.delete(text));
    seat.sees.delete(of);
    seat.process.system.nodeDown(of);
    for (const tell of seat.memberWatchers) tell();
  }

  private reaches(a: string, b: string): boolean {
    const runs = (name: string) => {
      const { process } = this.seats.get(name)!;
      return !process.ended && !process.paused;
    };
    return runs(a) && runs(b) && !this.cuts.has(pair(a, b));
  }

  /** A change of what one process knows of a key, told to who watches; its own claim goes when it is not the one that is kept. */
  private tell(seat: Seat, text: string, change: () => void): void {
    const before = visible(seat, text);
    change();
    let after = visible(seat, text);
    const own = seat.own.get(text);
    if (own !== undefined && after !== own) {
      seat.own.delete(text);
      this.spread(seat, text);
      seat.process.system.exit(own.ref, 'name_conflict');
      after = visible(seat, text);
    }
    if (before === after) return;
    const type = before === null ? 'added' : after === null ? 'removed' : 'updated';
    const entry = (after ?? before)!;
    for (const watcher of [...seat.watchers])
      if (matches(watcher.query, entry)) watcher.tell({ type, entry });
  }

  private spread(seat: Seat, text: string): void {
    const { name, boot } = seat.process;
    for (const other of this.seats.values()) {
      if (other === seat) continue;
      const arriveMs = Math.max(
        this.loop.nowMs + this.random.next() * newsMsMax,
        other.newsAtMs.get(name) ?? 0,
      );
      other.newsAtMs.set(name, arriveMs);
      const arrive = () => {
        const known = other.sees.get(name);
        if (known?.boot !== boot) return;
        if (!this.reaches(name, other.process.name)) {
          // What is missed is fetched as soon as it can be.
          this.loop.put(this.random.next() * meetMsMax, socketPart, other.process, arrive);
          return;
        }
        const claim = seat.own.get(text);
        this.tell(other, text, () => {
          if (claim === undefined) known.claims.delete(text);
          else known.claims.set(text, claim);
        });
      };
      this.loop.put(arriveMs - this.loop.nowMs, socketPart, other.process, arrive);
    }
  }

  private claim(seat: Seat, key: RegistryKey, ref: Ref, metadata: Metadata): void {
    const text = formatKey(key);
    this.orders += 1;
    const claim = { key, ref, node: seat.process.name, metadata, order: this.orders };
    this.tell(seat, text, () => seat.own.set(text, claim));
    this.spread(seat, text);
    void seat.process.system.ended(ref).then(() => this.drop(seat, text, ref));
  }

  private drop(seat: Seat, text: string, ref: Ref): void {
    if (seat.own.get(text)?.ref.id !== ref.id) return;
    this.tell(seat, text, () => seat.own.delete(text));
    this.spread(seat, text);
  }

  private viewOf(seat: Seat): Cluster {
    const { process } = seat;
    const list = (query: NameQuery) => listed(seat).filter((entry) => matches(query, entry));
    const live = (role: string) => {
      const seen = [...seat.sees.keys()].filter((name) => this.seats.get(name)!.process.role === role);
      return (process.role === role ? [...seen, process.name] : seen).sort();
    };
    return {
      node: process.name,
      boot: process.boot,
      tenant: null,
      names: {
        register: (key, ref, metadata) => this.claim(seat, key, ref, metadata),
        update: (key, metadata) => {
          const text = formatKey(key);
          const own = seat.own.get(text);
          if (own === undefined) return;
          this.tell(seat, text, () => seat.own.set(text, { ...own, metadata }));
          this.spread(seat, text);
        },
        unregister: (key) => {
          const own = seat.own.get(formatKey(key));
          if (own !== undefined) this.drop(seat, formatKey(key), own.ref);
        },
        lookup: (key) => (visible(seat, formatKey(key))?.ref as never) ?? null,
        list,
        watch(query, tell, signal) {
          const watcher = { query, tell };
          seat.watchers.add(watcher);
          signal.addEventListener('abort', () => seat.watchers.delete(watcher));
          for (const entry of list(query)) tell({ type: 'added', entry });
        },
      },
      members: {
        list: () => [],
        live,
        split: () => null,
        watch(onChange, signal) {
          seat.memberWatchers.add(onChange);
          signal.addEventListener('abort', () => seat.memberWatchers.delete(onChange));
        },
      },
      topics: { publish: () => 0, subscribe: () => {} },
      ...noCoordination(() => live('core')),
      declare: () => {},
    };
  }

  private routerOf(seat: Seat): Router {
    const send = (ref: Ref, deliver: (to: SimProcess) => void): boolean => {
      const to = this.seats.get(ref.node);
      const known = seat.sees.get(ref.node);
      if (to === undefined || known === undefined || known.boot !== ref.boot) return false;
      const { name } = seat.process;
      if (!this.reaches(name, ref.node) && !to.process.paused) return true;
      const arriveMs = Math.max(
        this.loop.nowMs + this.random.next() * messageMsMax,
        seat.arrives.get(ref.node) ?? 0,
      );
      seat.arrives.set(ref.node, arriveMs);
      this.loop.put(arriveMs - this.loop.nowMs, socketPart, to.process, () => {
        if (to.process.boot === ref.boot && !this.cuts.has(pair(name, ref.node))) deliver(to.process);
      });
      return true;
    };
    return {
      cast: (ref, method, args) => send(ref, (to) => void to.system.deliverCast(ref, method, args)),
      call: (ref, _method, _args, _timeoutMs, reply) => reply.fail(new Error(`no calls to ${ref.node} here`)),
      signal: (signal) => send(signal.to, (to) => to.system.receiveSignal(signal)),
    };
  }
}

function pair(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}

function visible(seat: Seat, text: string): Claim | null {
  let best = seat.own.get(text) ?? null;
  for (const { claims } of seat.sees.values()) {
    const claim = claims.get(text);
    if (claim !== undefined && (best === null || claim.order < best.order)) best = claim;
  }
  return best;
}

function listed(seat: Seat): Claim[] {
  const texts = new Set(seat.own.keys());
  for (const { claims } of seat.sees.values()) for (const text of claims.keys()) texts.add(text);
  return [...texts].map((text) => visible(seat, text)!);
}

function matches(query: NameQuery, { key, node }: NameEntry): boolean {
  return (
    (query.tenant === undefined || query.tenant === key.tenant) &&
    (query.partition === undefined || query.partition === key.partition) &&
    (query.kind === undefined || query.kind === key.kind) &&
    (query.id === undefined || query.id === key.id) &&
    (query.node === undefined || query.node === node)
  );
}
