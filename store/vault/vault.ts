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

/** A key is noted by whom holds one that was noted before, or by the first of all. */
const note = `
WITH mine AS (SELECT * FROM unnest($2::text[], $3::text[]) AS m(id, proof)),
made AS (
  INSERT INTO platform.vault_keys (id, proof, noted_at)
  SELECT id, proof, date_trunc('milliseconds', clock_timestamp()) FROM mine
  WHERE id = $1 AND (NOT EXISTS (SELECT FROM platform.vault_keys)
    OR EXISTS (SELECT FROM platform.vault_keys JOIN mine USING (id, proof)))
  ON CONFLICT (id) DO NOTHING
  RETURNING id
)
SELECT id FROM made UNION SELECT k.id FROM platform.vault_keys k JOIN mine USING (id, proof) WHERE k.id = $1`;

export async function noteKey(
  db: Database,
  keys: readonly VaultKey[],
  { id }: VaultKey,
  file: string,
): Promise<void> {
  const values = [id, keys.map((key) => key.id), keys.map(proofOf)];
  // Two that note it at the same moment: the second sees it the second time.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const rows = await db.asPlatform((unit) => unit.query(note, values));
    if (rows.length > 0) return;
  }
  throw new StoreError(
    'ring_foreign',
    `what is sealed in this database was sealed with other keys than those of ${file}: put the ring of the other nodes there (picket vault status names its keys)`,
  );
}
