import { describe, expect, it } from 'vitest';
import { judgeNewSweep, type SweepSaid } from './new-sweep.ts';

const said: SweepSaid = {
  name: 'office',
  partition: 'branch',
  networks: ['10.20.0.7/16'],
  ports: [443, 22, 443],
};
const judge = (more: SweepSaid = {}, allowAll = false) => judgeNewSweep({ ...said, ...more }, { allowAll });
const codeOf = (more: SweepSaid, allowAll = false) => {
  const judged = judge(more, allowAll);
  return 'refused' in judged ? judged.refused : 'ok';
};

describe('a sweep that is to be written down', () => {
  it('is kept in its normal form, with what was not said', () => {
    expect(judge()).toEqual({
      addresses: 65_536,
      sweep: {
        ...{
          name: 'office',
          partition: 'branch',
          networks: ['10.20.0.0/16'],
          exclusions: [],
          ports: [22, 443],
        },
        ...{ icmp: true, ratePerS: 1_000, timeoutMs: 1_000, intervalMs: null, enabled: true },
      },
    });
    expect(judge({ partition: undefined, networks: ['192.0.2.0/24'] })).toMatchObject({
      sweep: { partition: 'default', ratePerS: 500 },
    });
  });

  it('is refused with what is wrong', () => {
    for (const wrong of [
      ...[{ name: '' }, { name: 'a\nb' }, { name: 1 }, { partition: 'a b' }, { intervalMs: 59_999 }],
      ...[{ intervalMs: '1h' }, { enabled: 'yes' }, { networks: 'x' }, { networks: [] }, { networks: [1] }],
      ...[{ exclusions: ['10.20.0.0/16'] }, { ports: [0] }, { ports: ['22'] }, { icmp: false, ports: [] }],
      ...[{ icmp: 1 }, { ratePerS: 0 }, { ratePerS: 1.5 }, { ratePerS: 10_001 }, { timeoutMs: 99 }],
      ...[{ networks: ['10.0.0.0/6'] }, { networks: ['2001:db8::/64'] }],
    ])
      expect([wrong, codeOf(wrong)]).toEqual([wrong, 'bad_sweep']);
    expect(judge({ networks: ['10.0.0.0/33', 'x'] })).toMatchObject({
      detail: expect.stringMatching(/bad_prefix: "10\.0\.0\.0\/33".*not_a_network: "x"/),
    });
  });

  it('goes to no private network, far or fast from shared nodes', () => {
    const shared = { partition: 'default', networks: ['198.51.100.0/24'] };
    expect(codeOf(shared)).toBe('ok');
    expect(codeOf({ ...shared, networks: ['10.0.0.0/24'] })).toBe('target_not_allowed');
    expect(codeOf({ ...shared, networks: ['fd00::/120'] })).toBe('target_not_allowed');
    expect(codeOf({ ...shared, networks: ['8.0.0.0/15'] })).toBe('bad_sweep');
    expect(codeOf({ ...shared, ratePerS: 501 })).toBe('bad_sweep');
    expect(codeOf({ ...shared, networks: ['10.0.0.0/8'], ratePerS: 10_000 }, true)).toBe('ok');
  });
});
