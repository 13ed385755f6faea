/**
 * The inventory in its tenant's schema under its role: a batch is one statement, joined to the gate's row under the writer's epoch, so a
 * holder of the lease that was replaced writes nothing more. What people read of it is `inventory-shelf.ts`.
 */
import {
  type AuditedMerge,
  type DocumentToReconcile,
  type InventoryChanges,
  type InventoryRow,
  type InventoryStore,
  inventoryRowKinds,
  type SeenDevice,
} from '../actors/ports/inventory-store.ts';
import { textColumn } from './columns.ts';
import {
  claimInventory,
  mergesOf,
  nextDocument,
  partitionsOf,
  rowsOf,
  writeInventory,
} from './inventory-sql.ts';
import { limits } from './limits.ts';
import { atNewest } from './schema-versions.ts';
import type { Database, Parameter } from './unit-of-work.ts';

type Columns = Record<string, unknown>;

export function createInventory(db: Database): InventoryStore {
  const ask = <Row extends Columns>(tenantId: string, text: string, values: readonly Parameter[] = []) =>
    atNewest('inventory', () => db.asTenant(tenantId, (unit) => unit.query<Row>(text, values)));

  async function* rows(tenantId: string, partition: string): AsyncGenerator<InventoryRow[]> {
    for (const kind of inventoryRowKinds) {
      if (kind === 'partition') continue;
      if (kind === 'merge') yield* merges(tenantId, partition);
      else
        for (let after = '', more = true; more; ) {
          const values = [partition, kind, after, limits.inventoryPageRows];
          const page = await ask<{ key: string; row: unknown }>(tenantId, rowsOf, values);
          if (page.length > 0) yield page.map(({ key, row }) => ({ kind, key, row }));
          after = page.at(-1)?.key ?? after;
          more = page.length === limits.inventoryPageRows;
        }
    }
  }
  async function* merges(tenantId: string, partition: string): AsyncGenerator<InventoryRow[]> {
    for (let after = -1, more = true; more; ) {
      const values = [partition, after, limits.inventoryPageRows];
      const page = await ask<{ n: number; row: unknown }>(tenantId, mergesOf, values);
      if (page.length > 0) yield page.map(({ n, row }) => ({ kind: 'merge', key: String(n), row }));
      after = page.at(-1)?.n ?? after;
      more = page.length === limits.inventoryPageRows;
    }
  }

  return {
    claim: async ({ tenantId, epoch }) => (await ask(tenantId, claimInventory, [epoch])).length > 0,
    async *load(tenantId) {
      for (const { partition, row } of await ask<{ partition: string; row: unknown }>(
        tenantId,
        partitionsOf,
      )) {
        yield [{ kind: 'partition', key: partition, row }];
        yield* rows(tenantId, partition);
      }
    },
    async write({ tenantId, epoch }, changes) {
      const values = [epoch, ...valuesOf(changes)];
      const [row] = await ask<{ ours: boolean; written: number }>(tenantId, writeInventory, values);
      return row!.ours ? { written: row!.written } : { refused: 'fenced' };
    },
    async nextDocument(tenantId) {
      const [row] = await ask<Omit<DocumentToReconcile, 'receivedAtMs'> & Columns & { received_at: number }>(
        tenantId,
        nextDocument,
      );
      if (row === undefined) return null;
      const { ordinal, id, agent, partition, kind, received_at: receivedAtMs } = row;
      return { ordinal, id, agent, partition, kind, receivedAtMs };
    },
  };
}

function valuesOf(changes: InventoryChanges): Parameter[] {
  const { partition, rows, partitionRow, devices, identifiers, conflicts, sightings, merges, document } =
    changes;
  return [
    partition,
    textColumn(rows.map(({ kind }) => kind)),
    textColumn(rows.map(({ key }) => key)),
    JSON.stringify(rows.map(({ row }) => row)),
    partitionRow === null ? null : JSON.stringify(partitionRow.row),
    readable(devices.map(deviceColumns)),
    readable(identifiers.map(({ deviceId, ...one }) => ({ ...one, device_id: deviceId }))),
    readable(conflicts),
    readable(
      sightings.map(({ ip, sources, firstSeenMs, lastSeenMs, expiresAtMs }) => ({
        ...{
          ip,
          sources,
          first_seen: iso(firstSeenMs),
          last_seen: iso(lastSeenMs),
          expires_at: iso(expiresAtMs),
        },
      })),
    ),
    readable(merges.map(mergeColumns)),
    JSON.stringify(merges.map(({ row }) => row)),
    numberOrNull(document?.ordinal),
    document === null ? null : readable(document),
    changes.isPartitionNew,
  ];
}

const numberOrNull = (value: number | undefined) => value ?? null;

function deviceColumns(device: SeenDevice): Columns {
  const { id, name, isService, ip, mac, macs, serial, hostname, isAvailable, sources, described } = device;
  return {
    ...{ id, name, type: isService ? 'service' : (described?.type ?? null), ip, mac, macs, serial, hostname },
    ...{ vendor: described?.vendor ?? null, model: described?.model ?? null, os: described?.os ?? null },
    ...{ described_at: iso(described?.atMs ?? null), described_confidence: described?.confidence ?? null },
    ...{ first_seen: iso(device.firstSeenMs), last_seen: iso(device.lastSeenMs), is_available: isAvailable },
    ...{ is_deleted: device.isDeleted, sources, merged_into: device.mergedInto },
  };
}

function mergeColumns({ n, what, from, to, reason, evidence, atMs, who, why }: AuditedMerge): Columns {
  return { n, what, from_id: from, to_id: to, reason, evidence, at: iso(atMs), who, why };
}

function iso(ms: number | null): string | null {
  if (ms === null || !Number.isFinite(ms)) return null;
  return new Date(Math.min(Math.max(0, ms), limits.instantMsMax)).toISOString();
}

/** What people read is text, and U+0000 and half a surrogate pair are none. */
function readable(value: unknown): string {
  const text = JSON.stringify(value);
  if (!text.includes('\\u')) return text;
  return JSON.stringify(value, (_, one) =>
    typeof one === 'string'
      ? one.replaceAll('\u0000', '\ufffd').replaceAll(/\p{Surrogate}/gu, '\ufffd')
      : one,
  );
}
