import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { findProber } from '../prober.ts';
import { addressSet } from './address-set.ts';
import { runSlice, type SliceNeeds, type SliceWork } from './run-slice.ts';
import { SharedRate } from './shared-rate.ts';
import type { ProbeAnswer } from './slice-book.ts';
import { sweepDocument } from './sweep-document.ts';
import { createSweepPinger, type SweepPinger, sweepArguments } from './sweep-pinger.ts';

/** A clock that goes to its next timer whenever everything rests. */
function playedClock() {
  let nowMs = 1_000;
  let order = 0;
  const timers = new Map<number, { atMs: number; run: () => void }>();
  return {
    monotonicMs: () => nowMs,
    timer(delayMs: number, run: () => void) {
      order += 1;
      const id = order;
      timers.set(id, { atMs: nowMs + delayMs, run });
      return () => void timers.delete(id);
    },
    async run(isOver: () => boolean) {
      for (let turn = 0; turn < 200_000 && !isOver(); turn += 1) {
        for (let rest = 0; rest < 5; rest += 1) await Promise.resolve();
        if (isOver()) return;
        const next = [...timers].sort(([a, one], [b, two]) => one.atMs - two.atMs || a - b)[0];
        if (next === undefined) throw new Error('nothing is left to do, and it is not over');
        timers.delete(next[0]);
        nowMs = Math.max(nowMs, next[1].atMs);
        next[1].run();
      }
    },
  };
}

function workOf(
  networks: string[],
  { ratePerS = 1_000, ...more }: Partial<SliceWork> & { ratePerS?: number } = {},
): SliceWork {
  const made = addressSet(networks, []);
  if (!made.ok) throw new Error('no set');
  const { set } = made;
  return {
    ...{ set, from: 0, to: set.count, icmp: true, ports: [], guard: { allowAll: true } },
    ...{ rate: new SharedRate(ratePerS, 1_000), timeoutMs: 100 },
    ...more,
  };
}

interface Played {
  work: SliceWork;
  ping?: (address: string, attempt: number) => ProbeAnswer;
  connect?: SliceNeeds['connect'];
  signal?: AbortSignal;
  pinger?: SweepPinger | null;
}

async function played({ work, ping = () => ({ type: 'silent' }), connect, signal, pinger }: Played) {
  const clock = playedClock();
  const sentMs: number[] = [];
  const attempts = new Map<string, number>();
  let underWay = 0;
  let most = 0;
  const own: SweepPinger = {
    packets: 1,
    ping({ addresses, timeoutMs }, tell) {
      for (const address of addresses) {
        const attempt = (attempts.get(address) ?? 0) + 1;
        attempts.set(address, attempt);
        const answer = ping(address, attempt);
        clock.timer(answer.type === 'silent' ? timeoutMs : 1, () => tell(address, answer));
      }
      return () => {};
    },
    close: async () => {},
  };
  const running = runSlice(work, {
    clock,
    signal: signal ?? new AbortController().signal,
    pinger: pinger === undefined ? own : pinger,
    async connect(address, port, timeoutMs) {
      sentMs.push(clock.monotonicMs());
      underWay += 1;
      most = Math.max(most, underWay);
      const outcome = await (connect?.(address, port, timeoutMs) ??
        new Promise<{ status: 'timeout'; latencyMs: null; reason: null }>((resolve) => {
          clock.timer(timeoutMs, () => resolve({ status: 'timeout', latencyMs: null, reason: null }));
        }));
      underWay -= 1;
      return outcome;
    },
  });
  let isOver = false;
  const ended = running.ended.then((found) => {
    isOver = true;
    return found;
  });
  await clock.run(() => isOver);
  return { found: await ended, sentMs, attempts, most: () => most, running };
}

