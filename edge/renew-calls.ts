/**
 * `picket.edge.v1.Renewal` on a poller: hands the request of a known bearer to a core, with the serial of the certificate that
 * the connection was opened with. Judges nothing that a core must judge, and keeps nothing.
 */
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { ProcedureError } from '../cluster/index.ts';
import type { RenewRequest, RenewResponse } from '../proto/index.ts';
import type { Log } from '../runtime/index.ts';
import { admit, type CallNeeds, told } from './calls.ts';
import { askCores, type CoreAsker } from './enrol-service.ts';
import { isRefusal } from './errors.ts';
import { holderOf } from './peer.ts';
import type { Received } from './received.ts';

/** What a core is asked, and answers. */
export interface RenewQuestion {
  tenant: string;
  serial: string;
  role: string;
  id: string;
  request: Uint8Array;
  proof: Uint8Array;
}

export interface RenewAnswer {
  chain: string;
}

export interface RenewNeeds extends CallNeeds {
  readonly cores: CoreAsker;
  readonly log: Log;
}

export function renewCall(needs: RenewNeeds) {
  /** Bearers that wait for an answer: one request of each at a time. */
  const asking = new Set<string>();
  return async (
    call: ServerUnaryCall<Received<RenewRequest>, RenewResponse>,
    answer: sendUnaryData<RenewResponse>,
  ): Promise<void> => {
    const caller = admit(needs, call);
    const received = call.request;
    const refusal = isRefusal(caller) ? caller : received.ok ? null : received.refusal;
    if (refusal !== null || isRefusal(caller) || !received.ok) {
      answer(told(needs, needs.callers.of(call)?.peer ?? null, refusal!));
      return;
    }
    const { peer } = caller;
    const { tenantId: tenant, role, id, serial = '' } = peer;
    const { certificateRequest: request, proof } = received.message;
    const refuse = (code: string, detail: string) => {
      needs.log('warn', 'a renewal was refused', { bearer: holderOf(peer), serial, code });
      answer({ code: statusOf(code), details: `${code}: ${detail}` });
    };
    if (asking.has(serial)) return refuse('renewed_too_often', 'an answer is under way');
    asking.add(serial);
    try {
      const question: RenewQuestion = { tenant, serial, role, id, request, proof };
      const { chain } = await askCores<RenewAnswer>(needs.cores, 'edge_renew', question);
      needs.log('info', 'a certificate was renewed', { bearer: holderOf(peer), serial });
      answer(null, { certificateChain: chain });
    } catch (error) {
      if (error instanceof ProcedureError) refuse(error.code, error.message);
      else refuse('core_away', 'no core answers this gateway now: try again');
    } finally {
      asking.delete(serial);
    }
  };
}

function statusOf(code: string): status {
  if (code === 'renewed_too_often') return status.RESOURCE_EXHAUSTED;
  if (/^request_/.test(code)) return status.INVALID_ARGUMENT;
  return /^(renewal|package|tenant)_/.test(code) ? status.PERMISSION_DENIED : status.UNAVAILABLE;
}
