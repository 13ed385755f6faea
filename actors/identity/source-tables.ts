/**
 * Interface tables as sources told them: of each piece of evidence the newest of each source. They stand beside the evidence, so that
 * what has none takes nothing. A function of what was told, not of its order. Which device they are of is decided elsewhere.
 */
import { append } from './append.ts';
import type { Evidence } from './evidence.ts';
import { identityLimits as limits } from './limits.ts';
import type { Observation } from './read-update.ts';

export interface SourceTable {
  readonly by: Evidence;
  readonly source: string;
  /** As `interface-table.ts` writes it. */
  text: string;
  /** Another number for each text. */
  version: number;
  confidence: number;
  /** When this text was told last. */
  atMs: number;
  /** When the source told of a table with these identifiers first. */
  firstMs: number;
}

/** What of a table is written with its evidence, as it changes each time that it is told. */
export type TableTimes = readonly [source: string, firstMs: number, atMs: number, confidence: number];

const none: readonly SourceTable[] = [];

export class SourceTables {
  private readonly all = new Map<Evidence, readonly SourceTable[]>();
  private versions = 0;
  /** As much as so many pieces of evidence take. */
  weight = 0;

  get isEmpty(): boolean {
    return this.all.size === 0;
  }

  /** In the order in which their sources told one first. */
  of(by: Evidence): readonly SourceTable[] {
    return this.all.get(by) ?? none;
  }

  /** Evidence that has any. */
  owners(): IterableIterator<Evidence> {
    return this.all.keys();
  }

  /** Answers the table that is another one now; null: none is. */
  notice(by: Evidence, { source, confidence, atMs, interfaces }: Observation): SourceTable | null {
    if (interfaces === null) return null;
    const known = this.of(by).find((one) => one.source === source);
    if (known === undefined) return this.add(by, [source, atMs, atMs, confidence], interfaces);
    known.firstMs = Math.min(known.firstMs, atMs);
    const isSame = interfaces === known.text;
    // Of one instant the greater, as of all fields.
    if (atMs < known.atMs || (atMs === known.atMs && interfaces < known.text)) return null;
    known.confidence = isSame && atMs === known.atMs ? Math.max(confidence, known.confidence) : confidence;
    known.atMs = atMs;
    if (isSame) return null;
    this.weight += weightOf(interfaces) - weightOf(known.text);
    known.text = interfaces;
    known.version = ++this.versions;
    return known;
  }

  /** Whether it would take no more than what is there. */
  isNoMore(by: Evidence, { source, interfaces }: Observation): boolean {
    if (interfaces === null) return true;
    const known = this.of(by).find((one) => one.source === source);
    return known !== undefined && weightOf(interfaces) <= weightOf(known.text);
  }

  /** Of a source that was withdrawn. */
  drop(by: Evidence, source: string): void {
    const gone = this.of(by).find((one) => one.source === source);
    if (gone === undefined) return;
    const left = this.of(by).filter((one) => one !== gone);
    this.weight -= weightOf(gone.text);
    if (left.length === 0) this.all.delete(by);
    else this.all.set(by, left);
  }

  add(by: Evidence, [source, firstMs, atMs, confidence]: TableTimes, text: string): SourceTable {
    const table = { by, source, text, version: ++this.versions, confidence, atMs, firstMs };
    this.all.set(by, append(this.of(by), table));
    this.weight += weightOf(text);
    return table;
  }
}

export function timesOf({ source, firstMs, atMs, confidence }: SourceTable): TableTimes {
  return [source, firstMs, atMs, confidence];
}

function weightOf(text: string): number {
  return Math.ceil(text.length / limits.tableCharactersOfWeight);
}
