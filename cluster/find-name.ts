/**
 * Waiting for a name: resolves with its actor as soon as the registry shows it on a node that can be reached. A name
 * outlives the link to its node by a moment, and a caller who asked again at once would get the dead ref over and over.
 */
import { setMaxListeners } from 'node:events';
import type { Clock, Protocol, Ref } from '../runtime/index.ts';
import type { NameEvent } from './cluster-view.ts';
import { ClusterError } from './errors.ts';
import { formatKey, isRegistryKey, type RegistryKey } from './names.ts';
import type { ClusterNode } from './node.ts';

/** Rejects with `no_such_actor` after `withinMs`, with `leaving` when this node stops, and with `bad_key`. */
export function findName<P extends Protocol>(
  node: ClusterNode,
  clock: Clock,
  key: RegistryKey,
  withinMs: number,
): Promise<Ref<P>> {
  if (!isRegistryKey(key)) return Promise.reject(new ClusterError('bad_key', formatKey(key)));
  if (node.stopping.aborted) return Promise.reject(new ClusterError('leaving', 'this node has stopped'));
  const watching = new AbortController();
  return new Promise<Ref<P>>((resolve, reject) => {
    let found: NameEvent['entry'] | null = null;
    const end = (act: () => void) => {
      cancel();
      watching.abort();
      act();
    };
    const look = () => {
      const { signal } = watching;
      if (found === null || signal.aborted || !node.reaches(found.node)) return;
      const { ref } = found;
      // One of this node that has ended has its name for a moment more.
      if (found.node === node.node && node.system.find(ref) === null) return;
      end(() => resolve(ref as Ref<P>));
    };
    const cancel = clock.timer(withinMs, () => end(() => reject(notFound(node, key, withinMs))));
    // Thousands may wait at once, each for its time: that is no leak, of which Node would warn at the eleventh.
    setMaxListeners(0, node.stopping);
    node.stopping.addEventListener(
      'abort',
      () => end(() => reject(new ClusterError('leaving', 'this node stops'))),
      { signal: watching.signal },
    );
    const onName = ({ type, entry }: NameEvent) => {
      found = type === 'removed' ? null : entry;
      look();
    };
    node.members.watch(look, watching.signal);
    // That name alone: thousands may wait, and each that watched all names would be told of each.
    node.names.watch(key, onName, watching.signal);
  });
}

/** A name that is not there and a cluster that is not there are two mistakes. */
function notFound(node: ClusterNode, key: RegistryKey, withinMs: number): ClusterError {
  const others = node.members.list().filter(({ name, status }) => name !== node.node && status === 'up');
  const linked =
    others.length === 0
      ? 'this node is linked to no other: see its log for refused peers and dead seeds'
      : `this node is linked to ${others.map(({ name }) => name).join(', ')}`;
  const detail = `nothing has the name ${formatKey(key)} after ${withinMs} ms; ${linked}`;
  return new ClusterError('no_such_actor', detail);
}
