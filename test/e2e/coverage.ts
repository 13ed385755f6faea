/**
 * The accounting rule as a judge: every due instant of a check is covered by exactly one row, a result or a gap. Pure,
 * over the rows that the command prints; whatever it finds is a sentence. It knows nothing of how rows come about.
 */
import type { GapRow, ResultRow } from './picket.ts';

export interface Window {
  /** Unix milliseconds; a check is accounted for from its first due instant at or after this ... */
  readonly fromMs: number;
  /** ... to its last at or before this. Rows outside are judged for holes and repeats among themselves only. */
  readonly untilMs: number;
}

export type ProblemKind =
  | 'no_rows'
  | 'hole'
  | 'twice'
  | 'off_grid'
  | 'wrong_count'
  | 'late_begin'
  | 'early_end';

export interface Problem {
  readonly kind: ProblemKind;
  readonly checkId: string;
  readonly detail: string;
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Empty when the rows account for every instant of every check, once. */
export function coverageProblems(
  checks: readonly { readonly id: string; readonly interval_ms: number }[],
  results: readonly ResultRow[],
  gaps: readonly GapRow[],
  window: Window,
): Problem[] {
  const spans = new Map<string, Span[]>(checks.map(({ id }) => [id, []]));
  for (const { check_id, due_at } of results) {
    spans.get(check_id)?.push({ fromMs: Date.parse(due_at), toMs: Date.parse(due_at) });
  }
  for (const { check_id, from, to } of gaps) {
    spans.get(check_id)?.push({ fromMs: Date.parse(from), toMs: Date.parse(to) });
  }
  return checks.flatMap(({ id, interval_ms: stepMs }) => [
    ...gaps.filter(({ check_id }) => check_id === id).flatMap((gap) => judgeCount(gap, stepMs)),
    ...judgeSpans(id, stepMs, spans.get(id)!, window),
  ]);
}

function judgeCount({ check_id: checkId, from, to, count }: GapRow, stepMs: number): Problem[] {
  const instants = (Date.parse(to) - Date.parse(from)) / stepMs + 1;
  if (instants === count && count >= 1) return [];
  const detail = `the gap ${from} to ${to} says ${count}, and has ${instants} instants`;
  return [{ kind: 'wrong_count', checkId, detail }];
}

function judgeSpans(checkId: string, stepMs: number, spans: Span[], { fromMs, untilMs }: Window): Problem[] {
  spans.sort((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs);
  const [first] = spans;
  if (first === undefined) return [{ kind: 'no_rows', checkId, detail: 'neither a result nor a gap' }];
  const problems: Problem[] = [];
  const say = (kind: ProblemKind, detail: string) => problems.push({ kind, checkId, detail });
  let reachedMs = first.fromMs - stepMs;
  for (const span of spans) {
    const offMs = (span.fromMs - first.fromMs) % stepMs;
    const nextMs = reachedMs + stepMs;
    if (offMs !== 0) {
      say('off_grid', `${instant(span.fromMs)} is ${offMs} ms past a due instant`);
      continue;
    }
    if (span.fromMs > nextMs) say('hole', `${instant(nextMs)} to before ${instant(span.fromMs)}`);
    else if (span.fromMs < nextMs)
      say('twice', `${instant(span.fromMs)} to ${instant(Math.min(span.toMs, reachedMs))}`);
    reachedMs = Math.max(reachedMs, span.toMs);
  }
  if (first.fromMs - stepMs >= fromMs) say('late_begin', `the first row is at ${instant(first.fromMs)}`);
  if (reachedMs + stepMs <= untilMs) say('early_end', `nothing after ${instant(reachedMs)}`);
  return problems;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
