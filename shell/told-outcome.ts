/**
 * How a line, or a session that was not opened, ended, in the words that its operator gets. Pure. To an operator of one tenant
 * what went wrong in a node of the platform is told by its code: the text may name people, addresses, folders and databases.
 */
import { isUnexpected, requestIdIn } from '../cluster/index.ts';
import { messageOf } from '../runtime/index.ts';
import type { Outcome } from './session-state.ts';

/** Of those codes the text is about the node and not about the line. */
const ofNodes: Readonly<Record<string, string>> = {
  record_failed: 'the record of the session cannot be kept on this node now',
  record_unreachable: 'no core keeps the record of the line now',
  node_down: 'the node was lost while it was asked',
  link_busy: 'a node takes nothing more now',
  call_timeout: 'no answer came in time',
};

/** Errors of every room have a code; what has none is a fault of the command. `tenant` null: of the platform. */
export function outcomeOf(error: unknown, tenant: string | null): Outcome {
  const { code } = error as { code?: unknown };
  const isKnown = typeof code === 'string' && /^[a-z0-9_]{1,60}$/.test(code);
  const known = isKnown ? code : 'command_failed';
  if (tenant === null) return { code: known, detail: messageOf(error) };
  if (Object.hasOwn(ofNodes, known)) return { code: known, detail: ofNodes[known]! };
  const detail = messageOf(error);
  if (isKnown && !isUnexpected(error)) return { code: known, detail };
  return { code: known, detail: `it failed, and those who run the nodes can see why${requestIdIn(detail)}` };
}
