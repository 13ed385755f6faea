/**
 * A list with one more. Most lists here have one or two members for ever, and a list that was pushed to holds room for some
 * seventeen: of a million devices that room is gigabytes. A list shorter than `exactMax` is never changed, only replaced, so that
 * whoever has the same members may have the same list; nobody changes a list in any other way.
 */
export function append<T extends object | string | number>(list: readonly T[], one: T): readonly T[] {
  if (list.length >= exactMax) {
    (list as T[]).push(one);
    return list;
  }
  return list.length === 0 ? [one] : list.concat(one);
}

/** Longer lists grow by halves, as usual. */
const exactMax = 12;

/** Whether two may have it: it is replaced when one of them gets more. */
export function mayShare(list: readonly unknown[]): boolean {
  return list.length < exactMax;
}

export function isAlone<T>(list: readonly T[], one: T): boolean {
  return list.length === 1 && list[0] === one;
}

/** Like `append`, before the member at `at`. */
export function inserted<T>(list: readonly T[], at: number, one: T): readonly T[] {
  if (list.length < exactMax) return [...list.slice(0, at), one, ...list.slice(at)];
  (list as T[]).splice(at, 0, one);
  return list;
}

/** Without the member at `at`; a list that was long enough to be one's own is still. */
export function removed<T>(list: readonly T[], at: number): readonly T[] {
  if (list.length <= exactMax) return list.filter((_, n) => n !== at);
  (list as T[]).splice(at, 1);
  return list;
}
