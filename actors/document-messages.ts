/** What gateways and the desk of a core say to each other about documents; doors import it with messages.ts. */
import type { DocumentAsked } from './document-place.ts';

export interface DocumentOpened {
  /** By which the core knows it: of the sender and its id. */
  id: string;
  heldBytes: number;
}

/** What gateways bring to the core of a tenant. Refused with a `DocumentRefusalCode`, `standby` or the store's own code. */
export interface DocumentDeskProtocol {
  start: [];
  call: {
    open(tenantId: string, asked: DocumentAsked): Promise<DocumentOpened>;
    /** Answered when it is in the store. */
    part(tenantId: string, id: string, offset: number, bytes: Uint8Array): Promise<{ heldBytes: number }>;
    /** Answered when the document is whole and its hash (hexadecimal) agrees. */
    end(tenantId: string, id: string, totalBytes: number, sha256: string): Promise<{ items: number }>;
    totals(): { open: number; received: number; receivedBytes: number };
  };
  cast: {
    /** A stream that opened it is over. */
    left(tenantId: string, id: string): void;
    /** It will never be finished: nothing of it is to be kept. */
    forget(tenantId: string, id: string): void;
  };
}
