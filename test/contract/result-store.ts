/**
 * What every ResultStore promises: an instant is covered by exactly one row whatever is sent twice or late, an older epoch
 * writes nothing, watermarks only rise.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { GapRow } from '../../actors/ports/check.ts';
import type { ResultQuery } from '../../actors/ports/result-store.ts';
import { everything, holderOf, newCheck, newTenant, result, type StoreSetup } from './store-setup.ts';

const day = 1_800_000_000_000;
const at = (k: number) => day + k * 1_000;

const gap = (checkId: string, from: number, to: number): GapRow => ({
  checkId,
  fromMs: at(from),
  toMs: at(to),
  intervalMs: 1_000,
  count: to - from + 1,
  reason: 'core away',
});

export function resultStoreContract(setupOf: () => StoreSetup): void {
  const begin = async () => {
    const tenantId = await newTenant(setupOf());
    const [check] = await setupOf().checks.add(tenantId, [newCheck('a check')]);
    const { results } = setupOf();
    return {
      tenantId,
      id: check!.id,
      ...(await holderOf(setupOf(), tenantId)),
      results: () => results.results(tenantId, everything),
      /** Gaps as steps from the beginning, oldest first. */
      gaps: async () => {
        const rows = await results.gaps(tenantId, everything);
        for (const row of rows) expect(row.count).toBe((row.toMs - row.fromMs) / row.intervalMs + 1);
        return rows.map((row) => [(row.fromMs - day) / 1_000, (row.toMs - day) / 1_000]).reverse();
      },
    };
  };

  test('results are read back as they were written, newest first', async () => {
    const t = await begin();
    const rows = [result(t.id, at(0)), result(t.id, at(1), 'critical'), result(t.id, at(2), 'skipped')];
    expect(await t.write({ results: rows })).toMatchObject({ fenced: [] });
    expect(await t.results()).toEqual([...rows].reverse());
    const { results } = setupOf();
    expect(await results.results(t.tenantId, { checkId: t.id, sinceMs: at(1), limit: 1 })).toEqual([rows[2]]);
    expect(await results.results(t.tenantId, { checkId: 'chk_other', sinceMs: null, limit: 9 })).toEqual([]);
  });

  test('the instants that gaps cover are counted from a moment on, up to the watermark of each check', async () => {
    const { tenantId, write } = await begin();
    const gapOf = (checkId: string, fromMs: number, count: number, intervalMs = 10) => {
      const toMs = fromMs + (count - 1) * intervalMs;
      return { checkId, fromMs, toMs, intervalMs, count, reason: 'x' };
    };
    await write({
      gaps: [gapOf('a', 100, 5), gapOf('a', 200, 10), gapOf('b', 1_005, 3), gapOf('c', 500, 4)],
      watermarks: [
        { checkId: 'a', dueAtMs: 250 },
        { checkId: 'b', dueAtMs: 9_000 },
      ],
    });
    const counted = (sinceMs: number) => setupOf().results.gapInstants(tenantId, sinceMs);
    // Of the second gap 200 to 250 count; nothing of a check without a watermark does.
    expect(await counted(0)).toBe(5 + 6 + 3);
    expect(await counted(121)).toBe(2 + 6 + 3);
    expect(await counted(140)).toBe(1 + 6 + 3);
    expect(await counted(241)).toBe(1 + 3);
    expect(await counted(1_010)).toBe(2);
    expect(await counted(1_026)).toBe(0);
  });

  test('the same batch twice changes nothing, also when its late results split its own gaps', async () => {
    const t = await begin();
    const batch = {
      results: [result(t.id, at(0)), result(t.id, at(1), 'skipped')],
      gaps: [gap(t.id, 2, 9)],
      late: [result(t.id, at(1)), result(t.id, at(4)), result(t.id, at(9))],
      watermarks: [{ checkId: t.id, dueAtMs: at(9) }],
      states: [
        { checkId: t.id, state: 'up' as const, flapping: false, sinceMs: at(0), because: 'it answers' },
      ],
    };
    await t.write(batch);
    const once = [await t.results(), await t.gaps(), await setupOf().results.accounted(t.tenantId)];
    await t.write(batch);
    expect([await t.results(), await t.gaps(), await setupOf().results.accounted(t.tenantId)]).toEqual(once);
    expect(once[1]).toEqual([
      [2, 3],
      [5, 8],
    ]);
  });

  test('a gap told again with a later end grows', async () => {
    const t = await begin();
    await t.write({ gaps: [gap(t.id, 0, 3)] });
    await t.write({ gaps: [gap(t.id, 0, 7)] });
    expect(await t.gaps()).toEqual([[0, 7]]);
  });

  test('a gap that was split by a late result still grows at its end only', async () => {
    const t = await begin();
    await t.write({ gaps: [gap(t.id, 0, 5)] });
    await t.write({ late: [result(t.id, at(2))] });
    await t.write({ gaps: [gap(t.id, 0, 8)] });
    expect(await t.gaps()).toEqual([
      [0, 1],
      [3, 8],
    ]);
  });

  test.each([
    ['at its start', [0], [[1, 5]]],
    [
      'in the middle',
      [3],
      [
        [0, 2],
        [4, 5],
      ],
    ],
    ['at its end', [5], [[0, 4]]],
    ['at every instant', [0, 1, 2, 3, 4, 5], []],
    [
      'several times',
      [1, 2, 4],
      [
        [0, 0],
        [3, 3],
        [5, 5],
      ],
    ],
  ])('late results split a gap %s', async (_where, late, left) => {
    const t = await begin();
    await t.write({ gaps: [gap(t.id, 0, 5)] });
    await t.write({ late: late.map((k) => result(t.id, at(k))) });
    expect(await t.gaps()).toEqual(left);
    expect((await t.results()).map((row) => row.dueAtMs).reverse()).toEqual(late.map(at));
  });

  test('a late result ends a gap of a single instant', async () => {
    const t = await begin();
    await t.write({ gaps: [gap(t.id, 4, 4)] });
    await t.write({ late: [result(t.id, at(4))] });
    expect(await t.gaps()).toEqual([]);
  });

  test('a late result replaces a synthetic row, and never a real one', async () => {
    const t = await begin();
    await t.write({ results: [result(t.id, at(0), 'skipped'), result(t.id, at(1), 'critical')] });
    await t.write({ late: [result(t.id, at(0)), result(t.id, at(1), 'success')] });
    expect((await t.results()).map((row) => row.status)).toEqual(['critical', 'success']);
  });

  test('a late result for an instant that nothing covers is stored; a synthetic one never enters a gap', async () => {
    const t = await begin();
    await t.write({ gaps: [gap(t.id, 0, 1)] });
    await t.write({ late: [result(t.id, at(5)), result(t.id, at(0), 'skipped')] });
    expect((await t.results()).map((row) => row.dueAtMs)).toEqual([at(5)]);
    expect(await t.gaps()).toEqual([[0, 1]]);
  });

  test('watermarks only rise', async () => {
    const t = await begin();
    await t.write({
      watermarks: [
        { checkId: t.id, dueAtMs: at(5) },
        { checkId: t.id, dueAtMs: at(4) },
      ],
    });
    await t.write({ watermarks: [{ checkId: t.id, dueAtMs: at(3) }] });
    expect((await setupOf().results.accounted(t.tenantId))[0]?.watermarkMs).toBe(at(5));
  });

  test('a new holder learns of each check what is accounted for, and what is above the watermark', async () => {
    const t = await begin();
    expect(await setupOf().results.accounted(t.tenantId)).toEqual([
      { checkId: t.id, watermarkMs: null, resultsAboveMs: [], gapsAbove: [], state: null },
    ]);
    const state = {
      checkId: t.id,
      state: 'down' as const,
      flapping: true,
      sinceMs: at(1),
      because: '3 in a row',
    };
    await t.write({
      results: [result(t.id, at(0)), result(t.id, at(4)), result(t.id, at(6))],
      gaps: [gap(t.id, 1, 2), gap(t.id, 8, 9)],
      watermarks: [{ checkId: t.id, dueAtMs: at(2) }],
      states: [state],
    });
    expect(await setupOf().results.accounted(t.tenantId)).toEqual([
      {
        checkId: t.id,
        watermarkMs: at(2),
        resultsAboveMs: [at(4), at(6)],
        gapsAbove: [{ fromMs: at(8), toMs: at(9) }],
        state,
      },
    ]);
  });

  test('a holder that was taken over from writes nothing and is told, others in the same batch are written', async () => {
    const lost = await begin();
    const kept = await begin();
    const { leases, results } = setupOf();
    const mine = await leases.acquire(kept.tenantId, kept.node, kept.boot);
    await setupOf().expireSession(lost.node);
    expect(mine).toMatchObject({ granted: true });
    expect(await leases.acquire(lost.tenantId, kept.node, kept.boot)).toMatchObject({
      granted: true,
      epoch: 2,
    });
    const rows = (id: string) => ({
      results: [result(id, at(0))],
      gaps: [gap(id, 1, 2)],
      late: [result(id, at(3))],
      watermarks: [{ checkId: id, dueAtMs: at(2) }],
      states: [{ checkId: id, state: 'up' as const, flapping: false, sinceMs: at(0), because: 'x' }],
    });
    expect(await lost.write(rows(lost.id))).toMatchObject({ fenced: [lost.tenantId] });
    const answer = await results.write(kept.node, kept.boot, [
      { tenantId: lost.tenantId, epoch: 1, ...rows(lost.id) },
      { tenantId: kept.tenantId, epoch: kept.epoch, ...rows(kept.id) },
    ]);
    expect(answer).toMatchObject({ fenced: [lost.tenantId] });
    expect(await lost.results()).toEqual([]);
    expect(await lost.gaps()).toEqual([]);
    expect((await results.accounted(lost.tenantId))[0]).toMatchObject({ watermarkMs: null, state: null });
    expect(await kept.results()).toHaveLength(2);
  });

  test('a released lease fences its former holder', async () => {
    const t = await begin();
    await setupOf().leases.release(t.tenantId, t.node, t.boot, t.epoch);
    expect(await t.write({ results: [result(t.id, at(0))] })).toMatchObject({ fenced: [t.tenantId] });
  });

  test('an expired session whose lease nobody took may still write', async () => {
    const t = await begin();
    await setupOf().expireSession(t.node);
    expect(await t.write({ results: [result(t.id, at(0))] })).toMatchObject({ fenced: [] });
  });

  test('text that no table holds is stored without its bad character, and a row that makes no sense is refused', async () => {
    const t = await begin();
    const odd = { ...result(t.id, at(0)), reason: 'nul \u0000 "quote" \\ {brace}, NULL' };
    await t.write({ results: [odd, { ...result(t.id, at(1)), reason: 'NULL' }] });
    expect((await t.results()).map((row) => row.reason)).toEqual([
      'NULL',
      'nul \ufffd "quote" \\ {brace}, NULL',
    ]);
    await expect(t.write({ results: [result(t.id, Number.NaN)] })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    await expect(t.write({ gaps: [{ ...gap(t.id, 0, 3), count: 3 }] })).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });

  test("one tenant's rows are not among another's", async () => {
    const [a, b] = [await begin(), await begin()];
    await a.write({ results: [result(a.id, at(0))], gaps: [gap(a.id, 1, 1)] });
    expect(await b.results()).toEqual([]);
    expect(await b.gaps()).toEqual([]);
    expect(await setupOf().results.results(b.tenantId, { ...everything, checkId: a.id })).toEqual([]);
  });

  test('whatever is told, in whatever order, twice or late, each instant is covered by exactly one row', async () => {
    const step = fc.integer({ min: 0, max: 14 });
    const told = fc.record({
      gaps: fc.array(fc.tuple(step, step), { maxLength: 2 }),
      late: fc.array(step, { maxLength: 4 }),
      results: fc.array(step, { maxLength: 3 }),
      skipped: fc.boolean(),
      twice: fc.boolean(),
    });
    const t = await begin();
    await fc.assert(
      fc.asyncProperty(fc.array(told, { minLength: 1, maxLength: 5 }), async (batches) => {
        const [check] = await setupOf().checks.add(t.tenantId, [newCheck('another')]);
        const id = check!.id;
        const covered = new Map<number, 'gap' | 'skipped' | 'success'>();
        for (const { gaps, late, results, skipped, twice } of batches) {
          const fresh = results.filter((k) => !covered.has(k));
          // Gaps of one batch do not overlap, as a scheduler's do not; they may overlap all that is stored.
          const spans = gaps.map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
          const apart = spans.filter(([from], i) => i === 0 || from > spans[0]![1]);
          const rows = {
            results: fresh.map((k) => result(id, at(k), skipped ? 'skipped' : 'success')),
            gaps: apart.map(([from, to]) => gap(id, from, to)),
            late: late.map((k) => result(id, at(k))),
          };
          await t.write(rows);
          if (twice) await t.write(rows);
          for (const k of fresh) covered.set(k, skipped ? 'skipped' : 'success');
          for (const [from, to] of apart)
            for (let k = from; k <= to; k += 1) if (!covered.has(k)) covered.set(k, 'gap');
          for (const k of late) covered.set(k, 'success');
        }
        const seen: [number, string][] = [];
        const only = { ...everything, checkId: id };
        for (const row of await setupOf().results.results(t.tenantId, only))
          seen.push([row.dueAtMs, row.status]);
        for (const row of await setupOf().results.gaps(t.tenantId, only)) {
          expect(row.count).toBe((row.toMs - row.fromMs) / 1_000 + 1);
          for (let ms = row.fromMs; ms <= row.toMs; ms += 1_000) seen.push([ms, 'gap']);
        }
        const order = (a: [number, string], b: [number, string]) => a[0] - b[0];
        expect(seen.sort(order)).toEqual(
          [...covered].map(([k, what]) => [at(k), what] as [number, string]).sort(order),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('results are read by status too, in pages like the others', async () => {
    const t = await begin();
    const { id } = t;
    const rows = [0, 1, 2, 3, 4].map((k) => result(id, at(k), k % 2 === 0 ? 'success' : 'skipped'));
    await t.write({ results: rows });
    const dues = async (query: Partial<ResultQuery>) => {
      const found = await setupOf().results.results(t.tenantId, { ...everything, ...query });
      return found.map(({ dueAtMs }) => (dueAtMs - at(0)) / 1_000);
    };
    expect(await dues({ status: 'success' })).toEqual([4, 2, 0]);
    expect(await dues({ status: 'skipped' })).toEqual([3, 1]);
    expect(await dues({ status: 'timeout' })).toEqual([]);
    expect(await dues({ status: null })).toEqual([4, 3, 2, 1, 0]);
    expect(await dues({ status: 'success', before: { atMs: at(4), checkId: id }, limit: 1 })).toEqual([2]);
  });
}
