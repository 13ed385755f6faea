/**
 * What an operator's certificate allows, from the words in it, and who may call which procedure. Pure. Between the
 * certificate's extension, which is a list of words, and whoever acts for an operator: the procedures' door and the
 * remote shell. Words that restrict are taken whole or not at all: who cannot be judged may do nothing.
 */
import { isTenantId, type PeerIdentity } from '../certs/index.ts';

export interface OperatorRights {
  readonly read: boolean;
  /** Includes `read`. */
  readonly write: boolean;
  /** JavaScript in a node that allows it. */
  readonly eval: boolean;
  /** The id of the one tenant whose things the bearer may see; null: the platform's operator. */
  readonly tenant: string | null;
}

/**
 * `read` and `write`: operators with that right and of no one tenant, and nodes; `node`: nodes only; `tenant`: nodes, and
 * those of tenants, for whom `caller` says which; `shell`: operators with `read`, those of one tenant too, whom the
 * procedure judges itself, and nodes.
 */
export type ProcedureAccess = 'read' | 'write' | 'node' | 'tenant' | 'shell';

const tenantPrefix = 'tenant:';

/**
 * Null when the words cannot be judged: two tenants, something that is no tenant's id, or a word of the restricting
 * form (with a colon) that this version does not know. Other unknown words allow nothing.
 */
export function operatorRights(words: readonly string[]): OperatorRights | null {
  const restricting = words.filter((word) => word.includes(':'));
  const [tenantWord] = restricting;
  if (restricting.some((word) => word !== tenantWord)) return null;
  const tenant = tenantWord?.startsWith(tenantPrefix) ? tenantWord.slice(tenantPrefix.length) : null;
  if (tenantWord !== undefined && (tenant === null || !isTenantId(tenant))) return null;
  const write = words.includes('write');
  return { read: write || words.includes('read'), write, eval: words.includes('eval'), tenant };
}

/** The word in a certificate that restricts its bearer to one tenant. */
export function tenantRight(tenantId: string): string {
  return `${tenantPrefix}${tenantId}`;
}

/**
 * `inShell`: the shell of a node of ours asks in the operator's name, and has judged what of the tenant's it asks for; only
 * such nodes can say so.
 */
export function mayCall(access: ProcedureAccess, identity: PeerIdentity, inShell: boolean): boolean {
  if (identity.kind === 'node') return true;
  if (identity.kind === 'tenant') return access === 'tenant';
  const rights = operatorRights(identity.rights);
  if (rights === null) return false;
  if (access === 'shell') return rights.read;
  if (access !== 'read' && access !== 'write') return false;
  if (rights.tenant !== null && !inShell) return false;
  return access === 'read' ? rights.read : rights.write;
}
