/**
 * The closed set of refusals of this room. A refusal is a value, never thrown: `judgeTarget`, `judgeAddress` and
 * `validateSettings` answer it, and a run that meets one answers `unknown` with the code at the start of its reason.
 * What the network or the target does is not here: that is a `CheckOutcome`.
 */

export type CheckRefusalCode =
  /** The check makes sense, but this tenant may not aim there from here. */
  | 'target_not_allowed'
  /** The check makes no sense as written. */
  | 'bad_check';

export interface CheckRefusal {
  readonly allowed: false;
  readonly code: CheckRefusalCode;
  /** One sentence for people: what is wrong and what to do. */
  readonly detail: string;
}

export type Verdict = { readonly allowed: true } | CheckRefusal;

/** The one positive verdict, shared: a verdict is asked for on every run. */
export const allowed: Verdict = Object.freeze({ allowed: true });

export function badCheck(detail: string): CheckRefusal {
  return { allowed: false, code: 'bad_check', detail };
}

export function notAllowed(detail: string): CheckRefusal {
  return { allowed: false, code: 'target_not_allowed', detail };
}
