/**
 * How a declared procedure fails, as its caller sees it, and the id by which the logs of all nodes tell more of it.
 */
import { messageOf } from '../runtime/index.ts';

/** An error of a procedure, as its caller sees it: `code` is the procedure's own. */
export class ProcedureError extends Error {
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.name = 'ProcedureError';
    this.code = code;
  }
}

/** What is nobody's mistake can be found in the logs of all nodes by its id; a refusal says all that there is. */
const unexpected: ReadonlySet<unknown> = new Set([
  'handler_failed',
  'call_timeout',
  'query_failed',
  'procedure_failed',
]);

export function isUnexpected(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code !== 'string' || unexpected.has(code);
}

export function withRequestId(error: unknown, trace: string): unknown {
  const { code } = error as { code?: unknown };
  const detail = messageOf(error);
  if (!isUnexpected(error) || detail.includes('(request id ')) return error;
  const stated = typeof code === 'string' ? code : 'procedure_failed';
  return new ProcedureError(stated, `${detail} (request id ${trace})`);
}

/** How a text names its request, blank before it included; empty: it does not. */
export function requestIdIn(text: string): string {
  return / \(request id [0-9a-f]{32}\)$/.exec(text)?.[0] ?? '';
}
