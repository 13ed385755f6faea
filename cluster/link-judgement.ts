/**
 * When a link's peer must be judged again: its certificate has ended, or what we trust has changed since the last
 * verdict. Pure; link-watch.ts asks at every look and performs the rest.
 */

/** What the last verdict was taken by. */
export interface Judged {
  /** `Transport.trustVersion` of then. */
  readonly trustVersion: number;
  /** The earliest end in the peer's chain, Unix milliseconds. */
  readonly notAfterMs: number;
}

/** What is trusted, and the time. */
export interface JudgedNow {
  readonly trustVersion: number;
  readonly wallMs: number;
}

export function isDue(link: Judged, now: JudgedNow): boolean {
  return link.trustVersion !== now.trustVersion || now.wallMs > link.notAfterMs;
}

/** Those that are due at this instant, at most `most` of them: the rest come at the next look. */
export function dueForJudgement<T extends Judged>(links: Iterable<T>, now: JudgedNow, most: number): T[] {
  const due: T[] = [];
  for (const link of links) {
    if (due.length >= most) break;
    if (isDue(link, now)) due.push(link);
  }
  return due;
}
