import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../runtime/index.ts';
import {
  type DialOutcome,
  type DiscoveryEffect,
  type DiscoveryEvent,
  discoveryDueMs,
  stepDiscovery,
} from './decision.ts';
import { createDiscovery } from './hints.ts';
import {
  addressesReadMax,
  dialOutcomeMs,
  hintDialMaxMs,
  hintDialsAtOnceMax,
  hintDialsPerS,
  hintSettledMs,
  hintsMax,
  leftHoldMs,
  sourceRetryMaxMs,
  sourceSettledMs,
} from './limits.ts';

type Untimed<Event> = Event extends unknown ? Omit<Event, 'nowMs'> : never;

/** A node's discovery with its time; effects are gathered until they are taken. */
function discovery(pauseMs = 5_000) {
  const state = createDiscovery({ title: 'test', pauseMs });
  const random = seededRandom(1);
  let nowMs = 0;
  const effects: DiscoveryEffect[] = [];
  const apply = (event: Untimed<DiscoveryEvent>) => {
    effects.push(...stepDiscovery(state, { ...event, nowMs } as DiscoveryEvent, random).effects);
  };
  const take = () => effects.splice(0);
  return {
    state,
    apply,
    take,
    now: () => nowMs,
    begin: (own: string[] = ['10.0.0.1:7400']) => apply({ type: 'begin', own }),
    tell: (...addresses: string[]) => apply({ type: 'told', addresses }),
    outcome: (address: string, outcome: DialOutcome) => apply({ type: 'dialled', address, outcome }),
    fail: (address: string) =>
      apply({ type: 'dialled', address, outcome: { type: 'failed', code: 'refused' } }),
    /** Every wake that is asked for until then, in order. */
    until(atMs: number, answer: (address: string) => DialOutcome | null = () => null) {
      for (;;) {
        for (const effect of effects.slice()) {
          if (effect.type !== 'dial' || !state.dialling.has(effect.address)) continue;
          const outcome = answer(effect.address);
          if (outcome !== null) apply({ type: 'dialled', address: effect.address, outcome });
        }
        const dueMs = discoveryDueMs(state);
        if (dueMs > atMs) break;
        nowMs = Math.max(nowMs, dueMs);
        apply({ type: 'tick' });
      }
      nowMs = atMs;
    },
    dials: () => take().flatMap((effect) => (effect.type === 'dial' ? [effect.address] : [])),
    said: () => take().flatMap((effect) => (effect.type === 'say' ? [effect] : [])),
  };
}

const refused: DialOutcome = { type: 'failed', code: 'refused' };
const many = (count: number) => Array.from({ length: count }, (_, at) => `10.1.${at >> 8}.${at & 255}:7400`);

