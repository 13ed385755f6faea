import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { downAfterMs, membershipTickMs, splitSettleMs } from './limits.ts';
import { createMembership, type MembershipEvent, stepMembership } from './membership.ts';
import type { MembershipState } from './membership-peer.ts';
import { lookFor, noSplit, type SplitEvent, splitIn, watchSplit } from './split.ts';

const identity = (name: string, boot = 10) => ({
  name,
  role: 'core',
  boot,
  address: `${name}:7000`,
  tenant: null,
});

/** core_1 with its peers, its watch over splits, and the time. */
class View {
  readonly state: MembershipState = createMembership(identity('core_1'));
  watch = noSplit;
  nowMs = 0;
  readonly told: SplitEvent[] = [];

  constructor(...peers: string[]) {
    for (const name of peers) this.step({ type: 'link_up', peer: identity(name), nowMs: 0 });
  }

  step(event: MembershipEvent): void {
    stepMembership(this.state, event);
  }

  /** Ticks for so long; `alive` are heard from, and dials of the others end with the code. */
  pass(ms: number, alive: readonly string[], code: string): void {
    for (const until = this.nowMs + ms; this.nowMs < until; this.nowMs += membershipTickMs) {
      const { nowMs } = this;
      for (const name of alive)
        this.step({ type: 'heartbeat', name, boot: 10, incarnation: 0, nowMs, rttMs: 1 });
      for (const effect of stepMembership(this.state, { type: 'tick', nowMs }).effects) {
        if (effect.type === 'dial') this.step({ type: 'dial_failed', name: effect.name, code, nowMs });
      }
      const { state, effects } = watchSplit(this.watch, lookFor(this.watch, this.state, nowMs));
      this.watch = state;
      this.told.push(...effects);
    }
  }
}

const lossMs = downAfterMs + splitSettleMs + 6_000;

describe('a split', () => {
  it('is told once, with both sides named', () => {
    const view = new View('core_2', 'core_3', 'web_1');
    view.pass(lossMs, ['web_1'], 'timeout');
    expect(view.told).toEqual([
      { type: 'split', split: { here: ['core_1', 'web_1'], there: ['core_2', 'core_3'] } },
    ]);
    view.pass(60_000, ['web_1'], 'timeout');
    expect(view.told).toHaveLength(1);
  });

  it('is over when the same lives are linked again, and that is told once', () => {
    const view = new View('core_2', 'core_3');
    view.pass(lossMs, [], 'unreachable');
    for (const name of ['core_2', 'core_3'])
      view.step({ type: 'link_up', peer: identity(name), nowMs: view.nowMs });
    view.pass(10_000, ['core_2', 'core_3'], 'timeout');
    expect(view.told.slice(1)).toEqual([{ type: 'healed', back: ['core_2', 'core_3'], lost: [] }]);
  });

  it('is none when the lost process refuses connections: it is dead', () => {
    const view = new View('core_2', 'core_3');
    view.pass(lossMs, ['core_3'], 'refused');
    expect(view.state.peers.get('core_2')!.status).toBe('down');
    expect(view.told).toEqual([]);
  });

  it('is none when its host takes connections and the process says nothing: it hangs', () => {
    const view = new View('core_2', 'core_3');
    view.pass(lossMs, ['core_3'], 'silent');
    expect(view.state.peers.get('core_2')!.status).toBe('down');
    expect(view.told).toEqual([]);
  });

  it('is over when those cut off turn out to be dead, who are then named as lost', () => {
    const view = new View('core_2', 'core_3');
    view.pass(lossMs, ['core_3'], 'timeout');
    view.pass(20_000, ['core_3'], 'refused');
    expect(view.told.at(-1)).toEqual({ type: 'healed', back: [], lost: ['core_2'] });
  });

  it('has its two sides apart, this node on its own, whatever happens', () => {
    const names = ['core_2', 'core_3', 'core_4'];
    const step = fc.record({
      ms: fc.integer({ min: 100, max: 8_000 }),
      alive: fc.subarray(names),
      code: fc.constantFrom('timeout', 'unreachable', 'refused', 'silent'),
      back: fc.subarray(names),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const view = new View(...names);
        for (const { ms, alive, code, back } of steps) {
          view.pass(ms, alive, code);
          for (const name of back) view.step({ type: 'link_up', peer: identity(name), nowMs: view.nowMs });
          const split = splitIn(view.state);
          if (split === null) continue;
          expect(split.here).toContain('core_1');
          expect(split.there.filter((name) => split.here.includes(name))).toEqual([]);
        }
      }),
      { numRuns: 50 },
    );
  });
});
