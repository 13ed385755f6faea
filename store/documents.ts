/**
 * Documents in their tenant's schema, built part by part. Every statement that builds is joined to the gate's row under
 * the writer's epoch and locks it, so a holder of the lease that was replaced writes nothing more; what is read back is
 * one part at a time. Removal is `document-removal.ts`.
 */
import type {
  DocumentAnswer,
  DocumentKind,
  DocumentPlace,
  DocumentShelf,
  DocumentStore,
  StoredDocument,
} from '../actors/ports/document-store.ts';
import { assertWhole } from './columns.ts';
import { documentRemoval } from './document-removal.ts';
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import type { StoreLog } from './log.ts';
import { atNewest } from './schema-versions.ts';
import type { Database, Parameter } from './unit-of-work.ts';

interface Columns extends Record<string, unknown> {
  ordinal: number;
  id: string;
  sender: string;
  agent: string;
  partition: string;
  kind: DocumentKind;
  service: string;
  state: 'open' | 'whole';
  total_bytes: number | null;
  held_bytes: number;
  sha256: string | null;
  items: number | null;
  opened_at: number;
  received_at: number | null;
}

const columns = `d.ordinal, d.id, d.sender, d.agent, d.partition, d.kind, d.service, d.state, d.total_bytes, d.held_bytes,
  d.sha256, d.items, d.opened_at, d.received_at`;
const moment = "moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS at)";
/** $1: the epoch. Nobody else's statement that builds is between this and the end of ours. */
const gate =
  'gate AS MATERIALIZED (SELECT held_bytes FROM document_gate WHERE epoch = $1::bigint FOR UPDATE)';

const claim = `
INSERT INTO document_gate AS g (epoch, held_bytes) VALUES ($1::bigint, 0)
ON CONFLICT (only_row) DO UPDATE SET epoch = excluded.epoch WHERE g.epoch <= excluded.epoch RETURNING 1 AS one`;

/** Found first, so that one that is there is never made again; `made` is seen by its own RETURNING alone. */
const open = `
WITH ${moment}, ${gate},
found AS (
  UPDATE documents d SET touched_at = CASE WHEN d.state = 'open' THEN moment.at ELSE d.touched_at END
  FROM gate, moment WHERE d.id = $2 AND d.state <> 'gone' RETURNING ${columns}
),
made AS (
  INSERT INTO documents AS d (id, sender, agent, partition, kind, service, total_bytes, state, held_bytes, opened_at, touched_at)
  SELECT $2, $3, $4, $5, $6, $7, $8::bigint, 'open', 0, at, at FROM gate, moment
  WHERE NOT EXISTS (SELECT FROM found)
    AND (SELECT count(*) FROM documents WHERE state = 'open') < $10::bigint
    AND (SELECT count(*) FROM documents WHERE state = 'open' AND sender = $3) < $9::bigint
  ON CONFLICT DO NOTHING RETURNING ${columns}
)
SELECT EXISTS (SELECT FROM gate) AS ours, one.* FROM (VALUES (1)) v
LEFT JOIN (SELECT * FROM found UNION ALL SELECT * FROM made) one ON true`;

const add = `
WITH ${moment}, ${gate},
grown AS (
  UPDATE documents d SET held_bytes = d.held_bytes + octet_length($4::bytea), touched_at = moment.at FROM gate, moment
  WHERE d.ordinal = $2::bigint AND d.state = 'open' AND d.held_bytes = $3::bigint
    AND gate.held_bytes + octet_length($4::bytea) <= $5::bigint
  RETURNING d.held_bytes
),
kept AS (INSERT INTO document_parts (ordinal, at_byte, bytes) SELECT $2::bigint, $3::bigint, $4::bytea FROM grown),
counted AS (
  UPDATE document_gate SET held_bytes = held_bytes + octet_length($4::bytea) WHERE EXISTS (SELECT FROM grown)
)
SELECT EXISTS (SELECT FROM gate) AS ours, (SELECT held_bytes FROM grown) AS held_bytes,
  coalesce((SELECT held_bytes + octet_length($4::bytea) > $5::bigint FROM gate), false) AS full`;

const finish = `
WITH ${moment}, ${gate},
done AS (
  UPDATE documents d SET state = 'whole', total_bytes = $3::bigint, sha256 = $4, items = $5::bigint, touched_at = at,
    received_at = at
  FROM gate, moment
  WHERE d.ordinal = $2::bigint AND d.state = 'open' AND d.held_bytes = $3::bigint RETURNING ${columns}
)
SELECT EXISTS (SELECT FROM gate) AS ours, done.* FROM (VALUES (1)) v LEFT JOIN done ON true`;