describe('addresses', () => {
  test('are dialled when they are told, once, and not while somebody who lives there is linked', () => {
    const at = discovery();
    at.begin();
    at.tell('10.0.0.2:7400', '10.0.0.3:7400', '10.0.0.2:7400');
    expect(at.dials()).toEqual(['10.0.0.2:7400', '10.0.0.3:7400']);
    at.outcome('10.0.0.2:7400', { type: 'answered', node: 'b' });
    at.apply({ type: 'linked', node: 'b', address: '10.0.0.2:7400' });
    at.apply({ type: 'linked', node: 'c', address: '10.0.0.3:7400' });
    at.outcome('10.0.0.3:7400', { type: 'busy' });
    at.tell('10.0.0.2:7400', '10.0.0.3:7400');
    at.until(600_000);
    expect(at.dials()).toEqual([]);
    expect(discoveryDueMs(at.state)).toBe(Number.POSITIVE_INFINITY);
  });

  test('that are another name of a linked node are not dialled again', () => {
    const at = discovery();
    at.begin();
    at.tell('core.example:7400');
    at.outcome('core.example:7400', { type: 'answered', node: 'b' });
    at.apply({ type: 'linked', node: 'b', address: '10.0.0.2:7400' });
    at.take();
    at.until(600_000);
    expect(at.dials()).toEqual([]);
    at.apply({ type: 'unlinked', node: 'b' });
    at.until(600_000 + hintDialMaxMs);
    expect(at.dials()[0]).toBe('core.example:7400');
  });

  test('of a node that is back elsewhere are dialled: another may live there now', () => {
    const at = discovery();
    at.begin();
    at.tell('10.0.0.2:7400');
    at.apply({ type: 'linked', node: 'b', address: '10.0.0.2:7400' });
    at.outcome('10.0.0.2:7400', { type: 'answered', node: 'b' });
    at.until(60_000);
    at.take();
    at.apply({ type: 'unlinked', node: 'b' });
    at.apply({ type: 'linked', node: 'b', address: '10.0.0.3:7400' });
    at.until(61_000);
    expect(at.dials()).toEqual(['10.0.0.2:7400']);
  });

  test('are the same in capitals, as a node may tell its own', () => {
    const at = discovery();
    at.begin();
    at.tell('core_2.example:7400');
    at.apply({ type: 'linked', node: 'b', address: 'Core_2.Example:7400' });
    at.outcome('core_2.example:7400', { type: 'busy' });
    at.take();
    at.until(60_000);
    expect(at.dials()).toEqual([]);
  });

  test('that are no longer told are no longer dialled', () => {
    const at = discovery();
    at.begin();
    at.tell('10.0.0.2:7400');
    at.fail('10.0.0.2:7400');
    at.take();
    at.tell('10.0.0.3:7400');
    at.until(60_000, () => refused);
    expect(new Set(at.dials())).toEqual(new Set(['10.0.0.3:7400']));
  });

  test('of this node itself are never dialled, or once when only the answer can tell', () => {
    const at = discovery();
    at.begin(['Core_1.example:7400', '10.0.0.1:7400']);
    at.tell('10.0.0.1:7400', 'core_1.EXAMPLE:7400', '192.0.2.1:7400');
    expect(at.dials()).toEqual(['192.0.2.1:7400']);
    at.outcome('192.0.2.1:7400', { type: 'own' });
    at.tell('10.0.0.1:7400', '192.0.2.1:7400');
    at.until(600_000);
    expect(at.dials()).toEqual([]);
  });

  test('that are none, or lead to this machine only, are passed over', () => {
    const at = discovery();
    at.begin();
    at.tell('', 'nowhere', '10.0.0.2', '10.0.0.2:0', '10.0.0.2:70000', '0.0.0.0:7400', '[::]:7400', 'a b:1');
    expect(at.dials()).toEqual([]);
    at.tell('[2001:DB8::1]:7400');
    expect(at.dials()).toEqual(['[2001:db8::1]:7400']);
    at.tell('[FE80::1%Eth0]:7400');
    expect(at.dials()).toEqual(['[fe80::1%Eth0]:7400']);
  });

  test('where somebody answers whose link is never kept are dialled ever more slowly', () => {
    const at = discovery();
    at.begin();
    at.tell('10.0.0.2:7400');
    at.until(600_000, () => ({ type: 'answered', node: 'b' }));
    const effects = at.take();
    const dials = effects.filter(({ type }) => type === 'dial').length;
    expect(dials).toBeGreaterThanOrEqual(600_000 / hintDialMaxMs);
    expect(dials).toBeLessThan((2 * 600_000) / hintDialMaxMs + 10);
    expect(effects.filter(({ type }) => type === 'say')).toHaveLength(1);
  });

  test('of which nothing is heard after the dial count as failed in the end', () => {
    const at = discovery();
    at.begin();
    at.tell('10.0.0.2:7400');
    at.until(dialOutcomeMs - 1);
    expect(at.dials()).toEqual(['10.0.0.2:7400']);
    at.until(dialOutcomeMs + 1_000);
    expect(at.dials()).toEqual(['10.0.0.2:7400']);
  });
});

