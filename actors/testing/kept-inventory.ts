/** An inventory store in memory that keeps rows as JSON, as a database does: for tests of what is written, and of what is read back. */
import {
  type DeviceToSee,
  type DocumentReconciled,
  type DocumentToReconcile,
  type InventoryChanges,
  type InventoryRow,
  type InventoryStore,
  inventoryRowKinds,
} from '../ports/inventory-store.ts';

function put(rows: Map<string, string>, { kind, key, row }: InventoryRow): number {
  const at = JSON.stringify({ kind, key });
  const text = JSON.stringify(row);
  if (rows.get(at) === text) return 0;
  rows.set(at, text);
  return 1;
}

function putRows(rows: Map<string, string>, changes: InventoryChanges): number {
  let written = 0;
  for (const row of changes.rows) written += put(rows, row);
  for (const { n, row } of changes.merges)
    written += put(rows, { kind: 'merge', key: String(n).padStart(12, '0'), row });
  return written;
}

function rowsIn(partitions: Map<string, Map<string, string>>, partition: string): Map<string, string> {
  const found = partitions.get(partition) ?? new Map<string, string>();
  partitions.set(partition, found);
  return found;
}

function putIdentifiers(all: Map<string, string>, { partition, identifiers }: InventoryChanges): void {
  for (const { type, scope, value, deviceId, status } of identifiers) {
    const key = `${partition} ${type} ${scope} ${value}`;
    if (deviceId === null) all.delete(key);
    else all.set(key, `${deviceId} ${status}`);
  }
}

function putInterfaces(all: Map<string, string>, { partition, interfaces }: InventoryChanges): void {
  for (const { deviceId, interfaces: rows } of interfaces) {
    const key = `${partition} ${deviceId}`;
    if (rows.length === 0) all.delete(key);
    else all.set(key, JSON.stringify(rows));
  }
}

function pageOf(rows: ReadonlyMap<string, string>, kind: string): InventoryRow[] {
  return [...rows]
    .map(([at, text]): InventoryRow => ({ ...(JSON.parse(at) as InventoryRow), row: JSON.parse(text) }))
    .filter((row) => row.kind === kind)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

function seenNow(byHand: DeviceToSee[], id: string): void {
  const at = byHand.findIndex((one) => one.id === id);
  if (at >= 0) byHand.splice(at, 1);
}

export function keptInventory() {
  /** By partition, then kind and key. */
  const partitions = new Map<string, Map<string, string>>();
  const documents: DocumentToReconcile[] = [];
  const over: DocumentReconciled[] = [];
  /** Those of which nothing was seen: a database knows by what it wrote of them. */
  const byHand: DeviceToSee[] = [];
  /** Whose each is, as people read it. */
  const identifiers = new Map<string, string>();
  /** Of each device that has any, as people read them. */
  const interfaces = new Map<string, string>();
  let epoch = 0;
  let writes = 0;
  let isAway = false;
  const store: InventoryStore = {
    async claim(place) {
      if (place.epoch < epoch) return false;
      epoch = place.epoch;
      return true;
    },
    async *load() {
      for (const rows of partitions.values())
        for (const kind of inventoryRowKinds) {
          const page = pageOf(rows, kind);
          if (page.length > 0) yield page;
        }
    },
    // As they are now: what is in memory goes on to change.
    prepare: (changes) => ({ prepared: JSON.stringify(changes) }),
    async write(place, { prepared }) {
      const changes = JSON.parse(prepared as string) as InventoryChanges;
      if (isAway) throw new Error('the store is away');
      if (place.epoch !== epoch) return { refused: 'fenced' };
      let written = putRows(rowsIn(partitions, changes.partition), changes);
      putIdentifiers(identifiers, changes);
      putInterfaces(interfaces, changes);
      for (const { id } of changes.devices) seenNow(byHand, id);
      if (changes.document !== null) {
        over.push(changes.document);
        documents.splice(0, 1);
        written += 1;
      }
      const head = changes.partitionRow;
      if ((written > 0 || changes.isPartitionNew) && head !== null)
        put(rowsIn(partitions, changes.partition), head);
      if (written > 0) writes += 1;
      return { written };
    },
    unseenByHand: async (_, after, limit) => byHand.filter(({ ordinal }) => ordinal > after).slice(0, limit),
    nextDocument: async () => documents[0] ?? null,
  };
  return {
    store,
    documents,
    over,
    identifiers,
    interfaces,
    byHand,
    get writes() {
      return writes;
    },
    away(is: boolean) {
      isAway = is;
    },
  };
}
