/**
 * Registries of three nodes for tests, and the messages between them, which wait until they are delivered: in any order,
 * twice, or never. Knows what the origins hold, so that a test can compare what every replica shows.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { ownerOf } from '../placement.ts';
import { list, type RegistryEvent, stepRegistry } from '../registry.ts';
import { headsHash } from '../registry-exchange.ts';
import { keyOf } from '../registry-index.ts';
import type { Entry } from '../registry-shard.ts';
import { createRegistry, type RegistryEffect, type RegistryState } from '../registry-state.ts';
import { deltaPayload, headsPayload, readDelta, readHeads, readOrigins } from '../registry-wire.ts';

/** How a node steps its registry. */
export type Stepper = (name: string, state: RegistryState, event: RegistryEvent) => readonly RegistryEffect[];

interface Message {
  from: string;
  to: string;
  event: RegistryEvent;
}

export const names = ['core_1', 'core_2', 'core_3'];
const key = (id: number) => ({
  tenant: id % 2 ? 'acme' : 'beta',
  partition: 'default',
  kind: `k${id % 3}`,
  id: `n${id}`,
});
export const textOf = (entry: Entry) => `${JSON.stringify(keyOf(entry))} ${entry.ref} ${entry.metadata}`;

/** Three nodes; messages wait until they are delivered, in any order. */
export class Replicas {
  readonly nodes = new Map<string, RegistryState>();
  readonly watched = new Map<string, Map<string, string>>();
  wire: Message[] = [];
  clock = 1_000;
  conflicts: string[] = [];
  wholeParts = 0;

  private readonly stepper: Stepper;

  constructor(stepper: Stepper = (_name, state, event) => stepRegistry(state, event).effects) {
    this.stepper = stepper;
    for (const name of names) this.boot(name, 1);
    for (const a of names)
      for (const b of names) if (a !== b) this.step(a, { type: 'link_up', peer: b, tenant: null });
  }

  boot(name: string, boot: number): void {
    const ownerAmong = (text: string, nodes: readonly string[]) => ownerOf(text, nodes)!;
    this.nodes.set(name, createRegistry({ node: name, boot, ownerAmong }));
    this.watched.set(name, new Map());
    this.step(name, { type: 'watch', watcher: 1, filter: {} });
  }

  step(name: string, event: RegistryEvent): void {
    this.clock++;
    for (const effect of this.stepper(name, this.nodes.get(name)!, event)) this.carry(name, effect);
  }

  carry(from: string, effect: RegistryEffect): void {
    const post = (to: string, event: RegistryEvent) => this.wire.push({ from, to, event });
    if (effect.type === 'broadcast' || effect.type === 'send_delta') {
      const { origin, boot, tenant } = effect.delta;
      const delta = readDelta(origin, boot, tenant, deltaPayload(effect.delta))!;
      if (delta.whole > 0) this.wholeParts++;
      const to = effect.type === 'broadcast' ? names.filter((name) => name !== from) : [effect.peer];
      for (const peer of to) post(peer, { type: 'delta', peer: from, delta });
    } else if (effect.type === 'send_fetch')
      post(effect.peer, { type: 'fetch', peer: from, request: effect });
    else if (effect.type === 'send_origins')
      post(effect.peer, { type: 'origins', peer: from, rows: readOrigins(effect.rows)! });
    else if (effect.type === 'send_heads') {
      post(effect.peer, { type: 'heads', peer: from, message: readHeads(headsPayload(effect.message))! });
    } else if (effect.type === 'watch') this.replay(from, effect);
    else if (effect.type === 'name_conflict') this.conflicts.push(`${from} ${textOf(effect.lost)}`);
  }

  replay(name: string, { change, entry }: Extract<RegistryEffect, { type: 'watch' }>): void {
    const seen = this.watched.get(name)!;
    const text = JSON.stringify(keyOf(entry));
    expect(seen.has(text), `${change} ${text}`).toBe(change !== 'added');
    if (change === 'removed') seen.delete(text);
    else seen.set(text, textOf(entry));
  }

  deliver(at: number, keep: boolean): void {
    const place = at % this.wire.length;
    const message = this.wire[place]!;
    if (!keep) this.wire.splice(place, 1);
    this.step(message.to, message.event);
  }

  restart(name: string): void {
    const boot = this.nodes.get(name)!.self.boot + 1;
    this.wire = this.wire.filter((one) => one.from !== name && one.to !== name);
    this.boot(name, boot);
    for (const other of names) {
      if (other === name) continue;
      this.step(other, { type: 'link_down', peer: name });
      this.step(other, { type: 'node_down', node: name, boot: boot - 1, nowMs: this.clock });
      this.step(other, { type: 'node_up', node: name, boot });
      this.step(other, { type: 'link_up', peer: name, tenant: null });
      this.step(name, { type: 'link_up', peer: other, tenant: null });
    }
  }

