import { describe, expect, test } from 'vitest';
import { fileLookMs } from '../bin/limits.ts';
import { manualClock } from '../runtime/index.ts';
import { actorCodec } from './index.ts';
import { linkLookMs, linksJudgedPerTurnMax } from './limits.ts';
import type { Link } from './link.ts';
import { LinkWatch } from './link-watch.ts';
import type { Connection, PeerJudgement, Transport } from './transport.ts';

/** What operators are promised. */
const promisedMs = 5_000;
const links = 250;

/** A watch over `links` links on a clock that stands still, and when each was closed with what. */
function world(notAfterMs: (startMs: number, at: number) => number) {
  const clock = manualClock();
  const revoked = new Set<number>();
  const closed = new Map<number, { atMs: number; code: string; detail: string }>();
  let trusted = 1;
  const transport = { trustVersion: () => trusted, credentialVersion: () => 1 } as Transport;
  const watch = new LinkWatch({ transport, codec: actorCodec(), clock, log: () => {} });
  for (let at = 0; at < links; at += 1) {
    const endMs = notAfterMs(clock.wallMs(), at);
    const identity = { kind: 'node', trustDomain: 'test.local', role: 'agent', name: `a_${at}` } as const;
    const good: PeerJudgement = { ok: true, identity, notAfterMs: endMs, serial: `${at}` };
    const judge = (): PeerJudgement => {
      if (revoked.has(at)) return { ok: false, code: 'revoked', detail: `serial ${at}` };
      if (clock.wallMs() > endMs) return { ok: false, code: 'expired', detail: 'ended' };
      return good;
    };
    const link = {
      peer: { identity },
      close: (code: string, detail: string) => {
        closed.set(at, { atMs: clock.monotonicMs(), code, detail });
        watch.remove(link);
      },
    } as unknown as Link;
    watch.add(link, { peer: good, rejudge: judge } as unknown as Connection);
  }
  const revoke = (...all: number[]) => {
    for (const at of all) revoked.add(at);
    trusted += 1;
  };
  return { clock, watch, closed, revoke };
}

const never = (startMs: number) => startMs + 86_400_000;
const latest = (closed: ReadonlyMap<number, { atMs: number }>) =>
  Math.max(...[...closed.values()].map(({ atMs }) => atMs));

describe('by the simulated clock', () => {
  test('a peer that is revoked is out long before the promise, with the look at the file counted', async () => {
    const { clock, watch, closed, revoke } = world(never);
    await clock.advance(10_000);
    revoke(links - 1);
    await clock.advance(promisedMs);
    expect([...closed]).toEqual([
      [links - 1, { atMs: expect.any(Number), code: 'refused', detail: `revoked: serial ${links - 1}` }],
    ]);
    const looks = Math.ceil(links / linksJudgedPerTurnMax);
    const tookMs = latest(closed) - 10_000;
    expect(tookMs).toBeLessThanOrEqual(looks * linkLookMs);
    expect(fileLookMs + tookMs).toBeLessThan(promisedMs);
    watch.stop();
  });

  test('so is every one of them, when the authority of all is revoked', async () => {
    const { clock, closed, revoke } = world(never);
    revoke(...Array.from({ length: links }, (_, at) => at));
    await clock.advance(promisedMs - fileLookMs);
    expect(closed.size).toBe(links);
    expect(latest(closed)).toBeLessThanOrEqual(Math.ceil(links / linksJudgedPerTurnMax) * linkLookMs);
  });

  test('one whose certificate ends is out at the next look, and nobody before his end', async () => {
    const { clock, closed } = world((startMs, at) => startMs + 1_000 + at * 10);
    await clock.advance(1_000);
    expect(closed.size).toBe(0);
    await clock.advance(promisedMs);
    expect(closed.size).toBe(links);
    for (const [at, { atMs, detail }] of closed) {
      expect(detail).toBe('expired: ended');
      expect(atMs).toBeGreaterThan(1_000 + at * 10);
      expect(atMs).toBeLessThanOrEqual(1_000 + at * 10 + linkLookMs + 1);
    }
  });
});
