/**
 * Which device updates a tenant's reconciler takes: what is an update, of the partition that it came from, with names that can be kept.
 * Between whoever sends them and the rules of identity, which say what becomes of them. Pure.
 */

import { type Observation, readUpdate } from './identity/read-update.ts';
import type { Reconciler } from './identity/reconciler.ts';
import type { UpdateRefusalCode } from './reconcile-codes.ts';
import {
  identifierScopeCharactersMax,
  residentEvidenceMax,
  residentIdCharactersMax,
} from './reconcile-limits.ts';

export interface UpdateTerms {
  /** Of whoever sends it: an update that names another one is not taken. */
  readonly partition: string;
  /** Stands in for a time that is not said. */
  readonly atMs: number;
}

export type JudgedUpdate = { readonly observation: Observation } | { readonly error: string };

/** U+0000 and half a surrogate pair: no database keeps them as they are. */
const isUnfit = (text: string) => text.includes('\u0000') || /\p{Surrogate}/u.test(text);

export function judgeUpdate(
  reconciler: Reconciler,
  said: unknown,
  { partition, atMs }: UpdateTerms,
): JudgedUpdate {
  const read = readUpdate(said, atMs, partition);
  if ('error' in read) return read;
  const { observation } = read;
  if (observation.partition !== partition) return refused('other_partition');
  const { named, service, ip } = observation;
  if (service !== null && service.length > residentIdCharactersMax) return refused('service_id_too_long');
  if (isUnfit(service ?? '')) return refused('identifier_is_no_text');
  for (const { kind, scope, value } of named) {
    if (scope.length > identifierScopeCharactersMax) return refused('integration_type_too_long');
    if (isUnfit(scope) || isUnfit(value)) return refused('identifier_is_no_text');
    if (kind === 'asserted' && isElsewhere(reconciler, value, partition))
      return refused('id_of_other_partition');
  }
  if (service !== null && isElsewhere(reconciler, service, partition))
    return refused('id_of_other_partition');
  if (!isFull(reconciler)) return read;
  const devices = reconciler.partition(partition);
  const isKnown =
    observation.isRetraction ||
    (service === null
      ? devices.book.knows(observation) && (ip === null || devices.addressBook.all.has(ip))
      : devices.services.has(service));
  if (!isKnown) return refused('inventory_full');
  const known = observation.interfaces === null ? null : devices.book.of(observation);
  if (known === null || devices.tables.isNoMore(known.evidence, observation)) return read;
  // It is seen all the same, and its table stays as it was.
  return { observation: { ...observation, interfaces: null } };
}

const refused = (error: UpdateRefusalCode): JudgedUpdate => ({ error });

function isElsewhere(reconciler: Reconciler, id: string, partition: string): boolean {
  const holder = reconciler.holding(id);
  return holder !== null && holder.name !== partition;
}

/** What is there goes on to be seen; nothing is added. */
export function isFull(reconciler: Reconciler): boolean {
  return residentsOf(reconciler) >= residentEvidenceMax;
}

/** Sets of identifiers, interface tables by what they take, addresses, and components of services, of all partitions. */
export function residentsOf({ partitions }: Reconciler): number {
  let count = 0;
  for (const { book, tables, addressBook, services } of partitions.values())
    count += book.weight + tables.weight + addressBook.all.size + services.size;
  return count;
}
