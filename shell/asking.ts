/**
 * How a command asks procedures in the operator's name: of this node directly, of others by `relayed`, with the caller that
 * opened the session. Between the commands and the cluster's procedures. For an operator of one tenant it puts the tenant
 * into the question itself.
 */
import { type Caller, ClusterError, type ClusterNode, ProcedureError } from '../cluster/index.ts';
import { ShellError } from './errors.ts';
import { askMs } from './limits.ts';
import { scopedProcedures } from './scoped-procedures.ts';

export type Ask = <T>(node: string, procedure: string, argument: unknown) => Promise<T>;

export function askAs(node: ClusterNode, from: Caller, tenant: string | null): Ask {
  const caller: Caller = { ...from, inShell: true };
  return async <T>(to: string, procedure: string, argument: unknown): Promise<T> => {
    const asked = scoped(procedure, argument, tenant);
    if (to === node.node) return (await node.procedures.run(procedure, asked, caller)) as T;
    const request = { name: procedure, argument: asked, caller };
    return (await node.procedures.ask(to, 'relayed', request, askMs)) as T;
  };
}

function scoped(procedure: string, argument: unknown, tenant: string | null): unknown {
  if (tenant === null) return argument;
  const scope = Object.hasOwn(scopedProcedures, procedure) ? scopedProcedures[procedure] : undefined;
  if (scope === undefined)
    throw new ProcedureError('procedure_denied', `"${procedure}" is not for an operator of one tenant`);
  return scope(argument, tenant);
}

/** Of a core, this node first: the next is asked when one leaves, is gone, or has only begun. Rejects with `no_core`. */
export async function askCore<T>(
  { node, ask }: { readonly node: ClusterNode; readonly ask: Ask },
  procedure: string,
  argument: unknown,
): Promise<T> {
  const cores = node.members.live('core');
  const ordered = cores.includes(node.node)
    ? [node.node, ...cores.filter((name) => name !== node.node)]
    : cores;
  for (const core of ordered) {
    try {
      return await ask<T>(core, procedure, argument);
    } catch (error) {
      if (!wasNotBegun(error)) throw error;
    }
  }
  throw new ShellError('no_core', 'no core answers: see nodes');
}

function wasNotBegun(error: unknown): boolean {
  if (!(error instanceof ClusterError || error instanceof ProcedureError)) return false;
  return ['leaving', 'no_such_node', 'no_such_procedure'].includes(error.code);
}
