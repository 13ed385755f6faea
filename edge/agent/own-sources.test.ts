import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { systemResolver } from '../../checks/index.ts';
import type { DocumentDown, SourceGiven } from '../../proto/index.ts';
import { type ManualClock, manualClock, seededRandom } from '../../runtime/index.ts';
import { makeInventory } from '../../test/servers/inventory.ts';
import { type PlayedNetbox, playNetbox } from '../../test/servers/netbox.ts';
import type { DocumentWire } from '../document-wire.ts';
import { sourceProgressMs, takeTriesMax } from './limits.ts';
import { OwnSources, type RunTold } from './own-sources.ts';

const servers: PlayedNetbox[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

interface Received {
  readonly id: string;
  readonly kind: string;
  readonly text: string;
}

/** The cluster's end: keeps what it has of a document when a stream breaks, and takes it whole by its hash. */
function cluster(clock: ManualClock) {
  const state = {
    received: [] as Received[],
    opened: 0,
    held: Buffer.alloc(0),
    /** After so many parts the stream breaks, once. */
    breaksAfter: Number.POSITIVE_INFINITY,
    /** And what was held is gone then. */
    forgets: false,
    refusal: null as string | null,
  };
  const dial = (): DocumentWire => {
    let data: (message: DocumentDown) => void = () => {};
    let fail: (error: never) => void = () => {};
    let [id, kind] = ['', ''];
    let isOver = false;
    const hold = () => {
      const heldBytes = state.held.length;
      const held = { heldBytes, creditBytes: heldBytes + 1_048_576, partBytesMax: 65_536 };
      data({ held } as DocumentDown);
    };
    return {
      write(message) {
        clock.soon(() => {
          if (isOver) return;
          if (message.open) {
            ({ id, kind } = message.open);
            state.opened += 1;
            if (state.refusal !== null) return fail({ code: 7, details: `${state.refusal}: no` } as never);
            hold();
          } else if (message.part) {
            state.breaksAfter -= 1;
            if (state.breaksAfter === 0 && state.forgets) state.held = Buffer.alloc(0);
            isOver = state.breaksAfter === 0;
            if (isOver) return fail({ code: 14, details: 'gone' } as never);
            state.held = Buffer.concat([state.held.subarray(0, message.part.offset), message.part.data]);
            hold();
          } else if (message.end) {
            const hash = createHash('sha256').update(state.held).digest();
            expect(Buffer.from(message.end.sha256).equals(hash)).toBe(true);
            state.received.push({ id, kind, text: state.held.toString() });
            data({ received: { id, totalBytes: state.held.length, items: 1 } } as DocumentDown);
          }
        });
      },
      end() {},
      cancel() {
        isOver = true;
      },
      on(event: string, listener: never) {
        if (event === 'data') data = listener;
        if (event === 'error') fail = listener;
      },
    };
  };
  return { state, dial };
}

async function stage(devices: number, more: { pageItems?: number; known?: string[] } = {}) {
  const server = await playNetbox(makeInventory(devices));
  servers.push(server);
  const clock = manualClock();
  const { state, dial } = cluster(clock);
  const logged: string[] = [];
  const settings = {
    ...{ kind: 'netbox', endpoint: server.url, query: null, partition: 'plant', blacklist: [], caPem: null },
    ...{ pageItems: more.pageItems ?? 100, withInterfaces: false },
  };
  const known = more.known ?? [];
  const taken = { asked: 0, refusal: null as string | null };
  const sources = new OwnSources({
    ...{ clock, random: seededRandom(1), resolver: systemResolver, dial },
    log: (_level, text, fields) => void logged.push(`${text} ${JSON.stringify(fields)}`),
    async take(_run, from): Promise<SourceGiven> {
      taken.asked += 1;
      if (taken.refusal !== null) throw Object.assign(new Error('no'), { code: taken.refusal });
      const head = { settingsJson: Buffer.from(JSON.stringify(settings)), credentials: server.token };
      const page = { acceptEmpty: false, knownIds: known.slice(from, from + 3), knownTotal: known.length };
      return from === 0 ? { ...head, ...page } : { settingsJson: Buffer.alloc(0), credentials: '', ...page };
    },
  });
  const told: RunTold[] = [];
  const begin = (resume = false) =>
    sources.run({ run: 'int_1-7', source: 'int_1', resume }, (one) => void told.push(one));
  /** The server is a real one, the clock is not. */
  const ended = async <T>(ending: Promise<T>): Promise<T> => {
    let over = false;
    void ending.finally(() => {
      over = true;
    });
    for (let turn = 0; turn < 4_000 && !over; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await clock.advance(50);
    }
    return await ending;
  };
  return { server, clock, state, sources, logged, told, taken, begin, ended };
}

describe('a source that this agent lists', () => {
  it('goes home as one document, and is not listed again for whoever missed the answer', async () => {
    const { server, state, sources, logged, taken, begin, ended } = await stage(250, {
      known: ['1', '2', '3', '4', '900'],
    });
    const first = begin();
    expect([sources.runningBeside('int_1'), sources.runningBeside('int_2')]).toEqual([0, 1]);
    const end = await ended(first);
    expect(end).toMatchObject({
      ...{ outcome: 'complete', code: 'ok', blames: 'none', page: 3 },
      counts: { listed: 250, retracted: 1, pages: 3 },
    });
    expect(taken.asked).toBe(2);
    const [document] = state.received;
    expect(document).toMatchObject({ id: 'int_1-7', kind: 'source' });
    const updates = JSON.parse(document!.text) as { metadata: Record<string, string> }[];
    expect(updates).toHaveLength(251);
    expect(updates.at(-1)!.metadata).toMatchObject({ netbox_device_id: '900', _deleted: 'true' });
    const { length } = server.asked;
    expect(await ended(begin(true))).toEqual(end);
    expect([server.asked.length, state.received.length, sources.runningBeside('')]).toEqual([length, 1, 0]);
    expect(logged.join()).not.toContain(server.token);
  });

  it('that fails on a page has no end: nothing of it is whole', async () => {
    const { server, state, begin, ended } = await stage(250);
    server.fault = ({ page }) => (page === 3 ? { status: 500 } : null);
    expect(await ended(begin())).toMatchObject({
      ...{ outcome: 'aborted', code: 'server_error', page: 3, blames: 'theirs', counts: { listed: 200 } },
    });
    expect(state.received).toEqual([]);
  });

  it('says each second how far it is, also while it is made to wait, and ends when it is called off', async () => {
    const { server, clock, state, sources, told, begin, ended } = await stage(30, { pageItems: 10 });
    server.fault = ({ page }) => (page === 2 ? { hangs: true } : null);
    const ending = begin();
    for (let turn = 0; server.asked.length < 2 && turn < 2_000; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await clock.advance(1);
    }
    await clock.advance(sourceProgressMs * 3);
    expect(told.at(-1)).toMatchObject({ page: 1, total: 30, devices: 10 });
    expect(new Set(told.map(({ beat }) => beat)).size).toBe(told.length);
    expect(sources.stop('int_1-7')).toBe(true);
    expect(await ended(ending)).toMatchObject({ outcome: 'aborted', code: 'cancelled', blames: 'ours' });
    expect([state.received, sources.stop('int_1-7')]).toEqual([[], false]);
  });

  it('goes on where it was when its stream breaks', async () => {
    const { state, server, begin, ended } = await stage(600);
    state.breaksAfter = 2;
    expect(await ended(begin())).toMatchObject({ outcome: 'complete', counts: { listed: 600 } });
    expect(state.opened).toBe(2);
    expect((JSON.parse(state.received[0]!.text) as unknown[]).length).toBe(600);
    expect(server.asked.length).toBe(6);
  });

  it('is given up when what was brought of it is not there any more: another listing would be another document', async () => {
    const { state, server, begin, ended } = await stage(600);
    state.breaksAfter = 3;
    state.forgets = true;
    expect(await ended(begin())).toMatchObject({ outcome: 'aborted', code: 'document_gone', blames: 'ours' });
    expect(state.received).toEqual([]);
    expect(server.asked.length).toBeLessThanOrEqual(6);
  });

  it('is not asked anything when the run is refused', async () => {
    const { server, taken, begin, ended } = await stage(10);
    taken.refusal = 'not_placed';
    expect(await ended(begin())).toMatchObject({ outcome: 'aborted', code: 'not_placed', blames: 'ours' });
    expect([taken.asked, server.asked]).toEqual([1, []]);
  });

  it('waits a while for a gateway, and no longer', async () => {
    const { taken, begin, ended } = await stage(10);
    taken.refusal = 'gateway_lost';
    expect(await ended(begin())).toMatchObject({ outcome: 'aborted', code: 'gateway_lost' });
    expect(taken.asked).toBe(takeTriesMax);
  });
});
