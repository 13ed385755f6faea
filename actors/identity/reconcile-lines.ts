/** Lines in, lines out, all at once: for tests and for short files. Ids of devices of which nothing is known are counted. */
import { LineReader } from './lines.ts';
import { Reconciler } from './reconciler.ts';

export function reconcileLines(
  lines: readonly string[],
  options: { batch?: number; nowMs?: number } = {},
): string[] {
  let count = 0;
  const reconciler = new Reconciler(() => `sr:00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`);
  const answers: string[] = [];
  const { batch = null, nowMs = 1_750_000_000_000 } = options;
  const reader = new LineReader(reconciler, { batch, nowMs: () => nowMs }, (answer) =>
    answers.push(JSON.stringify(answer)),
  );
  for (const line of lines) reader.push(line);
  answers.push(JSON.stringify(reader.final()));
  return answers;
}
