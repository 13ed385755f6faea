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
      compare(world, `${life.name} of itself`, life.holds, own);
    }
  },
  settled(world) {
    const all = new Map<string, HeldName>();
    const holders = new Map<string, Life>();
    for (const life of world.living()) {
      for (const [text, held] of life.holds) {
        const other = holders.get(text);
        if (other !== undefined) world.fail(`${text} is held twice: by ${other.name} and by ${life.name}`);
        holders.set(text, life);
        all.set(text, held);
      }
    }
    for (const life of world.living())
      compare(world, life.name, all, life.node.names.list({ partition: simPartition }));
  },
};

function compare(
  world: World,
  who: string,
  held: ReadonlyMap<string, HeldName>,
  listed: readonly NameEntry[],
): void {
  const seen = new Set<string>();
  for (const { key, ref, metadata } of listed) {
    const text = formatKey(key);
    const known = held.get(text);
    if (seen.has(text)) world.fail(`${who} lists ${text} twice`);
    seen.add(text);
    if (known === undefined) world.fail(`${who} lists ${text} of ${ref}, which nobody holds`);
    else if (!sameRef(known.ref, ref)) world.fail(`${who} lists ${text} as ${ref}, it is ${known.ref}`);
    else if (known.metadata.value !== metadata.value)
      world.fail(`${who} lists ${text} with the value ${metadata.value}, it is ${known.metadata.value}`);
  }
  if (seen.size === held.size) return;
  for (const [text, { ref }] of held)
    if (!seen.has(text)) world.fail(`${who} does not list ${text} of ${ref}`);
}
