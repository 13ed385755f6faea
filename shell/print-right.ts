/**
 * Whether this operator may see what is in states and messages, not only how they look: whoever may change things may, and no
 * operator of one tenant, since an actor of a tenant may hold what is ours. Asked of the node, which knows the certificate.
 */
import type { ShellCall } from './command.ts';
import { ShellError } from './errors.ts';

/** Throws `not_for_tenants` and `no_right`. */
export async function mayPrintValues({ node, scope, ask }: ShellCall): Promise<void> {
  if (scope.tenant !== null)
    throw new ShellError('not_for_tenants', 'values are for operators of the platform: without it, shapes');
  try {
    await ask(node.node, 'look_values', null);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'procedure_denied') throw error;
    throw new ShellError(
      'no_right',
      'values need the right "write" in the certificate: without, shapes',
      error,
    );
  }
}
