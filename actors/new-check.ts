/**
 * Whether a check may be added, or be what it is to be changed to: the bounds of its numbers, its settings, and its target
 * under the tenant's policy. Pure; asked by the tenant before the store, and by the command line for a clear error early.
 */
import { judgeTarget, validateSettings } from '../checks/index.ts';
import { isCustomersNetwork } from './dispatch.ts';
import {
  intervalMaxMs,
  intervalMinMs,
  nameCharactersMax,
  retriesMax,
  timeoutMaxMs,
  timeoutMinMs,
} from './limits.ts';
import { type CheckEdit, checkKinds, type NewCheck } from './ports/check.ts';

export type CheckRefusalCode = 'bad_check' | 'target_not_allowed' | 'too_many_checks';

export interface CheckRefused {
  code: CheckRefusalCode;
  detail: string;
}

export function judgeNewCheck(check: NewCheck, policy: { allowAll: boolean }): CheckRefused | null {
  const bad = (detail: string): CheckRefused => ({ code: 'bad_check', detail });
  if (!checkKinds.includes(check.kind)) return bad(`kind must be one of ${checkKinds.join(', ')}`);
  if (check.name.trim() === '' || check.name.length > nameCharactersMax || /\p{Cc}/u.test(check.name)) {
    return bad(`a name has 1 to ${nameCharactersMax} printable characters`);
  }
  if (!/^[A-Za-z0-9._-]{1,128}$/.test(check.partition))
    return bad('a partition has 1 to 128 of A-Z a-z 0-9 . _ -');
  if (!whole(check.intervalMs, intervalMinMs, intervalMaxMs)) return bad('the interval must be 1s to 1d');
  if (!whole(check.timeoutMs, timeoutMinMs, timeoutMaxMs)) return bad('the timeout must be 100ms to 60s');
  if (!whole(check.retries, 1, retriesMax)) return bad(`retries must be 1 to ${retriesMax}`);
  const settings = validateSettings(check.kind, check.settings);
  if (!settings.ok) return bad(settings.detail);
  // Only agents in that network run it, which may go wherever they like: it is the tenant's own.
  const allowAll = policy.allowAll || isCustomersNetwork(check.partition);
  const target = judgeTarget(check, { allowAll });
  return target.allowed ? null : { code: target.code, detail: target.detail };
}

/** What may be changed, of what was asked for by a stranger; null: it is nothing. */
export function knownEdit(asked: CheckEdit): CheckEdit | null {
  const edit = Object.fromEntries(
    editable.flatMap((field) => (asked[field] === undefined ? [] : [[field, asked[field]]])),
  );
  return Object.keys(edit).length === 0 ? null : edit;
}

const editable = ['name', 'target', 'port', 'intervalMs', 'timeoutMs', 'retries', 'settings'] as const;

function whole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
