/**
 * Many questions at once, with a bound on how many and an end for all of them: who does not answer is told of and holds nobody
 * up. The clock is an argument.
 */
import { type Clock, messageOf } from '../../runtime/index.ts';
import { codeOf } from '../failure.ts';

export interface Question {
  /** Of which node; '' for the cluster. */
  readonly node: string;
  readonly what: string;
  ask(): Promise<unknown>;
}

export interface Answer {
  readonly node: string;
  readonly what: string;
  readonly value: unknown;
}

export interface Missing {
  readonly node: string;
  readonly what: string;
  readonly why: string;
}

export interface Asked {
  readonly answers: readonly Answer[];
  readonly missing: readonly Missing[];
}

export interface AskBounds {
  readonly atOnceMax: number;
  readonly answerMs: number;
  /** For all of them together. */
  readonly allMs: number;
}

export async function askAll(
  questions: readonly Question[],
  clock: Clock,
  { atOnceMax, answerMs, allMs }: AskBounds,
  onEnd: (left: number) => void = () => {},
): Promise<Asked> {
  const endMs = clock.monotonicMs() + allMs;
  const answers: Answer[] = [];
  const missing: Missing[] = [];
  const queue = [...questions];
  const work = async () => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const { node, what } = one;
      const leftMs = Math.min(answerMs, endMs - clock.monotonicMs());
      try {
        if (leftMs <= 0) throw new Error('it was not asked: the time was over');
        answers.push({ node, what, value: await within(one.ask(), clock, leftMs) });
      } catch (error) {
        const code = codeOf(error);
        missing.push({ node, what, why: `${code === null ? '' : `${code}: `}${messageOf(error)}` });
      }
      onEnd(questions.length - answers.length - missing.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnceMax, questions.length) }, work));
  return { answers, missing };
}

function within<T>(asked: Promise<T>, clock: Clock, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.timer(ms, () => reject(new Error(`no answer within ${Math.round(ms)} ms`)));
    asked.then(resolve, reject).finally(cancel);
  });
}
