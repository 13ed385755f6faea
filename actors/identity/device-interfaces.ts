/**
 * The interfaces of a device, of all tables that were told of it: of tables of one source that are of one thing the newest, and what
 * several sources tell of one interface is one row. A function of the tables, not of their order; read when it is asked for.
 */
import type { Evidence, Identifier } from './evidence.ts';
import { identifiersOf } from './evidence.ts';
import type { Group } from './groups.ts';
import { entriesOf, withAddresses } from './interface-table.ts';
import { identityLimits as limits } from './limits.ts';
import type { SourceTable, SourceTables } from './source-tables.ts';
import { Union } from './union.ts';

export interface DeviceInterface {
  /** Empty: none, but then it has a MAC. */
  readonly name: string;
  /** In normal form; empty: none. No other row has both. */
  readonly mac: string;
  readonly addresses: readonly string[];
  /** Those whose newest table has it. */
  readonly sources: readonly string[];
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface DeviceInterfaces {
  /** By name and MAC. */
  readonly rows: readonly DeviceInterface[];
  /** There are more than a device may have. */
  readonly leftOut: number;
}

export function tablesOf({ evidence }: Group, tables: SourceTables): SourceTable[] {
  return evidence.flatMap((one) => tables.of(one));
}

export function deviceInterfaces(tables: readonly SourceTable[]): DeviceInterfaces {
  const { standing, former } = newestOf(tables);
  const rows = new Rows();
  for (const table of standing) rows.add(table);
  for (const table of former) rows.recall(table);
  return bounded(rows.all);
}

interface Row {
  name: string;
  mac: string;
  addresses: readonly string[];
  readonly sources: Set<string>;
  firstMs: number;
  lastMs: number;
}

/** The table of the best source gives the names. */
class Rows {
  readonly all: Row[] = [];
  private readonly byMac = new Map<string, Row[]>();
  private readonly byName = new Map<string, Row[]>();

  add({ text, source, firstMs, atMs }: SourceTable): void {
    const fresh: Row[] = [];
    for (const [name, mac, addresses] of entriesOf(text)) {
      const row = this.find(name, mac);
      if (row === null) {
        fresh.push({ name, mac, addresses, sources: new Set([source]), firstMs, lastMs: atMs });
        continue;
      }
      this.complete(row, name, mac);
      row.addresses = withAddresses(row.addresses, addresses);
      row.sources.add(source);
      row.firstMs = Math.min(row.firstMs, firstMs);
      row.lastMs = Math.max(row.lastMs, atMs);
    }
    // Interfaces of one table are different ones, whatever they have in common.
    for (const row of fresh) {
      this.all.push(row);
      this.index(row);
    }
  }

  /** A table that is not the newest any more says since when what stands is known. */
  recall({ text, firstMs }: SourceTable): void {
    for (const [name, mac] of entriesOf(text)) {
      const row = this.find(name, mac);
      if (row !== null) row.firstMs = Math.min(row.firstMs, firstMs);
    }
  }

  /** With the same MAC; where one of the two has none, with the same name. */
  private find(name: string, mac: string): Row | null {
    const ofMac = mac === '' ? undefined : this.byMac.get(mac);
    if (ofMac !== undefined) return ofMac.find((row) => row.name === name) ?? ofMac[0]!;
    const ofName = name === '' ? [] : (this.byName.get(name) ?? []);
    return ofName.find((row) => mac === '' || row.mac === '') ?? null;
  }

  private complete(row: Row, name: string, mac: string): void {
    const isNamed = row.name === '' && name !== '';
    const isMac = row.mac === '' && mac !== '';
    if (isNamed) row.name = name;
    if (isMac) row.mac = mac;
    if (isNamed) put(this.byName, name, row);
    if (isMac) put(this.byMac, mac, row);
  }

  private index(row: Row): void {
    if (row.mac !== '') put(this.byMac, row.mac, row);
    if (row.name !== '') put(this.byName, row.name, row);
  }
}

function put(index: Map<string, Row[]>, key: string, row: Row): void {
  const rows = index.get(key);
  if (rows === undefined) index.set(key, [row]);
  else rows.push(row);
}

function bounded(all: readonly Row[]): DeviceInterfaces {
  const rows: DeviceInterface[] = [];
  let characters = 0;
  for (const { name, mac, addresses, sources, firstMs, lastMs } of [...all].sort(byNameAndMac)) {
    characters += name.length + mac.length;
    for (const { length } of addresses) characters += length;
    if (rows.length >= limits.interfacesMax || characters > limits.tableCharactersMax) break;
    rows.push({ name, mac, addresses, sources: [...sources].sort(), firstMs, lastMs });
  }
  return { rows, leftOut: all.length - rows.length };
}

function byNameAndMac(a: Row, b: Row): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.mac < b.mac ? -1 : a.mac > b.mac ? 1 : 0;
}

/** Of those that are of one thing the newest stands. The best source first; of the others the oldest. */
export function newestOf(tables: readonly SourceTable[]): { standing: SourceTable[]; former: SourceTable[] } {
  const standing: SourceTable[] = [];
  const former: SourceTable[] = [];
  for (const set of ofOneThing(tables)) {
    const [newest, ...others] = set.length === 1 ? set : set.sort(byAge);
    standing.push(newest!);
    former.push(...others);
  }
  standing.sort((a, b) => b.confidence - a.confidence || order(a.source, b.source) || order(a.text, b.text));
  former.sort((a, b) => a.firstMs - b.firstMs || order(a.text, b.text));
  return { standing, former: former.slice(0, limits.formerTablesMax) };
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const byAge = (a: SourceTable, b: SourceTable) => b.atMs - a.atMs || order(b.text, a.text);

/**
 * What one source tells with an identifier in common is of one thing; with none, of several that were merged. Who was taken apart by
 * a person says the same as before, and what a person tied says nothing of this.
 */
function ofOneThing(tables: readonly SourceTable[]): SourceTable[][] {
  if (tables.length === 1) return [[tables[0]!]];
  const union = new Union<SourceTable>();
  const first = new Map<string, Map<Identifier, SourceTable>>();
  for (const table of tables) {
    union.add(table);
    const known = first.get(table.source) ?? new Map<Identifier, SourceTable>();
    first.set(table.source, known);
    for (const identifier of saidOf(table.by)) {
      const other = known.get(identifier);
      if (other === undefined) known.set(identifier, table);
      else union.join(other, table);
    }
  }
  return union.sets(tables);
}

/** A locally administered MAC may be any device's. */
function* saidOf(evidence: Evidence): Generator<Identifier> {
  for (const one of [...identifiersOf(evidence), ...evidence.overruled])
    if (one.kind !== 'manual' && one.kind !== 'local_mac') yield one;
}
