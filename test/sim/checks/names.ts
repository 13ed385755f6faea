/**
 * Names: a node's own list is what its actors hold, at every moment; when the world has settled every node lists exactly
 * what all living holders hold, each name once.
 */
import { formatKey, type NameEntry } from '../../../cluster/index.ts';
import { sameRef } from '../../../runtime/index.ts';
import { simPartition } from '../bounds.ts';
import type { HeldName } from '../ledger.ts';
import type { Life } from '../life.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

export const names: Check = {
  name: 'names',
  always(world) {
    for (const life of world.living()) {
      // Who leaves gives up its names while their holders go on.
      if (life.leaving) continue;
      const own = life.node.names.list({ partition: simPartition, node: life.name });
      compare(world, `${life.name} of itself`, ownOf(life), own);
    }
  },
  settled(world) {
    const all = new Map<string, Held>();
    const holders = new Map<string, Life>();
    for (const life of world.living()) {
      for (const [text, { ref, metadata }] of life.holds) {
        const other = holders.get(text);
        if (other !== undefined) world.fail(`${text} is held twice: by ${other.name} and by ${life.name}`);
        holders.set(text, life);
        all.set(text, { ref, metadata, seenBy: null });
      }
    }
    for (const life of world.living())
      compare(world, life.name, all, life.node.names.list({ partition: simPartition }));
  },
};

/** A name that is held, and the last list in which it was found. */
interface Held extends Pick<HeldName, 'ref' | 'metadata'> {
  seenBy: readonly NameEntry[] | null;
}

function ownOf(life: Life): Map<string, Held> {
  const own = new Map<string, Held>();
  for (const [text, { ref, metadata }] of life.holds) own.set(text, { ref, metadata, seenBy: null });
  return own;
}

function compare(
  world: World,
  who: string,
  held: ReadonlyMap<string, Held>,
  listed: readonly NameEntry[],
): void {
  let seen = 0;
  for (const { key, ref, metadata } of listed) {
    const text = formatKey(key);
    const known = held.get(text);
    if (known === undefined) {
      world.fail(`${who} lists ${text} of ${ref}, which nobody holds`);
      continue;
    }
    if (known.seenBy === listed) world.fail(`${who} lists ${text} twice`);
    else seen += 1;
    known.seenBy = listed;
    if (!sameRef(known.ref, ref)) world.fail(`${who} lists ${text} as ${ref}, it is ${known.ref}`);
    else if (known.metadata.value !== metadata.value)
      world.fail(`${who} lists ${text} with the value ${metadata.value}, it is ${known.metadata.value}`);
  }
  if (seen === held.size) return;
  for (const [text, { ref, seenBy }] of held)
    if (seenBy !== listed) world.fail(`${who} does not list ${text} of ${ref}`);
}
