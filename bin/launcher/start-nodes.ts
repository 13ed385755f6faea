/**
 * Starts nodes so many at once, in their order: what starts takes a processor for a second or two, and each has the same time
 * to be ready, however many there are. Between `up` and its children.
 */

/** Rejects with the first that fails; nothing is started after it. */
export async function startNodes<T>(
  nodes: readonly T[],
  atOnceMax: number,
  start: (node: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let hasFailed = false;
  const goOn = async () => {
    while (next < nodes.length && !hasFailed) {
      const node = nodes[next]!;
      next += 1;
      try {
        await start(node);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnceMax, nodes.length) }, goOn));
}
