/**
 * The inventory in its tenant's schema under its role: a batch is one statement, joined to the gate's row under the writer's epoch, so a
 * holder of the lease that was replaced writes nothing more. What people read of it is `inventory-shelf.ts`.
 */
import {
  type AuditedMerge,
  type DeviceToSee,
  type DocumentToReconcile,
  type InventoryChanges,
  type InventoryRow,
  type InventoryStore,
  inventoryRowKinds,
  type SeenInterfaces,
  type SeenSighting,
} from '../actors/ports/inventory-store.ts';
import { assertWhole, textColumn } from './columns.ts';
import { StoreError } from './errors.ts';
import {
  claimInventory,
  mergesOf,
  nextDocument,
  parametersOfAll,
  partitionsOf,
  rowsOf,
  unseenByHand,
  writeAll,
  writeCommon,
  writeInterfaces,
} from './inventory-sql.ts';
import { limits } from './limits.ts';
import { atNewest } from './schema-versions.ts';
import type { Database, Parameter } from './unit-of-work.ts';

type Columns = Record<string, unknown>;
type Written = { ours: boolean; written: number };

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
    prepare: (changes) => ({ prepared: statementOf(changes) }),
    async write({ tenantId, epoch }, { prepared }) {
      const { text, values } = prepared as Statement;
      const row = await written((of, given) => ask<Written>(tenantId, of, given), text, [epoch, ...values]);
      return row.ours ? { written: row.written } : { refused: 'fenced' };
    },
    async unseenByHand(tenantId, afterOrdinal, limit) {
      assertWhole(limit, 'limit', 1, limits.devicesPerQueryMax);
      type Row = Omit<DeviceToSee, 'createdAtMs'> & Columns & { created_at: number };
      const found = await ask<Row>(tenantId, unseenByHand, [afterOrdinal, limit]);
      return found.map(({ ordinal, id, partition, addresses, macs, serial, created_at: createdAtMs }) => ({
        ...{ ordinal, id, partition, addresses, macs, serial, createdAtMs },
      }));
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

/** A schema one version behind has no interfaces: the rest of the batch is written, and they come when their table is told again. */
async function written(
  ask: (text: string, values: readonly Parameter[]) => Promise<Written[]>,
  text: string,
  values: readonly Parameter[],
): Promise<Written> {
  try {
    return (await ask(text, values))[0]!;
  } catch (error) {
    const isBehind = error instanceof StoreError && error.code === 'schema_behind';
    if (!isBehind || text !== writeInterfaces) throw error;
    return (await ask(writeAll, values.slice(0, parametersOfAll)))[0]!;
  }
}

interface Statement {
  readonly text: string;
  readonly values: readonly Parameter[];
}

function statementOf(changes: InventoryChanges): Statement {
  const { conflicts, sightings, interfaces, merges, document } = changes;
  const lost = changes.identifiers.filter(({ deviceId }) => deviceId === null);
  const common = commonValues(changes);
  const tables = changes.rows.filter(({ kind }) => kind === 'interfaces');
  const hasInterfaces = tables.length + interfaces.length > 0;
  if (
    !hasInterfaces &&
    lost.length + conflicts.length + sightings.length + merges.length === 0 &&
    document === null
  )
    return { text: writeCommon, values: common };
  const rest: Parameter[] = [
    textColumn(lost.map(({ type }) => type)),
    textColumn(lost.map(({ scope }) => scope)),
    textColumn(lost.map(({ value }) => value)),
    readable(conflicts),
    readable(sightings.map(sightingColumns)),
    readable(merges.map(mergeColumns)),
    JSON.stringify(merges.map(({ row }) => row)),
    document === null ? null : document.ordinal,
    document === null ? null : readable(document),
  ];
  if (!hasInterfaces) return { text: writeAll, values: [...common, ...rest] };
  const given: Parameter[] = [
    textColumn(tables.map(({ key }) => key)),
    JSON.stringify(tables.map(({ row }) => row)),
    readable(interfaces.map(interfaceColumns)),
  ];
  return { text: writeInterfaces, values: [...common, ...rest, ...given] };
}

function commonValues({
  partition,
  rows: all,
  partitionRow,
  isPartitionNew,
  devices,
  identifiers,
}: InventoryChanges): Parameter[] {
  const kept = identifiers.filter(({ deviceId }) => deviceId !== null);
  const rows = all.filter(({ kind }) => kind !== 'interfaces');
  return [
    partition,
    textColumn(rows.map(({ kind }) => kind)),
    textColumn(rows.map(({ key }) => key)),
    JSON.stringify(rows.map(({ row }) => row)),
    partitionRow === null ? null : JSON.stringify(partitionRow.row),
    isPartitionNew,
    readable(devices),
    textColumn(kept.map(({ type }) => type)),
    textColumn(kept.map(({ scope }) => scope)),
    textColumn(kept.map(({ value }) => value)),
    textColumn(kept.map(({ deviceId }) => deviceId)),
    textColumn(kept.map(({ status }) => status)),
  ];
}

function sightingColumns({ ip, sources, firstSeenMs, lastSeenMs, expiresAtMs }: SeenSighting): Columns {
  const [first_seen, last_seen, expires_at] = [firstSeenMs, lastSeenMs, expiresAtMs].map(iso);
  return { ip, sources, first_seen, last_seen, expires_at };
}

function interfaceColumns({ deviceId, interfaces }: SeenInterfaces): Columns {
  return {
    device_id: deviceId,
    interfaces: interfaces.map(({ name, mac, addresses, sources, firstSeenMs, lastSeenMs }) => ({
      ...{ name, mac, addresses, sources, first_seen: iso(firstSeenMs), last_seen: iso(lastSeenMs) },
    })),
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
