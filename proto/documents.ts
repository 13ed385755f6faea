/** The contract of `picket.edge.v1.Documents`, as plain objects: what the loader makes of `picket/edge/v1/documents.proto`. */
import { loadMethods, type ServiceMethods } from './load.ts';

export const documentMethods = (): ServiceMethods =>
  loadMethods('picket/edge/v1/documents.proto', 'picket.edge.v1.Documents');

export interface DocumentOpen {
  id: string;
  kind: string;
  service: string;
  /** 0: not known yet. */
  totalBytes: number;
}

export interface DocumentPart {
  offset: number;
  data: Uint8Array;
}

export interface DocumentEnd {
  totalBytes: number;
  sha256: Uint8Array;
}

export interface DocumentUp {
  step?: 'open' | 'part' | 'end';
  open?: DocumentOpen | null;
  part?: DocumentPart | null;
  end?: DocumentEnd | null;
}

export interface DocumentHeld {
  heldBytes: number;
  creditBytes: number;
  partBytesMax: number;
}

export interface DocumentReceived {
  id: string;
  totalBytes: number;
  items: number;
}

export interface DocumentDown {
  step?: 'held' | 'received';
  held?: DocumentHeld | null;
  received?: DocumentReceived | null;
}
