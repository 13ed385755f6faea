/**
 * Fields of rows as the stores of this room seal and open them: the ring that this process has, and the word of the
 * database on which keys its values are sealed with. A node whose ring is another one seals nothing. Between the stores of
 * users and integrations, and `field.ts`.
 */
import { createHmac } from 'node:crypto';
import { StoreError } from '../errors.ts';
import type { Database } from '../unit-of-work.ts';
import { blindIndexes } from './blind-index.ts';
import { derivedKey, type FieldPlace, openField, sealField } from './field.ts';
import type { VaultKey } from './key-ring.ts';
import type { LiveRing } from './live-ring.ts';

export interface Vault {
  readonly live: LiveRing;
  /** Before anything is sealed: notes the active key. Throws `ring_foreign`, `bad_key_ring`. */
  ready(): Promise<void>;
  seal(place: FieldPlace, text: string): string;
  open(place: FieldPlace, sealed: string): string;
  /** Of a normal form, under every key that opens fields. */
  lookups(tenantId: string, column: string, normal: string): string[];
}

export function createVault(db: Database, live: LiveRing): Vault {
  const noted = new Set<string>();
  return {
    live,
    async ready() {
      const key = live.ring().current();
      const mark = `${key.id} ${proofOf(key)}`;
      if (noted.has(mark)) return;
      await noteKey(db, live.ring().keys, key, live.ring().file);
      noted.add(mark);
    },
    seal: (place, text) => sealField(live.ring().current(), place, text),
    open: (place, sealed) => openField(live.forFields, place, sealed),
    lookups: (tenantId, column, normal) => blindIndexes(live.ring(), tenantId, column, normal),
  };
}

/** Of a process without a ring: whoever seals or opens is told so. */
export const ringless: LiveRing = { ring: noRing, forFields: noRing, changed: noRing };

function noRing(): never {
  throw new StoreError(
    'bad_key_ring',
    'this process was given no key ring: nothing is sealed or opened here',
  );
}

/** Tells two keys of one id apart, and nothing else of them. */
export function proofOf({ bytes, id }: VaultKey): string {
  return createHmac('sha256', derivedKey(bytes, 'proof', ''))
    .update(id)
    .digest('hex')
    .slice(0, 32);
}

/**
 * A key is noted by whom holds one that was noted before, or by the first of all: one after the other, so that of two hosts
 * that each made a ring of their own only one is the first.
 */
const note = `
SELECT pg_advisory_xact_lock(1885956973, 1);
INSERT INTO platform.vault_keys (id, proof, noted_at)
SELECT m.id, m.proof, date_trunc('milliseconds', clock_timestamp())
FROM (SELECT split_part(one, ' ', 1) AS id, split_part(one, ' ', 2) AS proof
  FROM unnest(string_to_array(current_setting('picket.vault_keys'), ',')) AS one) m
WHERE m.id = current_setting('picket.vault_key') AND (NOT EXISTS (SELECT FROM platform.vault_keys)
  OR EXISTS (SELECT FROM platform.vault_keys k
    WHERE k.id || ' ' || k.proof = ANY (string_to_array(current_setting('picket.vault_keys'), ','))))
ON CONFLICT (id) DO NOTHING;`;

const isNoted = 'SELECT FROM platform.vault_keys WHERE id = $1 AND proof = $2';

export async function noteKey(
  db: Database,
  keys: readonly VaultKey[],
  key: VaultKey,
  file: string,
): Promise<void> {
  const proof = proofOf(key);
  const all = keys.map((one) => `${one.id} ${proofOf(one)}`).join(',');
  const noted = await db.asPlatform(async (unit) => {
    const before = await unit.query(isNoted, [key.id, proof]);
    if (before.length > 0) return true;
    await unit.script(note, { 'picket.vault_key': key.id, 'picket.vault_keys': all });
    return (await unit.query(isNoted, [key.id, proof])).length > 0;
  });
  if (noted) return;
  throw new StoreError(
    'ring_foreign',
    `what is sealed in this database was sealed with other keys than those of ${file}: put the ring of the other nodes there (picket vault status names its keys)`,
  );
}
