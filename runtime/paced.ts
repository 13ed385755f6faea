/**
 * A long look at a living node, in small pieces: whoever walks over many things lets the event loop have its turn every few
 * milliseconds. Between walks (plain generators that decide nothing about time) and the commands and procedures that pull them.
 */
import type { Clock } from './clock.ts';
import { paceLookSteps, paceSliceMs } from './limits.ts';

/** A step of a walk that has nothing to tell. */
export type Step<T> = T | undefined;

/**
 * What the walk tells, in order. It is put aside when a slice (`paceSliceMs`) is over, until the loop has looked at its
 * sockets; ends without a word when the signal fires.
 */
export async function* paced<T>(
  walk: Iterable<Step<T>>,
  clock: Clock,
  signal?: AbortSignal,
): AsyncGenerator<T, void> {
  let sliceStartMs = clock.monotonicMs();
  let steps = 0;
  for (const step of walk) {
    if (signal?.aborted) return;
    if (step !== undefined) {
      yield step;
      if (signal?.aborted) return;
    }
    steps += 1;
    // What was told cost its reader some time too.
    if (step === undefined && steps % paceLookSteps !== 0) continue;
    if (clock.monotonicMs() - sliceStartMs < paceSliceMs) continue;
    await new Promise<void>((resolve) => clock.afterIo(resolve));
    sliceStartMs = clock.monotonicMs();
  }
}

/** Walks to the end for what the walk returns, in slices. */
export async function pacedResult<R>(
  walk: Generator<unknown, R>,
  clock: Clock,
  signal?: AbortSignal,
): Promise<R | null> {
  let sliceStartMs = clock.monotonicMs();
  for (let steps = 1; ; steps += 1) {
    if (signal?.aborted) return null;
    const { done, value } = walk.next();
    if (done) return value;
    if (steps % paceLookSteps !== 0 || clock.monotonicMs() - sliceStartMs < paceSliceMs) continue;
    await new Promise<void>((resolve) => clock.afterIo(resolve));
    sliceStartMs = clock.monotonicMs();
  }
}
