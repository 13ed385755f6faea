/** An inventory store in memory that keeps rows as JSON, as a database does: for tests of what is written, and of what is read back. */
import {
  type DocumentReconciled,
  type DocumentToReconcile,
  type InventoryRow,
  type InventoryStore,
  inventoryRowKinds,
} from '../ports/inventory-store.ts';

export function keptInventory() {
  /** By partition, then kind and key. */
  const partitions = new Map<string, Map<string, string>>();
  const documents: DocumentToReconcile[] = [];
  const over: DocumentReconciled[] = [];
  const seen = { devices: new Map<string, string>(), identifiers: new Map<string, string>() };
  let epoch = 0;
  let writes = 0;
  let isAway = false;
  const rowsOf = (partition: string) => {
    const found = partitions.get(partition) ?? new Map<string, string>();
    partitions.set(partition, found);
    return found;
  };
  const store: InventoryStore = {
    async claim(place) {
      if (place.epoch < epoch) return false;
      epoch = place.epoch;
      return true;
    },
    async *load() {
      for (const rows of partitions.values())
        for (const kind of inventoryRowKinds) {
          const page = [...rows]
            .map(
              ([at, text]): InventoryRow => ({ ...(JSON.parse(at) as InventoryRow), row: JSON.parse(text) }),
            )
            .filter((row) => row.kind === kind)
            .sort((a, b) => (a.key < b.key ? -1 : 1));
          if (page.length > 0) yield page;
        }
    },
    async write(place, changes) {
      if (isAway) throw new Error('the store is away');
      if (place.epoch !== epoch) return { refused: 'fenced' };
      const rows = rowsOf(changes.partition);
      let written = 0;
      const put = (kind: InventoryRow['kind'], key: string, row: unknown) => {
        const at = JSON.stringify({ kind, key });
        const text = JSON.stringify(row);
        if (rows.get(at) === text) return;
        rows.set(at, text);
        written += 1;
      };
      for (const { kind, key, row } of changes.rows) put(kind, key, row);
      for (const { n, row } of changes.merges) put('merge', String(n).padStart(12, '0'), row);
      for (const one of changes.devices) seen.devices.set(one.id, JSON.stringify(one));
      for (const { type, scope, value, deviceId, status } of changes.identifiers) {
        const key = `${changes.partition} ${type} ${scope} ${value}`;
        if (deviceId === null) seen.identifiers.delete(key);
        else seen.identifiers.set(key, `${deviceId} ${status}`);
      }
      if (changes.document !== null) {
        over.push(changes.document);
        documents.splice(0, 1);
        written += 1;
      }
      const head = changes.partitionRow;
      if ((written > 0 || changes.isPartitionNew) && head !== null) put('partition', '', head.row);
      if (written > 0) writes += 1;
      return { written };
    },
    nextDocument: async () => documents[0] ?? null,
  };
  return {
    store,
    documents,
    over,
    seen,
    get writes() {
      return writes;
    },
    away(is: boolean) {
      isAway = is;
    },
  };
}
