/**
 * `picket.edge.v1.Enrollment` on a poller: judges what can be judged without the database, and hands the rest to a core.
 * Keeps nothing of a token, and logs none.
 */
import type { ServerUnaryCall, sendUnaryData, UntypedServiceImplementation } from '@grpc/grpc-js';
import { readToken } from '../certs/index.ts';
import { HandshakeRate, ProcedureError } from '../cluster/index.ts';
import type { EnrollRequest, EnrollResponse } from '../proto/index.ts';
import { type EnrolRefusal, statusOfEnrolment } from './enrol-errors.ts';
import { coreAnswerMs } from './listener-limits.ts';

/** What a core is asked, and answers. */
export interface EnrolQuestion {
  token: string;
  request: Uint8Array;
}

export interface EnrolAnswer {
  chain: string;
  identity: string;
  package_id: string;
  partition: string;
}

export interface CoreAsker {
  /** Names of the cores that are up. */
  cores(): readonly string[];
  ask(core: string, procedure: string, argument: unknown, timeoutMs: number): Promise<unknown>;
}

export interface EnrolNeeds extends CoreAsker {
  nowMs(): number;
  log(message: string, fields: Record<string, unknown>): void;
}

export function enrolHandlers(needs: EnrolNeeds): UntypedServiceImplementation {
  const rate = new HandshakeRate();
  return {
    enroll(call: ServerUnaryCall<EnrollRequest, EnrollResponse>, callback: sendUnaryData<EnrollResponse>) {
      const from = addressOf(call.getPeer());
      const refuse = (refusal: EnrolRefusal) => {
        needs.log('an enrolment was refused', { from, code: refusal.code });
        callback(statusOfEnrolment(refusal));
      };
      if (!rate.admits(from, needs.nowMs()))
        return refuse({ code: 'too_many_enrolments', detail: 'try again in a minute' });
      const { token, certificateRequest: request } = call.request;
      const read = readToken(token);
      if (!read.ok) return refuse(read.error);
      askCores<EnrolAnswer>(needs, 'enrol', { token, request } satisfies EnrolQuestion).then(
        ({ chain, identity, package_id, partition }) =>
          callback(null, { certificateChain: chain, identity, packageId: package_id, partition }),
        (error: unknown) => refuse(refusalOf(error)),
      );
    },
  };
}

/** Of the first core that answers. What one refuses with a code of its own is the answer. */
export async function askCores<T>(
  { cores, ask }: CoreAsker,
  procedure: string,
  argument: unknown,
): Promise<T> {
  let last: unknown = new Error('no core is up');
  for (const core of cores()) {
    try {
      return (await ask(core, procedure, argument, coreAnswerMs)) as T;
    } catch (error) {
      last = error;
      if (error instanceof ProcedureError && error.code !== 'leaving' && error.code !== 'no_such_procedure')
        throw error;
    }
  }
  throw last;
}

function refusalOf(error: unknown): EnrolRefusal {
  if (error instanceof ProcedureError) return { code: error.code, detail: error.message };
  return { code: 'core_away', detail: 'no core answers this gateway now: try again' };
}

/** Without the port. */
function addressOf(peer: string): string {
  return peer.slice(0, Math.max(0, peer.lastIndexOf(':')));
}