  /** Everything is linked and nothing is lost any more. */
  heal(): void {
    for (const a of names) {
      for (const b of names) {
        if (a === b) continue;
        const { boot } = this.nodes.get(b)!.self;
        this.step(a, { type: 'link_down', peer: b });
        this.step(a, { type: 'node_up', node: b, boot });
        this.step(a, { type: 'link_up', peer: b, tenant: null });
      }
    }
    // Settling a conflict is a change of its own, so: until a whole round has nothing to say.
    for (let round = 0; round < 20; round++) {
      for (const name of names) this.step(name, { type: 'flush' });
      while (this.wire.length > 0) this.deliver(0, false);
      for (const a of names) {
        for (const b of names) {
          if (a !== b) this.step(a, { type: 'heads_hash', peer: b, ...headsHash(this.nodes.get(b)!) });
        }
      }
    }
  }

  /** In the middle of a history too: the list of one node is what the whole list has of it. */
  checkLists(): void {
    for (const state of this.nodes.values()) {
      const whole = list(state, {});
      for (const node of names) {
        const own = whole.filter((entry) => entry.shard.origin.name === node).map(textOf);
        expect(list(state, { node }).map(textOf).sort()).toEqual(own.sort());
      }
    }
  }

  check(): void {
    const truth = names.flatMap((name) =>
      [...this.nodes.get(name)!.self.shards.values()].flatMap((shard) => [...shard.entries].map(textOf)),
    );
    truth.sort();
    for (const name of names) {
      const state = this.nodes.get(name)!;
      const seen = list(state, {}).map(textOf).sort();
      expect(seen, name).toEqual(truth);
      expect([...this.watched.get(name)!.values()].sort(), `the watcher on ${name}`).toEqual(seen);
      expect(headsHash(state)).toEqual(headsHash(this.nodes.get('core_1')!));
    }
    expect(
      new Set(list(this.nodes.get('core_1')!, {}).map((entry) => JSON.stringify(keyOf(entry)))).size,
    ).toBe(truth.length);
  }
}

const node = fc.constantFrom(...names);
const id = fc.nat(11);
export type Action = { do: string; node: string; other: string; id: number; flag: boolean; at: number };
export const action: fc.Arbitrary<Action> = fc.record({
  do: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('put', 'put', 'remove', 'update') },
    { weight: 2, arbitrary: fc.constant('burst') },
    { weight: 4, arbitrary: fc.constant('flush') },
    { weight: 8, arbitrary: fc.constantFrom('deliver', 'deliver', 'deliver', 'repeat', 'lose') },
    { weight: 1, arbitrary: fc.constantFrom('down', 'up', 'restart', 'tick', 'relink', 'hash') },
  ),
  node,
  other: node,
  id,
  flag: fc.boolean(),
  at: fc.nat(),
});

/** Takes some names and gives up some: more than anybody remembers. */
function burst(cluster: Replicas, one: Action): void {
  for (let i = 0; i < 8; i++) {
    act(cluster, { ...one, do: 'put', id: (one.id + i) % 12, at: 0 });
    if ((one.at >> i) & 1) act(cluster, { ...one, do: 'remove', id: (one.id + i) % 12 });
  }
}

export function act(cluster: Replicas, one: Action): void {
  const nowMs = cluster.clock;
  const boot = cluster.nodes.get(one.other)!.self.boot;
  const far = one.node !== one.other;
  if (one.do === 'put') {
    const put = { key: key(one.id), ref: `${one.node} ${nowMs}`, metadata: 0, supervised: one.flag };
    cluster.step(one.node, { type: 'put', put, nowMs: nowMs + (one.at % 50) });
  } else if (one.do === 'burst') burst(cluster, one);
  else if (one.do === 'remove') cluster.step(one.node, { type: 'remove', key: key(one.id) });
  else if (one.do === 'update') cluster.step(one.node, { type: 'update', key: key(one.id), metadata: nowMs });
  else if (one.do === 'flush') cluster.step(one.node, { type: 'flush' });
  else if (one.do === 'deliver' && cluster.wire.length > 0) cluster.deliver(one.at, false);
  else if (one.do === 'repeat' && cluster.wire.length > 0) cluster.deliver(one.at, true);
  else if (one.do === 'lose' && cluster.wire.length > 0) cluster.wire.splice(one.at % cluster.wire.length, 1);
  else if (one.do === 'restart') cluster.restart(one.node);
  else if (one.do === 'down' && far)
    cluster.step(one.node, { type: 'node_down', node: one.other, boot, nowMs });
  else if (one.do === 'up' && far) cluster.step(one.node, { type: 'node_up', node: one.other, boot });
  else if (one.do === 'tick')
    cluster.step(one.node, { type: 'tick', nowMs: nowMs + (one.flag ? 100_000 : 0) });
  else if (one.do === 'relink' && far) {
    cluster.step(one.node, { type: 'link_down', peer: one.other });
    cluster.step(one.node, { type: 'link_up', peer: one.other, tenant: null });
  } else if (one.do === 'hash' && far) {
    cluster.step(one.node, {
      type: 'heads_hash',
      peer: one.other,
      ...headsHash(cluster.nodes.get(one.other)!),
    });
  }
}
