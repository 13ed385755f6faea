/**
 * The systems that are listed for a tenant. Implemented by `store/`; every change has its line in the tenant's audit. Rejects with a
 * `StoreError`: `bad_row`, `too_large`, `integration_exists`, `no_such_source`, `too_many_sources`, `schema_behind`, or a database that is away.
 */
import type {
  ListedSource,
  ListedSourceChange,
  ListedSourceState,
  NewListedSource,
  StatedListedSource,
} from './listed-source.ts';

/** What only a run needs. */
export interface ListedSourceSecrets {
  readonly credentials: string | null;
  /** External ids of the last complete listing. */
  readonly knownIds: readonly string[];
}

export interface ListedSourceStore {
  add(
    tenantId: string,
    source: NewListedSource,
    credentials: string | null,
    by: string,
  ): Promise<ListedSource>;
  /** By id or name. */
  change(tenantId: string, idOrName: string, change: ListedSourceChange, by: string): Promise<ListedSource>;
  /** With its credentials and all that is known of its runs, for good. */
  remove(tenantId: string, idOrName: string, by: string): Promise<ListedSource>;
  /** By name. Of a tenant whose schema has no sources yet: none. */
  list(tenantId: string): Promise<StatedListedSource[]>;
  secrets(tenantId: string, id: string): Promise<ListedSourceSecrets>;
  /** `knownIds`: null leaves those that are there. False: a later epoch has written there, or the source is gone; nothing was. */
  note(
    tenantId: string,
    epoch: number,
    id: string,
    state: ListedSourceState,
    knownIds: ReadonlySet<string> | null,
  ): Promise<boolean>;
}
