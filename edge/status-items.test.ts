import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GatewayServiceStatus } from '../proto/index.ts';
import { isRefusal } from './errors.ts';
import { resultsMessageBytesMax, servicesMax, statusMessageBytesMax } from './limits.ts';
import type { EdgePeer } from './peer.ts';
import { type JudgedItems, judgeItems } from './status-items.ts';

const peer: EdgePeer = { tenantId: 't', role: 'agent', id: 'a', partition: 'default' };
const good: GatewayServiceStatus = {
  ...{
    serviceName: 'web',
    available: true,
    message: Buffer.from('{}'),
    serviceType: 'tcp',
    responseTime: 5e6,
  },
  ...{ agentId: 'a', gatewayId: 'lie', partition: 'default', source: 'status', kvStoreId: '' },
};

function judge(...items: Partial<GatewayServiceStatus>[]): JudgedItems {
  const judged = judgeItems(
    peer,
    items.map((item) => ({ ...good, ...item })),
    false,
  );
  if (isRefusal(judged)) throw new Error(judged.code);
  return judged;
}

describe('the items of a push', () => {
  it('are taken as they are when they are good', () => {
    expect(judge({}).taken).toEqual([
      {
        name: 'web',
        type: 'tcp',
        source: 'status',
        agentId: 'a',
        available: true,
        message: Buffer.from('{}'),
        latencyMs: 5,
      },
    ]);
    expect(judge({ source: '', agentId: '', partition: '' }).taken).toMatchObject([
      { source: 'status', agentId: 'a' },
    ]);
  });
  it('are dropped alone, each with its reason', () => {
    const judged = judge(
      ...[{ serviceName: '' }, { serviceName: 'x'.repeat(256) }, { serviceName: 'ä'.repeat(128) }, {}],
      ...[
        { serviceName: 'a\tb' },
        { serviceType: 'a\n' },
        { serviceType: 'x'.repeat(65) },
        { source: 'a\r' },
      ],
      { source: 'results', message: Buffer.alloc(resultsMessageBytesMax + 1) },
    );
    expect(judged.taken).toHaveLength(1);
    expect([...judged.dropped]).toEqual([
      ['name_missing', 1],
      ['bad_word', 6],
      ['message_too_long', 1],
    ]);
    expect(judge({ serviceName: 'x'.repeat(255), serviceType: 'y'.repeat(64) }).taken).toHaveLength(1);
  });
  it('of a status are cut where they are too long, between two characters', () => {
    const judged = judge({ message: Buffer.from(`a${'ä'.repeat(4_000)}`) });
    expect(judged.cut).toBe(1);
    expect(judged.taken[0]!.message.length).toBe(statusMessageBytesMax - 1);
    expect(Buffer.from(judged.taken[0]!.message).toString()).toBe(`a${'ä'.repeat(2_047)}`);
    const whole = Buffer.alloc(resultsMessageBytesMax);
    expect(judge({ source: 'results', message: whole }).taken[0]!.message.length).toBe(
      resultsMessageBytesMax,
    );
  });
  it('that say another sender refuse the whole', () => {
    for (const lie of [{ agentId: 'b' }, { partition: 'other' }]) {
      expect(judgeItems(peer, [good, { ...good, ...lie }], false)).toMatchObject({
        code: 'identity_mismatch',
      });
    }
    // Too long to be one: the default.
    expect(judge({ partition: 'p'.repeat(129) }).taken).toHaveLength(1);
    expect(judgeItems(peer, [{ ...good, agentId: 'its own' }], true)).toMatchObject({
      taken: [{ agentId: 'its own' }],
    });
  });
  it('of an older poller name agents, not texts: what is none is dropped', () => {
    const named = (agentId: string) => judgeItems(peer, [{ ...good, agentId }], true);
    expect(named('Büro 7/west')).toMatchObject({ taken: [{ agentId: 'Büro 7/west' }] });
    for (const text of ['x'.repeat(256), 'a\u001b[2J', 'a\u0000b', 'a\nb', 'a\u009b'])
      expect([...(named(text) as JudgedItems).dropped]).toEqual([['bad_word', 1]]);
  });
  it('are at most five thousand', () => {
    const many = (count: number) =>
      judgeItems(peer, new Array<GatewayServiceStatus>(count).fill(good), false);
    expect(many(servicesMax)).toMatchObject({ cut: 0 });
    expect(many(servicesMax + 1)).toMatchObject({ code: 'too_many_services' });
  });
  it('are all taken or counted, and what is taken is within bounds', () => {
    const any = fc.record({
      serviceName: fc.string({ maxLength: 300 }),
      serviceType: fc.string({ maxLength: 80 }),
      source: fc.constantFrom('', 'status', 'results', 'a\nb'),
      message: fc.uint8Array({ maxLength: 5_000, size: 'max' }),
      responseTime: fc.double(),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 10 }), (items) => {
        const judged = judge(...items);
        const dropped = [...judged.dropped.values()].reduce((sum, count) => sum + count, 0);
        expect(judged.taken.length + dropped).toBe(items.length);
        for (const { name, source, message, latencyMs } of judged.taken) {
          expect(name).toMatch(/^[^\r\n\t]+$/);
          if (source === 'status') expect(message.length).toBeLessThanOrEqual(statusMessageBytesMax);
          expect(latencyMs === null || latencyMs > 0).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });
});
