/** Values of a policy's JSON with their place in it, so that what is wrong can be said where it stands. */

export interface PolicyValue {
  readonly value: unknown;
  /** As in `foreign_authorities[0].nodes[2].role`; empty for the whole. */
  readonly place: string;
  fail(place: string, what: string): never;
}

/** The fields of an object; those that are missing have the value undefined, others than these are refused. */
export function objectAt<K extends string>(at: PolicyValue, fields: readonly K[]): Record<K, PolicyValue> {
  const { value, place, fail } = at;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    fail(place, 'an object was expected');
  const given = value as Record<string, unknown>;
  const strange = Object.keys(given).find((key) => !fields.some((field) => field === key));
  if (strange !== undefined) {
    fail(place, `unknown field ${JSON.stringify(strange)}: expected ${fields.join(', ')}`);
  }
  const within = (field: string) => (place === '' ? field : `${place}.${field}`);
  const entries = fields.map((field) => [field, { value: given[field], place: within(field), fail }]);
  return Object.fromEntries(entries) as Record<K, PolicyValue>;
}

/** The values of a list; none when it is missing. */
export function listAt({ value, place, fail }: PolicyValue, valuesMax: number): PolicyValue[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return fail(place, 'a list was expected');
  if (value.length > valuesMax) fail(place, `${value.length} entries, at most ${valuesMax}`);
  return value.map((one: unknown, index) => ({ value: one, place: `${place}[${index}]`, fail }));
}

export function textAt(
  { value, place, fail }: PolicyValue,
  isGood: (text: string) => boolean,
  wanted: string,
): string {
  if (typeof value !== 'string') return fail(place, `${wanted} was expected`);
  return isGood(value) ? value : fail(place, `${JSON.stringify(value.slice(0, 100))} is not ${wanted}`);
}
