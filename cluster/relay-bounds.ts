/**
 * What bounds a question that is passed on to another node: whom its asker may name, how long it may take, and what is told of
 * why it failed. Pure.
 */
import type { PeerIdentity } from '../certs/index.ts';
import { messageOf } from '../runtime/index.ts';
import { procedureTimeoutMs, relayTimeoutMsMax } from './limits.ts';
import { tenantOfNode } from './names.ts';
import { operatorRights } from './operator-rights.ts';
import { isUnexpected, ProcedureError, requestIdIn } from './procedure-error.ts';

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

const plainly: Readonly<Record<string, string>> = {
  node_down: 'the node was lost while it was asked',
  link_busy: 'the node takes nothing more now',
  call_timeout: 'no answer came in time',
};

/**
 * A failure as whoever asked is told of it. To an operator of one tenant, by its code alone where the text is of links or of what
 * nobody expected: such texts name addresses, certificates and people who are not that tenant's.
 */
export function failureFor(identity: PeerIdentity | undefined, error: unknown): unknown {
  if (identity?.kind !== 'operator' || (operatorRights(identity.rights)?.tenant ?? null) === null)
    return error;
  const { code } = error as { code?: unknown };
  const stated = typeof code === 'string' && /^[a-z0-9_]{1,60}$/.test(code) ? code : 'procedure_failed';
  const plain = Object.hasOwn(plainly, stated) ? plainly[stated] : undefined;
  if (plain === undefined && stated === code && !isUnexpected(error)) return error;
  const id = requestIdIn(messageOf(error));
  return new ProcedureError(stated, `${plain ?? 'it failed, and those who run the nodes can see why'}${id}`);
}
