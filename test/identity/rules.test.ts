/** The rules of device identity, one case after the other as they are kept in `rules/`, as written and in other orders. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Case, readCases } from './cases.ts';
import { loadReconcileLines, type ReconcileLines } from './engine.ts';
import { judge, judgeInAnyOrder } from './judge.ts';
import { type Answer, type Outcome, outcomeOf } from './outcome.ts';

const cases = readCases();
const files = [...new Set(cases.map(({ file }) => file))];
let reconcile: ReconcileLines;
beforeAll(async () => {
  reconcile = await loadReconcileLines();
});

describe.each(files)('%s', (file) => {
  const own = cases.filter((one) => one.file === file);
  it.each(own)('$name', ({ lines, batch, expected }) => {
    judge(outcomeOf(reconcile, lines, batch), expected);
  });
  const free = own.filter(({ ordered, lines }) => !ordered && lines.length > 1);
  if (free.length === 0) return;
  it.each(free)('in any order and any batches: $name', (one) => {
    for (const order of ordersOf(one.lines.length))
      for (const batch of [undefined, 1, 2]) judgeInAnyOrder(reordered(one, order, batch), one.expected);
  });
});

it('reads all cases, and no two of a file have the same name', () => {
  expect(cases.length).toBeGreaterThan(200);
  expect(new Set(cases.map(({ file, name }) => `${file} ${name}`)).size).toBe(cases.length);
});

/** As they are, backwards, and from each line on around. */
function ordersOf(count: number): number[][] {
  const asTheyAre = Array.from({ length: count }, (_, at) => at);
  const around = asTheyAre.slice(1).map((first) => asTheyAre.map((at) => (at + first) % count));
  return [asTheyAre, [...asTheyAre].reverse(), ...around];
}

/**
 * The outcome of the lines in another order and then all of them once more, which adds nothing and tells where each belongs by
 * now; each answer at the number that its line has in the case.
 */
function reordered({ lines }: Case, order: readonly number[], batch: number | undefined): Outcome {
  const given = order.map((at) => lines[at]!);
  const { answers, state } = outcomeOf(reconcile, [...given, ...given], batch);
  const atOwn = new Map<number, Answer>();
  for (const [place, at] of order.entries()) {
    const answer = answers.get(given.length + place + 1);
    if (answer !== undefined) atOwn.set(at + 1, { ...answer, line: at + 1 });
  }
  return { answers: atOwn, state };
}
