/** What of a child that is wanted is kept in a flight record: all but its arguments. For the children's and the specs' forms. */

import { hashText } from '../runtime/index.ts';
import type { Want } from './children-state.ts';

export type KeptWant = readonly [
  kind: string,
  role: string,
  tenant: string | null,
  version: string,
  source: Want['source'],
];

export function plainWant({ spec, version, source }: Want): KeptWant {
  return [spec.kind, spec.role, spec.tenant ?? null, version, source];
}

export function restoreWant(id: string, [kind, role, tenant, version, source]: KeptWant): Want {
  return { spec: { id, kind, role, args: [], ...(tenant !== null && { tenant }) }, version, source };
}

/** How many, and their hash. */
export function hashIds(ids: readonly string[]): [count: number, hash: number] {
  let hash = hashText('');
  for (const id of ids) hash = hashText(id, Math.imul(hash, 31));
  return [ids.length, hash];
}
