/**
 * Children that must run for ever because a store says so: the rows, read now and then and whenever the store tells of a
 * change. Between the port and the supervisor. What was read last stays true while the store cannot be reached.
 */
import type { Clock, Log } from '../runtime/index.ts';
import { type ChildSpec, faultOf, specFields } from './child-spec.ts';
import type { Want } from './children-state.ts';
import { highLane, lowLane, textHash } from './hash.ts';
import { rowsReadMs } from './limits.ts';

/** What must run, kept elsewhere: every node of the role reads the same. */
export interface ChildRows {
  /** All of them. A rejection is logged, and tried again. */
  list(): Promise<readonly ChildSpec[]>;
  /** `onChange` when they may have changed; at the latest they are read again every `rowsReadMs`. */
  watch(onChange: () => void, signal: AbortSignal): void;
}

export interface RowsNeeds {
  readonly clock: Clock;
  readonly log: Log;
  /** These ids are wanted otherwise than before. */
  changed(ids: readonly string[]): void;
}

export class RowsReader {
  private readonly needs: RowsNeeds;
  private readonly source: ChildRows;
  private readonly ended = new AbortController();
  private rows = new Map<string, Want>();
  private reading = false;
  private again = false;
  private cancelTimer: () => void = () => {};
  private onFirst: () => void = () => {};

  constructor(needs: RowsNeeds, source: ChildRows) {
    this.needs = needs;
    this.source = source;
  }

  /** Resolves when the rows were read for the first time. */
  begin(): Promise<void> {
    this.source.watch(() => this.read(), this.ended.signal);
    return new Promise((resolve) => {
      this.onFirst = resolve;
      this.read();
    });
  }

  stop(): void {
    this.cancelTimer();
    this.ended.abort();
  }

  of(id: string): Want | null {
    return this.rows.get(id) ?? null;
  }

  private read(): void {
    if (this.ended.signal.aborted) return;
    if (this.reading) {
      this.again = true;
      return;
    }
    this.reading = true;
    this.again = false;
    this.cancelTimer();
    this.source
      .list()
      .then((specs) => this.take(specs))
      .catch((error: unknown) =>
        this.needs.log('warn', 'rows of children not read', { error: String(error) }),
      )
      .finally(() => {
        this.reading = false;
        if (this.ended.signal.aborted) return;
        if (this.again) this.read();
        else this.cancelTimer = this.needs.clock.timer(rowsReadMs, () => this.read());
      });
  }

  private take(specs: readonly ChildSpec[]): void {
    const rows = new Map<string, Want>();
    for (const spec of specs) {
      const fault = faultOf(spec);
      if (fault === null) rows.set(spec.id, { spec, version: versionOf(spec), source: 'row' });
      else this.needs.log('error', 'a row is no child', { id: String(spec?.id), fault });
    }
    const before = this.rows;
    this.rows = rows;
    const ids = [...rows.keys()].filter((id) => before.get(id)?.version !== rows.get(id)!.version);
    for (const id of before.keys()) if (!rows.has(id)) ids.push(id);
    this.needs.changed(ids);
    this.onFirst();
  }
}

/** Alike on all nodes that read the same row. */
function versionOf(spec: ChildSpec): string {
  const text = JSON.stringify(specFields(spec));
  return `row.${textHash(text, highLane).toString(16)}${textHash(text, lowLane).toString(16)}`;
}
