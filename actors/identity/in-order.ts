/** Texts, each once and in the order of their units. */
export function inOrder(list: string[]): readonly string[] {
  if (list.length === 0) return nothing;
  if (list.length > 1) sortTexts(list);
  for (let at = 1; at < list.length; at += 1)
    if (list[at] === list[at - 1]) return list.filter((one, n) => n === 0 || one !== list[n - 1]);
  return list;
}

/** Few are put in their places one by one, which takes no more memory. */
function sortTexts(list: string[]): void {
  if (list.length > 16) {
    list.sort();
    return;
  }
  for (let at = 1; at < list.length; at += 1) {
    const one = list[at]!;
    let to = at;
    for (; to > 0 && list[to - 1]! > one; to -= 1) list[to] = list[to - 1]!;
    list[to] = one;
  }
}

const nothing: readonly string[] = [];
