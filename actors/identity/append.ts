/**
 * A list with one more. Most lists here have one or two members for ever, and a list that was pushed to holds room for some
 * seventeen: of a million devices that room is gigabytes. A list shorter than `exactMax` is never changed, only replaced, so that
 * whoever has the same members may have the same list; nobody changes a list in any other way.
 */
export function append<T extends object | string>(list: readonly T[], one: T): readonly T[] {
  const { length } = list;
  // Written out they are exact, and made where they are needed; so is what two lists are joined to, and not what is joined of a list and one.
  if (length === 0) return [one];
  if (length === 1) return [list[0]!, one];
  if (length === 2) return [list[0]!, list[1]!, one];
  if (length < exactMax) return list.concat([one]);
  (list as T[]).push(one);
  return list;
}

/** Longer lists grow by halves, as usual. */
const exactMax = 12;

/** Like `append`, of instants: apart, so that they stay a list of plain numbers, which are a third of the memory of others. */
export function appendTime(list: readonly number[], atMs: number): readonly number[] {
  if (list.length === 0) return [atMs];
  if (list.length === 1) return [list[0]!, atMs];
  if (list.length < exactMax) return list.concat([atMs]);
  (list as number[]).push(atMs);
  return list;
}

/** Whether two may have it: it is replaced when one of them gets more. */
export function mayShare(list: readonly unknown[]): boolean {
  return list.length < exactMax;
}

export function isAlone<T>(list: readonly T[], one: T): boolean {
  return list.length === 1 && list[0] === one;
}

/** Like `append`, before the member at `at`. */
export function inserted<T extends object>(list: readonly T[], at: number, one: T): readonly T[] {
  if (list.length < exactMax) return movedTo(list.concat([one]), at, one);
  (list as T[]).splice(at, 0, one);
  return list;
}

/** Like `appendTime`, before the member at `at`. */
export function insertedTime(list: readonly number[], at: number, atMs: number): readonly number[] {
  if (list.length < exactMax) return movedTo(list.concat([atMs]), at, atMs);
  (list as number[]).splice(at, 0, atMs);
  return list;
}

/** The last, which is this, to `at`. */
function movedTo<T>(list: T[], at: number, one: T): readonly T[] {
  for (let last = list.length - 1; last > at; last -= 1) list[last] = list[last - 1]!;
  list[at] = one;
  return list;
}

/** Without the member at `at`; a list that was long enough to be one's own is still. */
export function removed<T>(list: readonly T[], at: number): readonly T[] {
  if (list.length <= exactMax) {
    const less = list.slice(0, -1);
    for (let n = at; n < less.length; n += 1) less[n] = list[n + 1]!;
    return less;
  }
  (list as T[]).splice(at, 1);
  return list;
}
