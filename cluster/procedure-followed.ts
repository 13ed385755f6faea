/** A procedure as a step of a trace: of the one that its caller names, or of a new one. Between the procedures and the hook. */
import { followed, type Tracing } from '../runtime/index.ts';
import { withRequestId } from './procedure-error.ts';
import type { Caller } from './procedures.ts';

interface Watching {
  readonly tracing: Tracing | null;
  readonly ran: ((name: string, caller: Caller, error: unknown) => void) | null;
}

/** What fails unexpectedly is told with the id of its request, but to no tenant's node. */
export function followProcedure(
  { tracing, ran }: Watching,
  trace: unknown,
  name: string,
  caller: Caller,
  work: () => Promise<unknown>,
): Promise<unknown> {
  const { kind } = caller.identity;
  const step = (): Promise<unknown> => {
    const span = tracing?.root('server', `procedure ${name}`, { 'picket.caller': kind }) ?? null;
    return followed(span, async () => {
      try {
        const value = await work();
        ran?.(name, caller, null);
        return value;
      } catch (error) {
        ran?.(name, caller, error);
        throw span === null || kind === 'tenant' ? error : withRequestId(error, span.trace);
      }
    });
  };
  return tracing === null ? step() : tracing.under(trace, step);
}
