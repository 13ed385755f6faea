/**
 * The one door by which these tests reach the reconciler: device updates as NDJSON lines in, its answers as NDJSON lines out,
 * as `picket reconcile` has them. Every call starts with nothing known.
 */

/** Lines of one tenant, `batch` of them a batch (all, unless told); a line of output for each that is not blank, then the state. */
export type ReconcileLines = (
  lines: readonly string[],
  options?: { readonly batch?: number },
) => readonly string[];

export async function loadReconcileLines(): Promise<ReconcileLines> {
  const { reconcileLines } = await import('../../actors/index.ts');
  return reconcileLines;
}
