import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SweepPinger } from '../../checks/index.ts';
import type { DocumentDown, DocumentUp } from '../../proto/index.ts';
import { type ManualClock, manualClock, seededRandom } from '../../runtime/index.ts';
import type { DocumentWire } from '../document-wire.ts';
import { OwnSweeps, type SliceTold } from './own-sweeps.ts';
import { readSweepOrder, type SweepOrder } from './sweep-order.ts';

const order = (more: Record<string, unknown> = {}): SweepOrder => {
  const read = readSweepOrder({
    ...{ run: 'run_1', slice: 0, attempt: 1, sweep: 'office', addresses: 256, from: 0, to: 64, rate: 20 },
    ...{ networks: ['192.0.2.0/24'], exclusions: [], ports: [], icmp: true, timeout_ms: 100 },
    ...more,
  });
  if (typeof read === 'string') throw new Error(read);
  return read;
};

/** The gateway's end of one stream: takes a document whole, unless it is to refuse it. */
function gateway(clock: ManualClock, refusal: () => string | null) {
  const received: { id: string; text: string; kind: string; service: string }[] = [];
  const dial = (): DocumentWire => {
    let data: (message: DocumentDown) => void = () => {};
    let fail: (error: never) => void = () => {};
    let id = '';
    let open: DocumentUp['open'];
    const parts: Buffer[] = [];
    const hold = () => {
      const heldBytes = parts.reduce((sum, { length }) => sum + length, 0);
      data({ held: { heldBytes, creditBytes: heldBytes + 1_048_576, partBytesMax: 65_536 } } as DocumentDown);
    };
    return {
      write(message) {
        clock.soon(() => {
          if (message.open) {
            ({ id } = message.open);
            ({ open } = message);
            hold();
          } else if (message.part) {
            parts.push(Buffer.from(message.part.data));
            hold();
          } else if (message.end) {
            const why = refusal();
            if (why !== null) return fail({ code: 9, details: `${why}: no` } as never);
            const bytes = Buffer.concat(parts);
            expect(Buffer.from(message.end.sha256).equals(createHash('sha256').update(bytes).digest())).toBe(
              true,
            );
            received.push({ id, text: bytes.toString(), kind: open!.kind, service: open!.service });
            data({ received: { id, totalBytes: bytes.length, items: 1 } } as DocumentDown);
          }
        });
      },
      end() {},
      cancel() {},
      on(event: string, listener: never) {
        if (event === 'data') data = listener;
        if (event === 'error') fail = listener;
      },
    };
  };
  return { received, dial };
}

function stage(refusal: () => string | null = () => null) {
  const clock = manualClock();
  const { received, dial } = gateway(clock, refusal);
  const connected = { now: true };
  let pinged = 0;
  const pinger: SweepPinger = {
    packets: 1,
    ping({ addresses }, tell) {
      pinged += addresses.length;
      for (const address of addresses)
        clock.timer(1, () => tell(address, { type: 'answered', ms: Number(address.split('.')[3]) / 10 }));
      return () => {};
    },
    close: async () => {},
  };
  const sweeps = new OwnSweeps({
    ...{ clock, random: seededRandom(1), log: () => {}, pinger, nowMs: () => clock.wallMs() },
    dial() {
      if (!connected.now) throw new Error('no gateway is connected');
      return dial();
    },
  });
  return { clock, sweeps, received, connected, pinged: () => pinged };
}

describe('the sweeps of an agent', () => {
  it('tell how far they are, bring what they found, and answer then', async () => {
    const { clock, sweeps, received } = stage();
    const told: SliceTold[] = [];
    const ended = sweeps.run(order(), (one) => void told.push(one));
    await clock.advance(2_500);
    expect(told.map(({ beat, total }) => [beat, total])).toEqual([
      [1, 64],
      [2, 64],
    ]);
    expect(told[1]!.done).toBeGreaterThan(told[0]!.done);
    expect(received).toEqual([]);
    await clock.advance(3_000);
    const end = await ended;
    expect(end).toMatchObject({
      ok: true,
      told: { done: 64, live: 64, refused: 0, untold: 0, sent: 64, why: null },
    });
    expect(received).toMatchObject([{ id: 'run_1/0', kind: 'sweep', service: 'office' }]);
    expect(JSON.parse(received[0]!.text)).toMatchObject([
      { sweep: 'office', run: 'run_1', slice: 0, total_hosts: 64, available_hosts: 64 },
    ]);
  });

  it('are done once: whoever asks again hears the same, while it runs and soon after', async () => {
    const { clock, sweeps, received, pinged } = stage();
    const first = sweeps.run(order(), () => {});
    const told: SliceTold[] = [];
    await clock.advance(1_000);
    expect(sweeps.isUnderWay(order())).toBe(true);
    const second = sweeps.run(order({ attempt: 2 }), (one) => void told.push(one));
    await clock.advance(5_000);
    expect(await first).toEqual(await second);
    expect(told.length).toBeGreaterThan(1);
    expect(await sweeps.run(order(), () => {})).toEqual(await first);
    expect([pinged(), received.length, sweeps.running]).toEqual([64, 1, 0]);
  });

  it('go on without a gateway, and bring what they found when one is there', async () => {
    const { clock, sweeps, received, connected } = stage();
    connected.now = false;
    const ended = sweeps.run(order(), () => {});
    await clock.advance(10_000);
    expect([sweeps.running, received.length]).toEqual([1, 0]);
    connected.now = true;
    await clock.advance(60_000);
    expect(await ended).toMatchObject({ ok: true });
    expect(received.length).toBe(1);
  });

  it('say why what they found was not taken, and try what was damaged once more', async () => {
    const conflict = stage(() => 'document_conflict');
    const refused = conflict.sweeps.run(order({ attempt: 3 }), () => {});
    await conflict.clock.advance(10_000);
    expect(await refused).toMatchObject({ ok: false, code: 'document_conflict' });
    let asked = 0;
    const damaged = stage(() => {
      asked += 1;
      return asked === 1 ? 'document_damaged' : null;
    });
    const ended = damaged.sweeps.run(order({ attempt: 3 }), () => {});
    await damaged.clock.advance(10_000);
    expect(await ended).toMatchObject({ ok: true });
    expect(damaged.received).toMatchObject([{ id: 'run_1/0/3' }]);
  });

  it('end when they are called off', async () => {
    const { clock, sweeps, received } = stage();
    const ended = sweeps.run(order(), () => {});
    await clock.advance(1_000);
    expect(sweeps.stop('run_1', 1)).toBe(false);
    expect(sweeps.stop('run_1', 0)).toBe(true);
    await clock.advance(100);
    expect(await ended).toMatchObject({ ok: false, code: 'cancelled' });
    expect([received.length, sweeps.running]).toEqual([0, 0]);
  });
});
