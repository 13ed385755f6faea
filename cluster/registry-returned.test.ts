import { expect, it } from 'vitest';
import { returnedNamesMs } from './limits.ts';
import { lookup, type RegistryEvent, stepRegistry } from './registry.ts';
import { createRegistry, type RegistryEffect, type RegistryState } from './registry-state.ts';

/** Of all that hold a supervised name the node `a` is the owner, where it is among them. */
const create = (node: string) =>
  createRegistry({ node, boot: 1, ownerAmong: (_key, nodes) => [...nodes].sort()[0]! });
const keyOf = (id: string) => ({ tenant: 'acme', partition: 'default', kind: 'check', id });
const put = (id: string, ref: string, supervised: boolean): RegistryEvent => ({
  type: 'put',
  put: { key: keyOf(id), ref, metadata: null, supervised },
  nowMs: 1,
});

/** Two nodes whose messages are carried by hand, so that a link can be there before anything has come over it. */
class Pair {
  readonly a = create('a');
  readonly b = create('b');
  readonly queue: { to: RegistryState; from: RegistryState; effect: RegistryEffect }[] = [];
  readonly conflicts: string[] = [];

  step(at: RegistryState, event: RegistryEvent): void {
    for (const effect of stepRegistry(at, event).effects) {
      if (effect.type === 'name_conflict') this.conflicts.push(`${at.self.name} lost ${effect.lost.id}`);
      this.queue.push({ from: at, to: at === this.a ? this.b : this.a, effect });
    }
  }

  /** Each sees the other up, and nothing was carried yet. */
  link(): void {
    for (const [at, peer] of [
      [this.a, 'b'],
      [this.b, 'a'],
    ] as const) {
      this.step(at, { type: 'node_up', node: peer, boot: 1 });
      this.step(at, { type: 'link_up', peer, tenant: null });
    }
  }

  carry(): void {
    for (let one = this.queue.shift(); one !== undefined; one = this.queue.shift()) {
      const { to, effect } = one;
      const peer = one.from.self.name;
      if (!to.links.has(peer)) continue;
      if (effect.type === 'broadcast' || effect.type === 'send_delta')
        this.step(to, { type: 'delta', peer, delta: effect.delta });
      else if (effect.type === 'send_fetch') this.step(to, { type: 'fetch', peer, request: effect });
      else if (effect.type === 'send_origins') this.step(to, { type: 'origins', peer, rows: effect.rows });
      else if (effect.type === 'send_heads') this.step(to, { type: 'heads', peer, message: effect.message });
    }
  }

  flush(): void {
    for (const at of [this.a, this.b]) this.step(at, { type: 'flush' });
    this.carry();
  }

  refAt(at: RegistryState, id: string): unknown {
    return lookup(at, keyOf(id))?.ref ?? null;
  }
}

/** `a` holds a supervised name and another one, and was called down by `b`, which has taken the supervised one. */
function apart(): Pair {
  const pair = new Pair();
  pair.link();
  pair.carry();
  pair.step(pair.a, put('child', 'of a', true));
  pair.step(pair.a, put('thing', 'thing of a', false));
  pair.flush();
  pair.step(pair.a, { type: 'link_down', peer: 'b' });
  pair.step(pair.b, { type: 'link_down', peer: 'a' });
  pair.step(pair.b, { type: 'node_down', node: 'a', boot: 1, nowMs: 10_000 });
  pair.step(pair.b, put('child', 'of b', true));
  pair.flush();
  return pair;
}

it('does not end what runs in the place of a supervised name that its former holder has given up while it was away', () => {
  const pair = apart();
  pair.step(pair.a, { type: 'remove', key: keyOf('child') });
  pair.flush();
  pair.link();
  expect(pair.refAt(pair.b, 'child')).toBe('of b');
  pair.carry();
  pair.flush();
  expect(pair.conflicts).toEqual([]);
  expect([pair.refAt(pair.a, 'child'), pair.refAt(pair.b, 'child')]).toEqual(['of b', 'of b']);
});

it('shows all other names at once', () => {
  const pair = apart();
  expect(pair.refAt(pair.b, 'thing')).toBeNull();
  pair.link();
  expect(pair.refAt(pair.b, 'thing')).toBe('thing of a');
});

it('settles a supervised name that is still held as soon as the one who is back has told so', () => {
  const pair = apart();
  pair.link();
  expect(pair.conflicts).toEqual([]);
  pair.carry();
  pair.flush();
  expect(pair.conflicts).toEqual(['b lost child']);
  expect([pair.refAt(pair.a, 'child'), pair.refAt(pair.b, 'child')]).toEqual(['of a', 'of a']);
});

it('settles it after a second, if nothing is told', () => {
  const pair = apart();
  pair.link();
  pair.queue.length = 0;
  pair.step(pair.b, { type: 'tick', nowMs: 20_000 });
  pair.step(pair.b, { type: 'tick', nowMs: 20_000 + returnedNamesMs - 1 });
  expect(pair.refAt(pair.b, 'child')).toBe('of b');
  pair.step(pair.b, { type: 'tick', nowMs: 20_000 + returnedNamesMs });
  expect(pair.refAt(pair.b, 'child')).toBe('of a');
  expect(pair.conflicts).toEqual(['b lost child']);
});

it('leaves a name that both have taken while apart to one of them, also when one has taken it anew', () => {
  const pair = apart();
  pair.step(pair.b, put('thing', 'thing of b', false));
  pair.step(pair.a, { type: 'remove', key: keyOf('thing') });
  pair.step(pair.a, { ...put('thing', 'thing of a, again', false), nowMs: 2 } as RegistryEvent);
  pair.flush();
  pair.link();
  expect(pair.refAt(pair.b, 'thing')).toBe('thing of b');
  pair.carry();
  pair.flush();
  expect(pair.conflicts.filter((lost) => lost.endsWith('thing'))).toEqual(['a lost thing']);
  expect([pair.refAt(pair.a, 'thing'), pair.refAt(pair.b, 'thing')]).toEqual(['thing of b', 'thing of b']);
});

it('settles a name that both hold, and that was never given up, when the one who is back has told so', () => {
  const pair = apart();
  pair.step(pair.b, put('thing', 'thing of b', false));
  pair.flush();
  pair.link();
  expect(pair.conflicts).toEqual([]);
  pair.carry();
  pair.flush();
  expect(pair.conflicts.filter((lost) => lost.endsWith('thing'))).toEqual(['b lost thing']);
  expect([pair.refAt(pair.a, 'thing'), pair.refAt(pair.b, 'thing')]).toEqual(['thing of a', 'thing of a']);
});
