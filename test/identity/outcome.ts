/**
 * What a run of the reconciler over lines came to, read from its own output: an answer for each line, and the state at the end.
 */
import type { ReconcileLines } from './engine.ts';

export interface Answer {
  readonly line: number;
  readonly device_id?: string | null;
  readonly action?: string;
  readonly reason?: string;
  readonly error?: string;
}

export interface DeviceRow {
  readonly id: string;
  readonly partition: string;
  readonly ip?: string | null;
  readonly mac?: string | null;
  readonly hostname?: string | null;
  readonly is_available?: boolean | null;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly sources: readonly string[];
  readonly deleted: boolean;
}

export interface MergeRow {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly evidence: unknown;
  readonly at: string;
  readonly line?: number | null;
}

export interface ConflictRow {
  readonly type: string;
  readonly value: string;
  readonly devices: readonly string[];
  readonly reason: string;
}

export interface State {
  readonly devices: readonly DeviceRow[];
  readonly identifiers: readonly Readonly<Record<string, unknown>>[];
  readonly merges: readonly MergeRow[];
  readonly conflicts: readonly ConflictRow[];
  readonly sightings: readonly unknown[];
}

export interface Outcome {
  /** By the number of the line. */
  readonly answers: ReadonlyMap<number, Answer>;
  readonly state: State;
}

export function outcomeOf(reconcile: ReconcileLines, lines: readonly string[], batch?: number): Outcome {
  const output = reconcile(lines, batch === undefined ? {} : { batch }).map((line) => JSON.parse(line));
  const state = output.pop() as State;
  const answers = new Map((output as Answer[]).map((answer) => [answer.line, answer]));
  return { answers, state };
}

/** The device of each line; null for a line that belongs to none. */
export function devicesOf({ answers }: Outcome, lines: readonly number[]): (string | null)[] {
  return lines.map((line) => answers.get(line)?.device_id ?? null);
}

/** The same things are together in both; a thing of no group is alone. */
export function isSameDivision(left: readonly (string | null)[], right: readonly (string | null)[]): boolean {
  const partner = new Map<string, string>();
  return left.every((one, at) => {
    const other = right[at] ?? null;
    if (one === null || other === null) return one === other;
    const [there, back] = [`l${one}`, `r${other}`];
    if (!partner.has(there) && !partner.has(back)) {
      partner.set(there, back);
      partner.set(back, there);
    }
    return partner.get(there) === back && partner.get(back) === there;
  });
}
