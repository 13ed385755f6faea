import { expect, test } from 'vitest';
import { manualClock } from '../../runtime/index.ts';
import { askAll, type Question } from './ask-all.ts';

const bounds = { atOnceMax: 2, answerMs: 100, allMs: 250 };
const question = (node: string, ask: () => Promise<unknown>): Question => ({ node, what: 'about', ask });
const never = () => new Promise(() => {});

test('who does not answer is missing with a reason, and the others are there', async () => {
  const clock = manualClock();
  const refused = Object.assign(new Error('not here'), { code: 'no_such_procedure' });
  const asked = askAll(
    [
      question('a', async () => 1),
      question('b', never),
      question('c', () => Promise.reject(refused)),
      question('d', async () => 2),
    ],
    clock,
    bounds,
  );
  await clock.advance(100);
  expect(await asked).toEqual({
    answers: [
      { node: 'a', what: 'about', value: 1 },
      { node: 'd', what: 'about', value: 2 },
    ],
    missing: [
      { node: 'c', what: 'about', why: 'no_such_procedure: not here' },
      { node: 'b', what: 'about', why: 'no answer within 100 ms' },
    ],
  });
});

test('no more are asked at once than the bound says, and none after the time is over', async () => {
  const clock = manualClock();
  const askedAtMs: number[] = [];
  const silent = () => {
    askedAtMs.push(clock.monotonicMs());
    return never();
  };
  const left: number[] = [];
  const startMs = clock.monotonicMs();
  const nodes = [...'abcdefgh'];
  const asked = askAll(
    nodes.map((node) => question(node, silent)),
    clock,
    bounds,
    (one) => left.push(one),
  );
  await clock.advance(250);
  const { answers, missing } = await asked;
  expect(askedAtMs.map((ms) => ms - startMs)).toEqual([0, 0, 100, 100, 200, 200]);
  expect([answers.length, missing.length, left.at(-1)]).toEqual([0, 8, 0]);
  expect(missing.filter(({ why }) => why.includes('was not asked')).length).toBe(2);
});