describe('a dead address', () => {
  test('is dialled ever more slowly, and for ever', () => {
    const at = discovery();
    at.begin();
    at.tell('10.0.0.2:7400');
    at.until(60_000, () => refused);
    const first = at.dials().length;
    expect(first).toBeLessThanOrEqual(16);
    at.until(3_660_000, () => refused);
    const hour = at.dials().length;
    expect(hour).toBeGreaterThanOrEqual(3_600_000 / hintDialMaxMs);
    expect(hour).toBeLessThanOrEqual((2 * 3_600_000) / hintDialMaxMs + 1);
  });

  test('is said once, and once more when it answers, however often it was tried', () => {
    const at = discovery();
    at.begin();
    at.tell('10.0.0.2:7400', '10.0.0.3:7400');
    at.until(3_600_000, () => refused);
    const messages = at.said().map(({ level, message, fields }) => [level, message, fields.failing]);
    expect(messages).toEqual([
      ['info', 'discovery has other addresses', undefined],
      ['warn', 'addresses of discovery do not answer', 2],
    ]);
    at.until(3_700_000, () => ({ type: 'answered', node: 'b' }));
    at.apply({ type: 'linked', node: 'b', address: '10.0.0.2:7400' });
    at.apply({ type: 'linked', node: 'c', address: '10.0.0.3:7400' });
    at.until(7_200_000);
    expect(at.said().map(({ message }) => message)).toContain('every address of discovery answers');
  });

  test('among a thousand of them does not keep a new address waiting', () => {
    const at = discovery();
    at.begin();
    const dead = many(hintsMax - 1);
    at.tell(...dead);
    at.until(600_000, () => refused);
    at.take();
    at.tell(...dead, '10.9.9.9:7400');
    at.until(602_000, () => refused);
    expect(at.dials()).toContain('10.9.9.9:7400');
  });
});

describe('a node that was linked', () => {
  test('and said that it leaves is left alone for a while, also while it is still told', () => {
    const at = discovery();
    at.begin();
    at.tell('10.0.0.2:7400');
    at.apply({ type: 'linked', node: 'b', address: '10.0.0.2:7400' });
    at.outcome('10.0.0.2:7400', { type: 'answered', node: 'b' });
    at.until(60_000);
    at.take();
    at.apply({ type: 'left', node: 'b', address: '10.0.0.2:7400' });
    at.apply({ type: 'unlinked', node: 'b' });
    at.until(60_000 + leftHoldMs - 1);
    expect(at.dials()).toEqual([]);
    at.until(60_000 + leftHoldMs);
    expect(at.dials()).toEqual(['10.0.0.2:7400']);
  });

  test('and lost is dialled soon; one that is lost again and again ever more slowly', () => {
    const at = discovery();
    at.begin();
    at.tell('10.0.0.2:7400');
    let dials = 0;
    const flap = (forMs: number) => {
      dials += at.dials().length;
      at.outcome('10.0.0.2:7400', { type: 'answered', node: 'b' });
      at.apply({ type: 'linked', node: 'b', address: '10.0.0.2:7400' });
      at.until(at.now() + forMs);
      at.apply({ type: 'unlinked', node: 'b' });
    };
    while (at.now() < 600_000) {
      flap(1);
      at.until(Math.max(at.now(), discoveryDueMs(at.state)));
    }
    expect(dials).toBeLessThan((3 * 600_000) / hintDialMaxMs);
    flap(hintSettledMs);
    at.take();
    at.until(at.now() + 500);
    expect(at.dials()).toEqual(['10.0.0.2:7400']);
  });
});

describe('the source', () => {
  test('is asked at the beginning and, after a good session, again after its pause', () => {
    const at = discovery(5_000);
    at.begin();
    expect(at.take()).toEqual([{ type: 'ask' }]);
    at.apply({ type: 'session_ended' });
    at.until(3_749);
    expect(at.take()).toEqual([]);
    at.until(6_250);
    expect(at.take()).toEqual([{ type: 'ask' }]);
  });

  test('that fails keeps being asked, ever more slowly; the addresses stay; it is said once', () => {
    const at = discovery();
    at.begin();
    at.tell('10.0.0.2:7400');
    at.apply({ type: 'session_failed', code: 'discovery_unreachable', detail: 'refused' });
    let asked = 0;
    const said = at.said();
    while (at.now() < 3_600_000) {
      at.until(Math.max(at.now(), discoveryDueMs(at.state)), () => refused);
      for (const effect of at.take()) {
        if (effect.type === 'say') said.push(effect);
        if (effect.type !== 'ask') continue;
        asked += 1;
        at.apply({ type: 'session_failed', code: 'discovery_unreachable', detail: `try ${asked}` });
      }
    }
    expect(asked).toBeGreaterThan(3_600_000 / sourceRetryMaxMs);
    expect(asked).toBeLessThan((2 * 3_600_000) / sourceRetryMaxMs + 10);
    expect(said.filter(({ message }) => message.startsWith('discovery fails'))).toHaveLength(1);
    expect([...at.state.hints.keys()]).toEqual(['10.0.0.2:7400']);
    at.apply({ type: 'session_ended' });
    expect(at.said().map(({ message }) => message)).toEqual(['discovery works again']);
  });

  test('whose sessions fail after their first answer is not taken for one that works again', () => {
    const at = discovery();
    at.begin();
    const said: string[] = [];
    for (let round = 0; round < 50; round += 1) {
      at.tell('10.0.0.2:7400');
      at.apply({ type: 'session_failed', code: 'discovery_malformed', detail: '' });
      while (!at.state.source.running) at.until(discoveryDueMs(at.state), () => refused);
      said.push(...at.said().map(({ message }) => message));
    }
    expect(at.now()).toBeGreaterThan(20 * sourceRetryMaxMs);
    expect(said.filter((message) => message.includes('works again'))).toEqual([]);
    at.tell('10.0.0.2:7400');
    at.until(at.now() + sourceSettledMs, () => refused);
    expect(at.said().map(({ message }) => message)).toEqual(['discovery works again']);
  });
});