describe('a slice that is swept', () => {
  it('asks every address once, silent ones by ICMP once more, and tells those that answered in order', async () => {
    const isLive = (address: string) => address.endsWith('.7') || address.endsWith('.200');
    const { found, attempts } = await played({
      work: workOf(['192.0.2.0/24'], { ports: [22, 443] }),
      ping: (address, attempt) =>
        isLive(address) && attempt === 2 ? { type: 'answered', ms: 1.5 } : { type: 'silent' },
      connect: async (address, port) =>
        isLive(address) && port === 443
          ? { status: 'success', latencyMs: 2, reason: null }
          : { status: 'critical', latencyMs: null, reason: 'connection refused' },
    });
    expect(found).toMatchObject({
      addresses: 256,
      done: 256,
      live: 2,
      refused: 0,
      untold: 0,
      cancelled: false,
    });
    expect(found.sent).toBe(256 * 4);
    expect([...attempts.values()].every((count) => count === limits.sweepPingTries)).toBe(true);
    expect(found.hosts[0]).toEqual({
      ...{ index: 7, address: '192.0.2.7', rttMs: 1.5, sent: 2, lost: 1 },
      ports: [
        { port: 22, available: false, latencyMs: null },
        { port: 443, available: true, latencyMs: 2 },
      ],
    });
  });

  it('takes a refused connection for no life, and a host that answers at a port alone for alive', async () => {
    const { found } = await played({
      work: workOf(['192.0.2.0/30'], { icmp: false, ports: [80] }),
      connect: async (address) =>
        address === '192.0.2.2'
          ? { status: 'success', latencyMs: 3, reason: null }
          : { status: 'critical', latencyMs: null, reason: 'connection refused' },
    });
    expect(found.hosts.map(({ address }) => address)).toEqual(['192.0.2.2']);
  });

  it('never goes faster than its rate, nor has more open than its bounds, at any rate and size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 5, max: 9_000 }),
        fc.integer({ min: 24, max: 32 }),
        fc.integer({ min: 1, max: 4 }),
        async (ratePerS, prefix, ports) => {
          const { found, sentMs } = await played({
            work: workOf([`192.0.2.0/${prefix}`], {
              ...{ ratePerS, icmp: false, ports: [1, 2, 3, 4].slice(0, ports) },
            }),
          });
          expect(found.done).toBe(found.addresses);
          expect(found.sent).toBe(sentMs.length);
          const burst = Math.max(1, (ratePerS * limits.sweepBurstMs) / 1_000);
          sentMs.forEach((atMs, at) => {
            const first = sentMs.findIndex((one) => one > atMs - 1_000);
            expect(at - first + 1).toBeLessThanOrEqual(ratePerS + burst + 1);
          });
        },
      ),
      { numRuns: 12 },
    );
    const { most } = await played({
      work: workOf(['192.0.0.0/20'], { ratePerS: 10_000, icmp: false, ports: [80], timeoutMs: 10_000 }),
    });
    expect(most()).toBe(limits.sweepConnectsMax);
  });

  it('sends nothing to what the guard refuses, and counts it', async () => {
    const asked: string[] = [];
    const { found } = await played({
      work: workOf(['9.255.255.254/31', '10.0.0.0/30'], { guard: { allowAll: false } }),
      ping(address) {
        asked.push(address);
        return { type: 'answered', ms: 1 };
      },
    });
    expect(asked).toEqual(['9.255.255.254', '9.255.255.255']);
    expect(found).toMatchObject({ done: 6, live: 2, refused: 4, why: expect.stringContaining('10.0.0.0') });
  });

  it('says what it could not ask, and why', async () => {
    const { found } = await played({ work: workOf(['192.0.2.0/28']), pinger: null });
    expect(found).toMatchObject({ done: 16, live: 0, untold: 16, why: expect.stringContaining('fping') });
  });

  it('ends at once when it is cancelled, and says how far it came', async () => {
    const ending = new AbortController();
    const { found } = await played({
      work: workOf(['192.0.2.0/24'], { icmp: false, ports: [80], ratePerS: 100 }),
      signal: ending.signal,
      connect: async (address) => {
        if (address === '192.0.2.20') ending.abort();
        return { status: 'critical', latencyMs: null, reason: 'connection refused' };
      },
    });
    expect(found.cancelled).toBe(true);
    expect(found.done).toBeLessThan(25);
  });
});

describe('the document of a slice', () => {
  const head = {
    ...{ sweep: 'office', run: 'run_1', slice: 3, networks: ['192.0.0.0/16'], addresses: 4_096 },
    ...{ ports: [22], icmp: true, endedAtS: 1_780_000_000 },
  };
  const host = (index: number) => ({
    ...{ index, address: `192.0.2.${index}`, rttMs: 0.25, sent: 2, lost: 1 },
    ports: [{ port: 22, available: index % 2 === 0, latencyMs: index % 2 === 0 ? 1 : null }],
  });

  it('is an array of objects with one head, each complete, of at most a thousand hosts', () => {
    const hosts = Array.from({ length: 2_500 }, (_, index) => host(2_499 - index));
    const objects = JSON.parse([...sweepDocument(head, hosts)].join('')) as { hosts: { host: string }[] }[];
    expect(objects.map((one) => one.hosts.length)).toEqual([1_000, 1_000, 500]);
    const { hosts: first, ...said } = objects[0]!;
    for (const { hosts: _hosts, ...other } of objects) expect(other).toEqual(said);
    expect(said).toEqual({
      ...{ network: '192.0.0.0/16', total_hosts: 4_096, available_hosts: 2_500, last_sweep: 1_780_000_000 },
      ...{ ports: [{ port: 22, available: 1_250 }], sweep: 'office', run: 'run_1', slice: 3, icmp: true },
    });
    expect(first[1]).toEqual({
      ...{ host: '192.0.2.1', available: true, response_time: 250_000, last_seen: 1_780_000_000 },
      icmp: { available: true, rtt: 250_000, packet_loss: 50 },
      ports: [{ port: 22, available: false, response_time: 0 }],
    });
  });

  it('of a slice where nothing lives is one object without hosts', () => {
    expect(JSON.parse([...sweepDocument(head, [])].join(''))).toMatchObject([
      { available_hosts: 0, hosts: [] },
    ]);
  });
});

const fping = await findProber('/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin');
const pinger = fping?.kind === 'fping' ? createSweepPinger(fping) : null;
afterAll(() => pinger?.close());

describe('pings of a sweep', () => {
  it('are spread as far as they were gathered, and no closer than fping lets anybody', () => {
    const addresses = Array.from({ length: 100 }, (_, index) => `192.0.2.${index}`);
    expect(sweepArguments({ addresses, spreadMs: 500, timeoutMs: 800 }).join(' ')).toBe(
      '-C 1 -t 800 -i 5 -r 0',
    );
    expect(sweepArguments({ addresses, spreadMs: 3, timeoutMs: 800 })).toContain('1');
  });

  it.skipIf(pinger === null)(
    'find what answers on this machine by one fping (skipped without fping)',
    async () => {
      const answers = new Map<string, string>();
      await new Promise<void>((done) => {
        const addresses = ['127.0.0.1', '127.255.255.255', '::1'];
        pinger!.ping({ addresses, spreadMs: 3, timeoutMs: 300 }, (address, { type }) => {
          answers.set(address, type);
          if (answers.size === addresses.length) done();
        });
      });
      expect([answers.get('127.0.0.1'), answers.get('127.255.255.255')]).toEqual(['answered', 'silent']);
    },
  );
});
