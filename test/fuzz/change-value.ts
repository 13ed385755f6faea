/** Changes within a value that stay one: what a hostile sender writes who keeps to the encoding and breaks the meaning. */
import { type Random, Ref } from '../../runtime/index.ts';
import { pick, under } from './mutate.ts';

const strange: readonly unknown[] = [
  ...[null, true, -1, 0, 0.5, 1e300, 2 ** 53, Number.NaN, '', 'x', '__proto__', 'a.b', '\0', 'é'.repeat(300)],
  ...[[], {}, [[]], [null], { length: 3 }, new Ref('core_2', 1, 1)],
];

/** One to three changes of a copy. */
export function changedValue(random: Random, value: unknown): unknown {
  let changed = value;
  for (let left = 1 + under(random, 3); left > 0; left -= 1) changed = changedOnce(random, changed);
  return changed;
}

function changedOnce(random: Random, value: unknown): unknown {
  const isHolder = typeof value === 'object' && value !== null && !(value instanceof Ref);
  if (!isHolder || random.next() < 0.05) return pick(random, strange);
  if (Array.isArray(value)) {
    const at = under(random, value.length + 1);
    if (at === value.length) return [...value, pick(random, [...strange, ...value])];
    if (random.next() < 0.1) return value.filter((_, one) => one !== at);
    return value.map((one, n) => (n === at ? changedOnce(random, one) : one));
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return { x: pick(random, strange) };
  const [key] = pick(random, entries);
  if (random.next() < 0.1) return Object.fromEntries(entries.filter(([one]) => one !== key));
  return Object.fromEntries(entries.map(([one, of]) => [one, one === key ? changedOnce(random, of) : of]));
}
