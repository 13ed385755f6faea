/**
 * Whom we take besides those that our own root vouches for: a foreign authority (a SPIRE server) whose ids stand for
 * nodes of ours, and the authorities of an older installation, each imported for one tenant. Plain values; reading
 * them from a file is policy-file.ts's business, judging by them verify.ts's.
 */
import type { Certificate } from './certificate.ts';
import type { NodeRole } from './spiffe.ts';

/** Which node a foreign id stands for: one id with its name, or all ids one segment below a prefix, named by it. */
export type NodeMapping =
  | { readonly id: string; readonly role: NodeRole; readonly name: string }
  | { readonly prefix: string; readonly role: NodeRole };

/** Its chains are exempt from our subject binding and our root rule; its ids are nodes, never a tenant or operator. */
export interface ForeignAuthority {
  readonly trustDomain: string;
  readonly roots: readonly Certificate[];
  readonly nodes: readonly NodeMapping[];
}

/** Signs `spiffe://<trust domain>/<type>/<slug>/<partition>/<id>` for this one tenant, and nothing else. */
export interface OlderTenantAuthority {
  readonly tenantId: string;
  readonly slug: string;
  readonly trustDomain: string;
  /** Roots or intermediates: each is an anchor as it stands, whoever signed it. */
  readonly certificates: readonly Certificate[];
}

export interface PeerPolicy {
  readonly foreign: readonly ForeignAuthority[];
  readonly older: readonly OlderTenantAuthority[];
}

/** Only those that our own root vouches for. */
export const noPolicy: PeerPolicy = { foreign: [], older: [] };
