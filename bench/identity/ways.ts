/** The ways of deciding that are measured, by the name under which they are told. */
import { openReconciler } from '../ours/identity.ts';
import type { OpenGrouping } from './grouping.ts';
import { openPriorityList } from './priority-list.ts';
import { openStrongUnion } from './strong-union.ts';

export const ways = {
  ours: openReconciler,
  'priority-list': openPriorityList('common'),
  'priority-list-strong': openPriorityList('strong'),
  'strong-union': openStrongUnion,
} as const satisfies Record<string, OpenGrouping>;

export type Way = keyof typeof ways;
