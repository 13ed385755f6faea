/**
 * A list with one more. Most lists here have one or two members for ever, and a list that was pushed to holds room for some
 * seventeen: of a million devices that room is gigabytes.
 */
export function append<T extends object | string | number>(list: T[], one: T): T[] {
  if (list.length >= exactMax) {
    list.push(one);
    return list;
  }
  return list.length === 0 ? [one] : list.concat(one);
}

/** Longer lists grow by halves, as usual. */
const exactMax = 12;
