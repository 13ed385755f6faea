/**
 * The three questions of the contract, each from its words to a judged answer. Between the connection and the poll; sends nothing
 * that an agent of the family does not know, and reads nothing that is past its bounds.
 */
import type { PolledTarget } from '../../actors/messages.ts';
import {
  agentMethods,
  type ResultsChunk,
  type ResultsRequest,
  type ResultsResponse,
  type ServiceMethods,
  type StatusRequest,
  type StatusResponse,
} from '../../proto/index.ts';
import { receivedMessageBytesMax, resultsMessageBytesMax } from '../limits.ts';
import { judgeBytes } from '../message-bounds.ts';
import { type DialFault, faulty, isFault } from './dial-errors.ts';
import { callMs, chunkBytesMax, sequenceCharactersMax, statusAnswerBytesMax } from './dial-limits.ts';
import {
  isKnown,
  type JoinedDocument,
  joinChunk,
  joinEnd,
  longSequence,
  newJoin,
  readJson,
  type StreamedType,
} from './document-join.ts';
import type { GrpcSession } from './grpc-session.ts';
import { readStatus, type StatusRead } from './status-answer.ts';

export interface Asking {
  readonly session: GrpcSession;
  /** Of the agent, as its certificate has it. */
  readonly agentId: string;
  /** This node. */
  readonly node: string;
  readonly signal: AbortSignal;
  /** What is left of the poll. */
  readonly leftMs: () => number;
}

type MethodName = 'GetStatus' | 'GetResults' | 'StreamResults';

export class AgentQuestions {
  private readonly methods: ServiceMethods = agentMethods();

  async status(asking: Asking, service: PolledTarget): Promise<StatusRead | DialFault> {
    const request: StatusRequest = { ...this.words(asking, service), port: 0 };
    const answer = await this.unary<StatusResponse>(asking, 'GetStatus', request, statusAnswerBytesMax);
    return isFault(answer) ? answer : readStatus(service, answer, asking.agentId);
  }

  /** Null: nothing new. */
  async results(
    asking: Asking,
    service: PolledTarget,
    lastSequence: string,
  ): Promise<JoinedDocument | DialFault> {
    const request: ResultsRequest = { ...this.words(asking, service), lastSequence };
    const answer = await this.unary<ResultsResponse>(asking, 'GetResults', request, receivedMessageBytesMax);
    if (isFault(answer)) return answer;
    const { data, currentSequence: sequence, hasNewData } = answer;
    if (!hasNewData || isKnown(sequence, lastSequence)) return null;
    if (sequence.length > sequenceCharactersMax) return longSequence();
    if (data.length > resultsMessageBytesMax)
      return faulty('too_large', `a document of more than ${resultsMessageBytesMax} bytes`);
    if (readJson(data) === undefined) return faulty('bad_json', 'the results are no JSON');
    return { data, sequence };
  }

  /** Null: nothing new. */
  async stream(
    asking: Asking,
    service: PolledTarget & { readonly type: string },
    type: StreamedType,
    lastSequence: string,
  ): Promise<JoinedDocument | DialFault> {
    const method = this.methods.StreamResults!;
    const request: ResultsRequest = { ...this.words(asking, service), lastSequence };
    let join = newJoin(type);
    const fault = await asking.session.stream(
      {
        path: method.path,
        message: method.requestSerialize(request),
        bytesMax: chunkBytesMax,
        timeoutMs: Math.max(1, Math.ceil(asking.leftMs())),
        signal: asking.signal,
      },
      (bytes) => {
        const chunk = this.decoded<ResultsChunk>('StreamResults', bytes, chunkBytesMax);
        const next = isFault(chunk) ? chunk : joinChunk(join, chunk, lastSequence);
        if (isFault(next)) return next;
        join = next;
        return null;
      },
    );
    return fault ?? joinEnd(join, lastSequence);
  }

  private words({ agentId, node }: Asking, { name, type, details }: PolledTarget) {
    return { serviceName: name, serviceType: type, agentId, gatewayId: node, details };
  }

  private async unary<Answer>(
    { session, signal }: Asking,
    name: MethodName,
    request: object,
    bytesMax: number,
  ): Promise<Answer | DialFault> {
    const method = this.methods[name]!;
    const { path } = method;
    const message = method.requestSerialize(request);
    const bytes = await session.unary({ path, message, bytesMax, timeoutMs: callMs, signal });
    return isFault(bytes) ? bytes : this.decoded<Answer>(name, bytes, bytesMax);
  }

  private decoded<Answer>(name: MethodName, bytes: Buffer, bytesMax: number): Answer | DialFault {
    const refusal = judgeBytes(bytes, { bytesMax });
    if (refusal !== null)
      return faulty(refusal.code === 'too_large' ? 'too_large' : 'bad_answer', refusal.detail);
    try {
      return this.methods[name]!.responseDeserialize(bytes) as Answer;
    } catch {
      return faulty('bad_answer', 'not a message of this rpc');
    }
  }
}
