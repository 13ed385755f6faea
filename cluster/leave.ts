/**
 * How a node leaves so that nobody loses by it: its supervised children go to other nodes, then its names go, so that nobody
 * begins anything new here, then what it has taken is answered. Only after that do its links end. Between the node and its
 * parts; the end of the links is the node's.
 */
import type { Clock } from '../runtime/index.ts';
import { lastAnswersMs, withdrawnMs } from './limits.ts';
import type { Mesh } from './mesh.ts';
import type { ClusterNode } from './node.ts';
import type { RemoteRouter } from './router.ts';

type Parts = Pick<ClusterNode, 'supervisor' | 'names' | 'procedures'>;

/** Resolves at the latest after `withinMs`, whatever is left. */
export async function leave(
  { supervisor, names, procedures }: Parts,
  mesh: Mesh,
  router: RemoteRouter,
  clock: Clock,
  withinMs: number,
): Promise<void> {
  const endMs = clock.monotonicMs() + withinMs;
  const leftMs = () => Math.max(0, endMs - clock.monotonicMs());
  const answered = procedures.leave();
  await supervisor.drain(withinMs);
  names.withdraw();
  // With nobody linked there is nobody to lose by it.
  if ([...mesh.nodeLinks()].length === 0) return;
  await pass(clock, Math.min(withdrawnMs, leftMs()));
  const done = Promise.all([answered, router.taken.answered()]);
  await Promise.race([done, pass(clock, Math.min(lastAnswersMs, leftMs()))]);
}

function pass(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.timer(ms, resolve));
}
