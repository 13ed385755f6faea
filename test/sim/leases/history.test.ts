/** A few of the many histories of `npm run soak -- leases`, and the faults that are put in and must be found. */
import { describe, expect, test } from 'vitest';
import { outsidePromises } from '../event-loop.ts';
import { type Flaw, flaws } from './flaws.ts';
import { runLeaseHistory } from './history.ts';

const historyOf = (seed: number, flaw: Flaw | null = null) =>
  outsidePromises(() => runLeaseHistory({ seed, flaw }));

const firstSeed = 1;
const seeds = 40;

test(`${seeds} histories of leases and accounts: one writer, no duel, all back within 5 s, every instant covered once`, async () => {
  const failures: string[] = [];
  let written = 0;
  let moves = 0;
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const history = await historyOf(seed);
    failures.push(...history.failures.map((failure) => `seed ${seed}: ${failure}`));
    written += history.counts.written;
    moves += history.counts.moves;
  }
  expect(failures).toEqual([]);
  // Histories in which nothing happens would prove nothing.
  expect(written).toBeGreaterThan(seeds * 100);
  expect(moves).toBeGreaterThan(seeds * 5);
}, 120_000);

test('a seed tells the same history twice, and another seed another', async () => {
  const [once, twice, other] = [await historyOf(7), await historyOf(7), await historyOf(8)];
  expect(twice.hash).toBe(once.hash);
  expect(other.hash).not.toBe(once.hash);
});

/** What is said of it by one of the histories from a seed on: which one it is changes with everything that is changed. */
const shownBy: { readonly [flaw in Flaw]: readonly [from: number, says: RegExp] } = {
  epoch_kept: [1, /granted epoch 1 after 1/],
  write_unchecked: [1, /wrote under epoch/],
  holder_unchecked: [464, /wrote under epoch/],
  taken_early: [1, /took it while the session/],
  renewal_takes_back: [1, /granted epoch|wrote under epoch/],
  release_kept: [1, /runs on 0 cores/],
  local_clock: [1, /runs on 0 cores|took it while/],
  local_due: [1, /no due instant|0 rows|nothing was written/],
  write_forgotten: [1, /0 rows/],
  watermark_ahead: [1, /0 rows .* below its watermark/],
  rows_lost: [1, /0 rows .* below its watermark/],
  suspension_unsaid: [1, /0 rows/],
  stored_twice: [1, /2 rows/],
  version_forgotten: [1, /0 rows/],
  one_for_all: [50, /in the trouble of/],
};
const triesMax = 80;

describe('a fault that is put in is found:', () => {
  test.each(flaws)(
    '%s',
    async (flaw) => {
      const [from, says] = shownBy[flaw];
      const said: string[] = [];
      for (let seed = from; seed < from + triesMax && !said.some((one) => says.test(one)); seed += 1)
        said.push(...(await historyOf(seed, flaw)).failures);
      expect(said.join('\n')).toMatch(says);
    },
    120_000,
  );
});
