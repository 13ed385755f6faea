/** What a tenant's core asks of a poller about one agent that only listens, and what comes back. Plain values that travel. */
import type { AgentSource, SourceState } from './ports/agent-source.ts';
import type { ClientCredential, ImportedAuthority } from './ports/imported-authority-store.ts';

/** What of an imported authority its certificates are judged by. */
export type TrustedAuthority = Pick<ImportedAuthority, 'slug' | 'trustDomain' | 'certificatesPem'>;

export interface PollJob {
  readonly tenantId: string;
  /** Of the lease under which it is asked: a poller that has heard of a later one does not. */
  readonly epoch: number;
  /** The keeper's own count, by which its answer is told from an earlier one's. */
  readonly number: number;
  readonly source: AgentSource;
  /** What was taken before, by `sequenceKey`. */
  readonly sequences: Readonly<Record<string, string>>;
  readonly authorities: readonly TrustedAuthority[];
  /** Null: the poller presents its own certificate. */
  readonly client: ClientCredential | null;
  /** The default tenant of a one-machine cluster may have agents on its own machine; no one else may. */
  readonly allowAll: boolean;
  /** Nothing that is found is kept. */
  readonly dry: boolean;
}

export type PollReport = Omit<SourceState, 'version'>;

export function sequenceKey({ type, name }: { readonly type: string; readonly name: string }): string {
  return `${type}\t${name}`;
}
