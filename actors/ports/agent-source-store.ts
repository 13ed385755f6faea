/**
 * The agents of a tenant that only listen. Implemented by `store/`; every change has its line in the tenant's audit. Rejects with
 * a `StoreError`: `bad_row`, `source_exists`, `no_such_source`, `too_many_sources`, `schema_behind`, or a database that is away.
 */
import type { AgentSource, NewAgentSource, SourceState, StatedSource } from './agent-source.ts';

export interface AgentSourceStore {
  add(tenantId: string, source: NewAgentSource, by: string): Promise<AgentSource>;
  /** What is given takes the place of what was there; the version goes up. */
  edit(tenantId: string, id: string, change: Partial<NewAgentSource>, by: string): Promise<AgentSource>;
  /** `true` takes a living one out of use, `false` brings an archived one back, with how far it had come. */
  archive(
    tenantId: string,
    id: string,
    archived: boolean,
    by: string,
    why: string | null,
  ): Promise<AgentSource>;
  /** By address. Of a tenant whose schema has no sources yet: none. */
  list(tenantId: string, archived: boolean): Promise<StatedSource[]>;
  /** False: a later epoch has written there, and nothing was. */
  note(tenantId: string, epoch: number, id: string, state: SourceState): Promise<boolean>;
}
