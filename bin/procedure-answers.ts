/** What procedures make of the store's answers, and of who asks. */
import { formatSpiffeId } from '../certs/index.ts';
import { type Caller, ProcedureError } from '../cluster/index.ts';

/** For audits. */
export function nameOf({ identity }: Caller): string {
  return formatSpiffeId(identity);
}

export function orRefuse<T extends object>(answer: T): Exclude<T, { refused: string }> {
  if ('refused' in answer) {
    const { refused, detail } = answer as { refused: string; detail?: string };
    throw new ProcedureError(refused, detail ?? refused);
  }
  return answer as Exclude<T, { refused: string }>;
}
