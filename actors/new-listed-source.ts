/**
 * Whether a system may be written down as a source as somebody said: its settings, its pace, its endpoint under the tenant's policy.
 * Pure; asked by the doors before the store. An endpoint that is a name is judged again at each connection, by its addresses.
 */
import { judgeAddress } from '../checks/index.ts';
import {
  isFault,
  judgeCredentials,
  judgeSettings,
  type SourceKind,
  type SourceSettings,
  sourceKinds,
} from '../sources/index.ts';
import { listingIntervalMsMax, listingIntervalMsMin } from './limits.ts';
import type { ListedSourceChange, NewListedSource } from './ports/listed-source.ts';

/** As somebody wrote it; what is absent is not said. */
export interface ListedSourceSaid {
  name?: unknown;
  kind?: unknown;
  endpoint?: unknown;
  query?: unknown;
  partition?: unknown;
  blacklist?: unknown;
  caPem?: unknown;
  pageItems?: unknown;
  withInterfaces?: unknown;
  intervalMs?: unknown;
  enabled?: unknown;
  agent?: unknown;
}

export type SaidRefused = { refused: 'bad_source' | 'target_not_allowed'; detail: string };

const bad = (detail: string): SaidRefused => ({ refused: 'bad_source', detail });

/** All of it; `before` has what is not said. */
export function judgeListedSource(
  said: ListedSourceSaid,
  before: NewListedSource,
  policy: { allowAll: boolean },
): { source: NewListedSource } | SaidRefused {
  const unfit = formOf(said);
  if (unfit !== null) return bad(unfit);
  const source = { ...before, ...(said as Partial<NewListedSource>) };
  if (source.name.trim() === '') return bad('a source has a name');
  const settings: SourceSettings = source;
  const judged = judgeSettings(settings);
  if (isFault(judged)) return bad(judged.detail);
  const { intervalMs } = source;
  if (intervalMs !== null && !(intervalMs >= listingIntervalMsMin && intervalMs <= listingIntervalMsMax))
    return bad('the interval must be 1m to 30d');
  const { hostname } = judged.base;
  const isAddress = /^[\d.]+$/.test(hostname) || hostname.startsWith('[');
  // An agent in the customer's network goes there where it likes, as with checks.
  const guard = { allowAll: policy.allowAll || source.agent !== null };
  const verdict = isAddress ? judgeAddress(hostname, guard) : null;
  if (verdict !== null && !verdict.allowed) return { refused: 'target_not_allowed', detail: verdict.detail };
  return { source };
}

/** Without what is for ever. */
export function judgeListedChange(
  said: ListedSourceSaid,
  before: NewListedSource,
  policy: { allowAll: boolean },
): { change: ListedSourceChange } | SaidRefused {
  if (said.kind !== undefined && said.kind !== before.kind)
    return bad(`its kind is ${before.kind} for ever: what it listed carries it. Add another source`);
  if (said.partition !== undefined && said.partition !== before.partition)
    return bad(`its partition is ${before.partition} for ever: what it listed is in it. Add another source`);
  const judged = judgeListedSource(said, before, policy);
  if ('refused' in judged) return judged;
  const { kind: _kind, partition: _partition, ...change } = said as Partial<NewListedSource>;
  return { change };
}

/** Null for none. A text for a person otherwise, in which they are not. */
export function judgeSaidCredentials(credentials: unknown): SaidRefused | null {
  if (credentials === null) return null;
  const judged = typeof credentials === 'string' ? judgeCredentials(credentials) : null;
  if (judged === null) return bad('credentials are a text');
  return typeof judged === 'string' ? null : bad(judged.detail);
}

/** What arrives has any form; null when each member that is there has its own. */
function formOf(said: ListedSourceSaid): string | null {
  const isText = (value: unknown) => typeof value === 'string';
  const isFlag = (value: unknown) => typeof value === 'boolean';
  const orNull = (judge: (value: unknown) => boolean) => (value: unknown) => value === null || judge(value);
  const forms: Record<keyof ListedSourceSaid, (value: unknown) => boolean> = {
    name: isText,
    kind: (value) => sourceKinds.includes(value as SourceKind),
    endpoint: isText,
    query: orNull(isText),
    partition: isText,
    blacklist: (value) => Array.isArray(value) && value.every(isText),
    caPem: orNull(isText),
    pageItems: orNull(Number.isInteger),
    withInterfaces: isFlag,
    intervalMs: orNull(Number.isInteger),
    enabled: isFlag,
    agent: orNull((value) => typeof value === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(value)),
  };
  for (const [key, value] of Object.entries(said)) {
    const judge = forms[key as keyof ListedSourceSaid];
    if (judge === undefined) return `a source has no "${key.slice(0, 64)}"`;
    if (!judge(value)) return `its ${key} cannot be read`;
  }
  return null;
}
