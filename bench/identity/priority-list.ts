/**
 * A peer: the priority list that asset tools use. An update belongs to the first device that is known by one of its keys, the
 * best key first; then all its keys lead to that device. In the strong form the keys are the strong identifiers; in the
 * common form host name and address come after them. Reads identifiers as everybody here does (`evidence.ts`).
 */
import { type Evidence, evidenceOf } from './evidence.ts';
import type { OpenGrouping } from './grouping.ts';

export function openPriorityList(form: 'strong' | 'common'): OpenGrouping {
  return (remembers = true) => {
    const known = new Map<string, number>();
    const answers: (string | null)[] = [];
    let devices = 0;
    return {
      apply(batch) {
        for (const update of batch) {
          const keys = keysOf(evidenceOf(update), form);
          if (keys.length === 0) {
            if (remembers) answers.push(null);
            continue;
          }
          const match = keys.find((key) => known.has(key));
          const device = match === undefined ? devices++ : known.get(match)!;
          for (const key of keys) known.set(key, device);
          if (remembers) answers.push(String(device));
        }
      },
      groups: () => answers,
    };
  };
}

function keysOf({ single, macs, hostname, ip }: Evidence, form: 'strong' | 'common'): string[] {
  const keys = [...single, ...macs];
  if (form === 'common') for (const key of [hostname, ip]) if (key !== null) keys.push(key);
  return keys;
}