const discard = `
WITH ${gate}
UPDATE documents SET state = 'gone' FROM gate WHERE ordinal = $2::bigint AND state = 'open' RETURNING 1 AS one`;

const list = `SELECT ${columns} FROM documents d WHERE d.state <> 'gone' ORDER BY d.ordinal DESC LIMIT $1::int`;
const find = `SELECT ${columns} FROM documents d WHERE d.state <> 'gone' AND d.id = $1`;
const read = `
SELECT at_byte, bytes FROM document_parts WHERE ordinal = $1::bigint AND at_byte <= $2::bigint
ORDER BY at_byte DESC LIMIT 1`;

type Found = { ours: boolean } & (Columns | { ordinal: null });

export function createDocuments(db: Database, log: StoreLog): DocumentStore & DocumentShelf {
  const ask = <Row extends Record<string, unknown>>(
    tenantId: string,
    text: string,
    values: readonly Parameter[],
  ) => atNewest('documents', () => db.asTenant(tenantId, (unit) => unit.query<Row>(text, values)));
  const removal = documentRemoval(db, log);

  async function askOne(
    { tenantId, epoch }: DocumentPlace,
    text: string,
    values: readonly Parameter[],
    otherwise: 'too_many_open' | 'not_there',
  ): Promise<DocumentAnswer<StoredDocument>> {
    const [row] = await ask<Found>(tenantId, text, [epoch, ...values]);
    if (row === undefined || !row.ours) return { refused: 'fenced' };
    return row.ordinal === null ? { refused: otherwise } : toDocument(row as Columns);
  }

  return {
    claim: async ({ tenantId, epoch }) => (await ask(tenantId, claim, [epoch])).length > 0,
    open: (place, asked, { openOfSenderMax, openOfTenantMax }) => {
      const { id, sender, agent, partition, kind, service, totalBytes } = asked;
      const texts = [id, sender, agent, partition, kind, service].map(clean);
      return askOne(place, open, [...texts, totalBytes, openOfSenderMax, openOfTenantMax], 'too_many_open');
    },
    async add({ tenantId, epoch }, { ordinal, atByte, bytes }, heldBytesMax) {
      assertWhole(bytes.length, 'the length of a part', 1, limits.documentPartBytesMax);
      // The driver sends a Buffer as it is, and would write out the numbers of another array.
      const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      const [row] = await ask<{ ours: boolean; held_bytes: number | null; full: boolean }>(tenantId, add, [
        epoch,
        ordinal,
        atByte,
        raw,
        heldBytesMax,
      ]);
      if (row === undefined || !row.ours) return { refused: 'fenced' };
      if (row.held_bytes !== null) return { heldBytes: row.held_bytes };
      return { refused: row.full ? 'no_room' : 'not_there' };
    },
    finish: (place, { ordinal, totalBytes, sha256, items }) =>
      askOne(place, finish, [ordinal, totalBytes, sha256, items], 'not_there'),
    async discard({ tenantId, epoch }, ordinal) {
      const rows = await ask(tenantId, discard, [epoch, ordinal]);
      if (rows.length > 0) await removal.removeGone(tenantId);
    },
    async list(tenantId, limit) {
      assertWhole(limit, 'limit', 1, limits.listedRowsMax);
      return (await ask<Columns>(tenantId, list, [limit])).map(toDocument);
    },
    async find(tenantId, id) {
      const [row] = await ask<Columns>(tenantId, find, [clean(id)]);
      return row === undefined ? null : toDocument(row);
    },
    async read(tenantId, ordinal, atByte) {
      const [row] = await ask<{ at_byte: number; bytes: Buffer }>(tenantId, read, [ordinal, atByte]);
      if (row === undefined) throw new StoreError('no_such_document', 'it was removed meanwhile');
      const bytes = row.bytes.subarray(atByte - row.at_byte);
      return bytes.length === 0 ? null : bytes;
    },
    purge: (wholeKeptMs, openKeptMs) => removal.purge(wholeKeptMs, openKeptMs),
  };
}

const clean = (text: string) => text.replaceAll('\u0000', '');

function toDocument(row: Columns): StoredDocument {
  const { ordinal, id, sender, agent, partition, kind, service, state, sha256, items } = row;
  return {
    ...{ ordinal, id, sender, agent, partition, kind, service, state, sha256, items },
    totalBytes: row.total_bytes,
    heldBytes: row.held_bytes,
    openedAtMs: row.opened_at,
    receivedAtMs: row.received_at,
  };
}
