import { describe, expect, it } from 'vitest';
import { type Bench, type Contender, median, outcomeOf, PeerAbsent, quantile, runBench } from './bench.ts';
import { asJson, asTable } from './report.ts';

const figures = [
  { key: 'per_s', better: 'more' },
  { key: 'us', better: 'less' },
] as const;

describe('an outcome', () => {
  const rounds = {
    ours: { per_s: [10, 30, 20], us: [5] },
    otp: { per_s: [5, 5], us: [20] },
    nact: { per_s: [40] },
  };
  const outcome = outcomeOf({ name: 'b', figures }, rounds, { horde: 'not there' });

  it('holds medians, and how many times better ours is, whichever way better points', () => {
    expect(outcome.ours).toEqual({ per_s: 20, us: 5 });
    expect(outcome.peers).toEqual({ otp: { per_s: 5, us: 20 }, nact: { per_s: 40 } });
    expect(outcome.ratios).toEqual({ otp: { per_s: 4, us: 4 }, nact: { per_s: 0.5 } });
  });
  it('has no ratio where better is neither more nor less, nor one against zero', () => {
    const shares = outcomeOf(
      { name: 'b', figures: [...figures, { key: 'share', better: 'neither' }] },
      { ours: { us: [0], share: [0.2] }, otp: { us: [20], share: [0.4] } },
      {},
    );
    expect(shares.peers).toEqual({ otp: { us: 20, share: 0.4 } });
    expect(shares.ratios).toEqual({ otp: {} });
  });
  it('is printed as one JSON object and as a table, with who was left out and why', () => {
    expect(JSON.parse(asJson(outcome, { cores: 2 }))).toEqual({ ...outcome, machine: { cores: 2 } });
    const table = asTable(outcome, { cores: 2 });
    expect(table).toContain('b (cores 2)');
    expect(table).toMatch(/per_s +20 +5 +4 x +40 +0\.5 x/);
    expect(table).toContain('horde was left out: not there');
  });
});

describe('a run', () => {
  const contender = (name: string, trace: string[], answer: () => Record<string, number>): Contender => ({
    name,
    open: async () => ({
      async round() {
        trace.push(name);
        return answer();
      },
      close: async () => void trace.push(`${name} closed`),
    }),
  });
  const bench = (contenders: Contender[]): Bench => ({
    name: 'b',
    about: '',
    figures,
    rounds: 2,
    contenders,
  });

  it('lets contenders take turns, throws the warm-up away, and closes them', async () => {
    const trace: string[] = [];
    let turn = 0;
    const ours = contender('ours', trace, () => ({ per_s: [1_000, 4, 4][turn++]! }));
    const outcome = await runBench(bench([ours, contender('otp', trace, () => ({ per_s: 2 }))]), () => {});
    expect(trace).toEqual(['ours', 'otp', 'ours', 'otp', 'ours', 'otp', 'ours closed', 'otp closed']);
    expect(outcome.ours).toEqual({ per_s: 4 });
    expect(outcome.ratios).toEqual({ otp: { per_s: 2 } });
  });
  it('leaves an absent peer out with its reason', async () => {
    const absent: Contender = {
      name: 'otp',
      open: () => Promise.reject(new PeerAbsent('no erl on the PATH')),
    };
    const outcome = await runBench(bench([contender('ours', [], () => ({ us: 1 })), absent]), () => {});
    expect(outcome.skipped).toEqual({ otp: 'no erl on the PATH' });
    expect(outcome.peers).toEqual({});
  });
  it('closes everyone when a round fails, and fails', async () => {
    const trace: string[] = [];
    const failing = contender('ours', trace, () => {
      throw new Error('broken');
    });
    await expect(runBench(bench([failing, contender('otp', trace, () => ({}))]), () => {})).rejects.toThrow(
      'broken',
    );
    expect(trace).toEqual(['ours', 'ours closed', 'otp closed']);
  });
  it('refuses a figure that is no number', async () => {
    const ours = contender('ours', [], () => ({ per_s: Number.NaN }));
    await expect(runBench(bench([ours]), () => {})).rejects.toThrow('per_s came out as NaN');
  });
});

describe('the arithmetic', () => {
  it('takes the middle of samples in any order', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(() => median([])).toThrow('no samples');
  });
  it('takes the smallest sample that enough others do not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, n) => n + 1);
    expect(quantile(hundred, 0.5)).toBe(50);
    expect(quantile(hundred, 0.99)).toBe(99);
    expect(quantile([7], 0.01)).toBe(7);
  });
});
