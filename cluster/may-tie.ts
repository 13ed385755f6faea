/** Which signals of a tenant's node are taken: a question of the router about actors, after the fence has passed the frame. */
import type { Signal } from '../runtime/index.ts';
import { ClusterError } from './errors.ts';
import type { Link } from './link.ts';

/** Whom a tenant's node may link and end: actors of its tenant, not all that it may write to. */
export function mayTie({ fence }: Link, signal: Signal): boolean {
  if (fence === null || (signal.type !== 'link' && signal.type !== 'exit')) return true;
  // What was linked before may say that it ended; whether it was, the actor itself knows. Id 0 is nobody.
  if (signal.to.id === 0 || (signal.type === 'exit' && signal.linked)) return true;
  return fence.isOwn(signal.to.id);
}

/** That the fence, and nothing else, was against it. */
export function isFenced(error: unknown): boolean {
  return error instanceof ClusterError && error.code === 'fenced';
}
