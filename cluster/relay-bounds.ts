/** What bounds a question that is passed on to another node: whom its asker may name, and how long it may take. Pure. */
import type { PeerIdentity } from '../certs/index.ts';
import { procedureTimeoutMs, relayTimeoutMsMax } from './limits.ts';
import { tenantOfNode } from './names.ts';
import { operatorRights } from './operator-rights.ts';

/** An operator of one tenant is told of no other tenant's nodes, whether they are there or not. */
export function mayName(node: string, identity: PeerIdentity): boolean {
  const tenant = typeof node === 'string' ? tenantOfNode(node) : null;
  if (tenant === null || identity.kind !== 'operator') return true;
  const scope = operatorRights(identity.rights)?.tenant ?? null;
  return scope === null || scope === tenant;
}

/** A deadline that a caller names is kept within reason. */
export function relayTimeoutMs(asked: number | undefined): number {
  return asked !== undefined && asked > 0 && asked <= relayTimeoutMsMax ? asked : procedureTimeoutMs;
}