test('of ten thousand addresses a bounded number is kept, those that were known first, and the log says so', () => {
  const at = discovery();
  at.begin();
  at.tell('10.0.0.2:7400');
  at.until(10_000, () => refused);
  at.take();
  at.tell(...many(addressesReadMax), '10.0.0.2:7400');
  expect(at.state.hints.size).toBe(hintsMax);
  expect(at.said()[0]).toMatchObject({ level: 'warn', fields: { addresses: hintsMax, dropped: 9_001 } });
});

test('whatever is told and happens: bounded addresses, dials and log, and never a dial of oneself', () => {
  const addresses = [...many(30), '10.0.0.1:7400', 'x', '[2001:db8::1]:7400'];
  const address = fc.constantFrom(...addresses);
  const node = fc.constantFrom('b', 'c', 'd');
  const event: fc.Arbitrary<Untimed<DiscoveryEvent>> = fc.oneof(
    fc.record({ type: fc.constant('told' as const), addresses: fc.array(address, { maxLength: 40 }) }),
    fc.record({ type: fc.constant('session_ended' as const) }),
    fc.record({
      type: fc.constant('session_failed' as const),
      code: fc.constantFrom('a', 'b'),
      detail: fc.string(),
    }),
    fc.record({
      type: fc.constant('dialled' as const),
      address,
      outcome: fc.oneof(
        fc.record({ type: fc.constant('answered' as const), node }),
        fc.constantFrom<DialOutcome>({ type: 'own' }, { type: 'busy' }, refused),
      ),
    }),
    fc.record({ type: fc.constant('linked' as const), node, address }),
    fc.record({ type: fc.constant('unlinked' as const), node }),
    fc.record({ type: fc.constant('left' as const), node, address }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(event, fc.integer({ min: 0, max: 3_000 })), { maxLength: 120 }),
      (steps) => {
        const at = discovery();
        at.begin();
        const dials: { atMs: number; address: string }[] = [];
        let ownAt = new Set(['10.0.0.1:7400']);
        for (const [next, delayMs] of steps) {
          at.until(at.now() + delayMs);
          at.apply(next);
          for (const one of at.dials()) {
            expect(ownAt.has(one)).toBe(false);
            dials.push({ atMs: at.now(), address: one });
          }
          ownAt = new Set(at.state.own);
          expect(at.state.dialling.size).toBeLessThanOrEqual(hintDialsAtOnceMax);
          expect(at.state.hints.size).toBeLessThanOrEqual(hintsMax);
          // Every address that is linked is counted, and none else.
          expect([...at.state.linkedAt.values()].reduce((sum, count) => sum + count, 0)).toBe(
            at.state.linked.size,
          );
          // Nothing waits without a wake.
          expect(discoveryDueMs(at.state)).not.toBeNaN();
        }
        const busiest = dials.filter(({ atMs }) => atMs === dials[0]?.atMs).length;
        expect(busiest).toBeLessThanOrEqual(hintDialsPerS);
      },
    ),
    { numRuns: 200 },
  );
});
