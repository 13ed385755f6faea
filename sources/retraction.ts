/**
 * What is gone, told only after a listing that was whole: of the external ids that the last complete listing had, those that this one
 * has not. Pure. Listings are read page by page while they change, so an id can slip between two pages; what is absent is
 * therefore asked for by its id, and what is still there is neither retracted nor forgotten.
 */
import type { DeviceUpdate, ExternalIdKey } from './device-update.ts';

/** In the order of `known`. */
export function absentIds(known: Iterable<string>, seen: ReadonlySet<string>): string[] {
  const absent: string[] = [];
  for (const id of known) if (!seen.has(id)) absent.push(id);
  return absent;
}

export interface Absence {
  readonly absent: readonly string[];
  /** Of these, what the system still has when asked for them; null: it could not be asked that. */
  readonly stillThere: ReadonlySet<string> | null;
  /** No page told another total than the first: nothing slipped that shows. */
  readonly isSteady: boolean;
}

/** `gone`: retract these. `kept`: hold them to be known, and look again at the next listing. */
export function judgeAbsence({ absent, stillThere, isSteady }: Absence): { gone: string[]; kept: string[] } {
  if (stillThere === null)
    return isSteady ? { gone: [...absent], kept: [] } : { gone: [], kept: [...absent] };
  const gone: string[] = [];
  const kept: string[] = [];
  for (const id of absent) (stillThere.has(id) ? kept : gone).push(id);
  return { gone, kept };
}

export interface RetractionFrame {
  readonly idKey: ExternalIdKey;
  readonly source: string;
  readonly partition: string;
  /** RFC 3339, of the listing. */
  readonly listedAt: string;
}

export function retractionOf(
  id: string,
  { idKey, source, partition, listedAt }: RetractionFrame,
): DeviceUpdate {
  return {
    partition,
    source,
    timestamp: listedAt,
    is_available: false,
    metadata: { [idKey]: id, integration_type: source, _deleted: 'true' },
  };
}
