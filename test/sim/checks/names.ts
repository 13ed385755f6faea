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
import { NameTable } from './name-table.ts';

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
    const all = new NameTable<Held>();
    for (const life of world.living()) {
      for (const one of life.holds.values()) {
        const group = all.groupOf(one.key);
        const other = group.get(one.key.id);
        if (other !== undefined)
          world.fail(`${formatKey(one.key)} is held twice: by ${other.life.name} and by ${life.name}`);
        group.set(one.key.id, heldBy(life, one));
      }
    }
    for (const life of world.living())
      compare(world, life.name, all, life.node.names.list({ partition: simPartition }));
  },
};

/** A name that is held, and the last list in which it was found. */
interface Held extends HeldName {
  readonly life: Life;
  seenBy: readonly NameEntry[] | null;
}

function heldBy(life: Life, { key, ref, metadata }: HeldName): Held {
  return { life, key, ref, metadata, seenBy: null };
}

function ownOf(life: Life): NameTable<Held> {
  const own = new NameTable<Held>();
  for (const one of life.holds.values()) own.groupOf(one.key).set(one.key.id, heldBy(life, one));
  return own;
}

function compare(world: World, who: string, held: NameTable<Held>, listed: readonly NameEntry[]): void {
  let seen = 0;
  for (const { key, ref, metadata } of listed) {
    const known = held.groupOf(key).get(key.id);
    if (known === undefined) {
      world.fail(`${who} lists ${formatKey(key)} of ${ref}, which nobody holds`);
      continue;
    }
    if (known.seenBy === listed) world.fail(`${who} lists ${formatKey(key)} twice`);
    else seen += 1;
    known.seenBy = listed;
    if (!sameRef(known.ref, ref)) world.fail(`${who} lists ${formatKey(key)} as ${ref}, it is ${known.ref}`);
    else if (known.metadata.value !== metadata.value)
      world.fail(
        `${who} lists ${formatKey(key)} with the value ${metadata.value}, it is ${known.metadata.value}`,
      );
  }
  if (seen === held.size) return;
  for (const { key, ref, seenBy } of held.values())
    if (seenBy !== listed) world.fail(`${who} does not list ${formatKey(key)} of ${ref}`);
}
