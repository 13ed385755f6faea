import { describe, expect, it } from 'vitest';
import { linkBytesOf } from './link-bytes.ts';
import { Deaths } from './ours/deaths.ts';

describe('deaths that a node believed in', () => {
  const seen = (status: 'up' | 'suspect' | 'down' | 'left', boot = 1) => [{ name: 'core_3', boot, status }];

  it('counts a life that stays dead once, and one that came back and died again twice', () => {
    const deaths = new Deaths();
    for (const status of ['up', 'suspect', 'down', 'down'] as const) deaths.look(seen(status));
    expect([deaths.count, deaths.isDead('core_3')]).toEqual([1, true]);
    deaths.look(seen('up'));
    expect([deaths.count, deaths.isDead('core_3')]).toEqual([1, false]);
    deaths.look(seen('down'));
    expect(deaths.count).toBe(2);
  });
  it('counts the next life apart, and neither a suspicion nor a leave', () => {
    const deaths = new Deaths();
    deaths.look(seen('down', 1));
    deaths.look(seen('down', 2));
    expect(deaths.count).toBe(2);
    deaths.look(seen('suspect', 3));
    deaths.look(seen('left', 3));
    expect([deaths.count, deaths.isDead('core_3')]).toEqual([2, false]);
  });
});

describe("the kernel's count of a link", () => {
  const line = (local: string, peer: string, words: string) =>
    `0 0 ${local} ${peer} cubic rtt:0.1/0.1 ${words}`;

  it('takes both directions of the side that took the connection, once', () => {
    const text = [
      line(
        '127.0.0.1:4001',
        '127.0.0.1:50000',
        'bytes_sent:300 bytes_acked:300 bytes_received:70 segs_out:4',
      ),
      line('127.0.0.1:50000', '127.0.0.1:4001', 'bytes_sent:70 bytes_acked:70 bytes_received:300 segs_out:4'),
      line('[::1]:4002', '[::1]:50001', 'bytes_received:5'),
      line('127.0.0.1:40011', '127.0.0.1:50002', 'bytes_sent:1000'),
      '',
    ].join('\n');
    expect(linkBytesOf(text, [4001, 4002])).toEqual({ links: 2, bytes: 375 });
  });
  it('fails where there is a connection and no count', () => {
    expect(() => linkBytesOf(line('127.0.0.1:4001', '127.0.0.1:5', 'cubic'), [4001])).toThrow(
      'counts no bytes',
    );
  });
});
