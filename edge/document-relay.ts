/**
 * The way of a document from this gateway to the desk of the core that holds its tenant: one part at a time, each answered when
 * it is stored. What fails on the way is a refusal; whoever sends the document opens it again.
 */
import {
  type DocumentAsked,
  type DocumentDeskProtocol,
  type DocumentRefusalCode,
  documentDeskKey,
  type SchedulerProtocol,
  schedulerKey,
} from '../actors/messages.ts';
import type { Cluster } from '../cluster/index.ts';
import { type ActorSystem, messageOf, type Ref } from '../runtime/index.ts';
import { type GatewayRefusalCode, isRefusal, type Outcome, refuse } from './errors.ts';
import { documentCallMs, documentEndMs } from './limits.ts';

export interface DocumentRelayNeeds {
  readonly system: ActorSystem;
  readonly cluster: Cluster;
}

/** Codes that mean to an agent what they mean to us; all others are a core that is away. */
const told: ReadonlySet<string> = new Set<DocumentRefusalCode | 'not_placed' | 'bad_listing'>([
  'bad_document',
  'document_conflict',
  'document_damaged',
  'document_gone',
  'too_large',
  'too_many_documents',
  'no_room',
  'not_placed',
  'bad_listing',
]);

/** One document that is open at the desk of a core. */
export class RelayedDocument {
  private readonly system: ActorSystem;
  private readonly desk: Ref<DocumentDeskProtocol>;
  private readonly tenantId: string;
  private readonly id: string;
  readonly heldBytes: number;

  private constructor(
    system: ActorSystem,
    desk: Ref<DocumentDeskProtocol>,
    of: { tenantId: string; id: string; heldBytes: number },
  ) {
    this.system = system;
    this.desk = desk;
    this.tenantId = of.tenantId;
    this.id = of.id;
    this.heldBytes = of.heldBytes;
  }

  static async open(
    { system, cluster }: DocumentRelayNeeds,
    tenantId: string,
    asked: DocumentAsked,
  ): Promise<Outcome<RelayedDocument>> {
    const scheduler = cluster.names.lookup<SchedulerProtocol>(schedulerKey(tenantId));
    const desk =
      scheduler === null ? null : cluster.names.lookup<DocumentDeskProtocol>(documentDeskKey(scheduler.node));
    if (desk === null) return refuse('tenant_unavailable', 'no core holds the tenant');
    const opened = await outcome(() => system.call(desk, documentCallMs).open(tenantId, asked));
    return isRefusal(opened) ? opened : new RelayedDocument(system, desk, { tenantId, ...opened });
  }

  /** How much is stored then. */
  async part(offset: number, bytes: Uint8Array): Promise<Outcome<number>> {
    const kept = await outcome(() =>
      this.system.call(this.desk, documentCallMs).part(this.tenantId, this.id, offset, bytes),
    );
    return isRefusal(kept) ? kept : kept.heldBytes;
  }

  async end(totalBytes: number, sha256: string): Promise<Outcome<{ items: number }>> {
    return await outcome(() =>
      this.system.call(this.desk, documentEndMs).end(this.tenantId, this.id, totalBytes, sha256),
    );
  }

  /** Its stream is over, however it went. */
  leave(): void {
    this.system.cast(this.desk).left(this.tenantId, this.id);
  }

  /** It will never be whole. */
  forget(): void {
    this.system.cast(this.desk).forget(this.tenantId, this.id);
  }
}

/** What was answered, or refused, as this door tells it. */
export async function outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as { code?: unknown };
    const isTold = typeof code === 'string' && told.has(code);
    return refuse(isTold ? (code as GatewayRefusalCode) : 'tenant_unavailable', messageOf(error));
  }
}
