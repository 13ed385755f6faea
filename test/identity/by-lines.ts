/** The reconciler behind its lines as a way of grouping, so that it is judged by what judges the peers. */

import type { OpenGrouping } from '../../bench/identity/grouping.ts';
import type { DeviceUpdate } from '../../bench/identity/update.ts';
import type { ReconcileLines } from './engine.ts';
import { devicesOf, outcomeOf } from './outcome.ts';

/**
 * The device of each line by the end, when the lines come in the given order of their numbers (from 0) in batches. They are all
 * delivered once more after that: it adds nothing, and tells where each belongs by now.
 */
export function divisionOf(
  reconcile: ReconcileLines,
  lines: readonly string[],
  order: readonly number[],
  batch: number,
): (string | null)[] {
  const given = order.map((at) => lines[at]!);
  const outcome = outcomeOf(reconcile, [...given, ...lines], batch);
  return devicesOf(
    outcome,
    lines.map((_, at) => given.length + at + 1),
  );
}

export function groupingByLines(reconcile: ReconcileLines, batch: number): OpenGrouping {
  return () => {
    const lines: string[] = [];
    let conflicts = 0;
    return {
      apply(updates: readonly DeviceUpdate[]) {
        for (const update of updates) lines.push(JSON.stringify(update));
      },
      groups() {
        const outcome = outcomeOf(reconcile, [...lines, ...lines], batch);
        conflicts = outcome.state.conflicts.length;
        return devicesOf(
          outcome,
          lines.map((_, at) => lines.length + at + 1),
        );
      },
      conflicts: () => conflicts,
    };
  };
}
