/**
 * One connection to a gateway over mTLS, and the calls on it. Who answers is judged by our own rules; a dropped connection
 * is not mended here: whoever dials decides where to. Between grpc-js and the program.
 */
import type { PeerCertificate } from 'node:tls';
import {
  ChannelCredentials,
  type ClientDuplexStream,
  makeGenericClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { type Credential, rootsOf } from '../../certs/index.ts';
import {
  type AgentConfigRequest,
  type AgentConfigResponse,
  type AgentHelloRequest,
  type AgentHelloResponse,
  type ControlStreamRequest,
  type ControlStreamResponse,
  documentMethods,
  type GatewayStatusChunk,
  type GatewayStatusRequest,
  gatewayMethods,
  type RenewRequest,
  type RenewResponse,
  renewalMethods,
  type SourceGiven,
  type SourceTake,
  type StatusReceived,
  sourceMethods,
} from '../../proto/index.ts';
import type { DocumentWire } from '../document-wire.ts';
import { judgeGateway } from '../gateway-identity.ts';
import {
  callMs,
  dialMs,
  keepaliveAnswerMs,
  keepaliveEveryMs,
  pushAnswerMs,
  receivedBytesMax,
  takeMs,
} from './limits.ts';

/** Why a call brought no answer: the gateway's own code, or one of ours. */
export class CallFailed extends Error {
  readonly code: string;
  readonly status: status;

  constructor(code: string, detail: string, of: status) {
    super(detail);
    this.name = 'CallFailed';
    this.code = code;
    this.status = of;
  }
}

type Unary<Q, A> = (
  request: Q,
  options: { deadline: Date },
  done: (error: ServiceError | null, answer?: A) => void,
) => void;
type Streamed<Q, A> = (
  options: { deadline: Date },
  done: (error: ServiceError | null, answer?: A) => void,
) => { write(message: Q): void; end(): void };
export type ControlCall = ClientDuplexStream<ControlStreamRequest, ControlStreamResponse>;

interface Calls {
  hello: Unary<AgentHelloRequest, AgentHelloResponse>;
  getConfig: Unary<AgentConfigRequest, AgentConfigResponse>;
  pushStatus: Unary<GatewayStatusRequest, StatusReceived>;
  streamStatus: Streamed<GatewayStatusChunk, StatusReceived>;
  controlStream(): ControlCall;
  renew: Unary<RenewRequest, RenewResponse>;
  transfer(): DocumentWire;
  take: Unary<SourceTake, SourceGiven>;
}

const Client = makeGenericClientConstructor(
  { ...gatewayMethods(), ...renewalMethods(), ...documentMethods(), ...sourceMethods() },
  'Gateway',
);

export class GatewayChannel {
  readonly endpoint: string;
  private readonly client: InstanceType<typeof Client>;
  private readonly calls: Calls;
  private readonly nowMs: () => number;

  constructor(endpoint: string, credential: Credential, nowMs: () => number) {
    this.endpoint = endpoint;
    this.nowMs = nowMs;
    const roots = rootsOf(credential);
    const { rootsPem, privateKeyPem, chainPem } = credential;
    const [root, key, chain] = [rootsPem, privateKeyPem, chainPem].map((pem) => Buffer.from(pem));
    const credentials = ChannelCredentials.createSsl(root!, key!, chain!, {
      checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
        judgeGateway(certificate, roots, nowMs()),
    });
    this.client = new Client(endpoint, credentials, {
      'grpc.enable_retries': 0,
      // A connection of its own: a renewed certificate is shown by a new one.
      'grpc.use_local_subchannel_pool': 1,
      // Who it is, the certificate's SPIFFE id says; a name of an address would be none (RFC 6066 3).
      'grpc.ssl_target_name_override': 'gateway',
      'grpc.keepalive_time_ms': keepaliveEveryMs,
      'grpc.keepalive_timeout_ms': keepaliveAnswerMs,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.max_receive_message_length': receivedBytesMax,
      'grpc.enable_channelz': 0,
    });
    this.calls = this.client as unknown as Calls;
  }

  /** Rejects with a CallFailed. */
  hello(request: AgentHelloRequest): Promise<AgentHelloResponse> {
    // The first call: it waits for the connection, and says why there is none.
    return this.ask(this.calls.hello, request, dialMs);
  }
  config(request: AgentConfigRequest): Promise<AgentConfigResponse> {
    return this.ask(this.calls.getConfig, request, callMs);
  }
  push(request: GatewayStatusRequest): Promise<StatusReceived> {
    return this.ask(this.calls.pushStatus, request, pushAnswerMs);
  }
  renew(request: RenewRequest): Promise<RenewResponse> {
    return this.ask(this.calls.renew, request, pushAnswerMs);
  }
  /** What a run of a source needs. */
  take(request: SourceTake): Promise<SourceGiven> {
    return this.ask(this.calls.take, request, takeMs);
  }
  stream(chunks: readonly GatewayStatusChunk[]): Promise<StatusReceived> {
    return new Promise((resolve, reject) => {
      const deadline = new Date(this.nowMs() + pushAnswerMs);
      const call = this.calls.streamStatus.call(this.client, { deadline }, (error, answer) =>
        error === null ? resolve(answer!) : reject(this.failed(error)),
      );
      for (const chunk of chunks) call.write(chunk);
      call.end();
    });
  }

  control(): ControlCall {
    return this.calls.controlStream.call(this.client);
  }

  /** One that may carry several documents, one after the other. */
  documents(): DocumentWire {
    return this.calls.transfer.call(this.client);
  }

  close(): void {
    this.client.close();
  }

  failed({ code, details }: ServiceError): CallFailed {
    const told = /^([a-z][a-z0-9_]{2,40}): ([\s\S]*)$/.exec(details ?? '');
    if (told !== null) return new CallFailed(told[1]!, told[2]!, code);
    const wrong = /wrong_gateway: (.*)/.exec(details ?? '');
    if (wrong !== null) return new CallFailed('gateway_refused', wrong[1]!, code);
    return new CallFailed('gateway_lost', `${status[code] ?? code}: ${details}`, code);
  }

  private ask<Q, A>(method: Unary<Q, A>, request: Q, withinMs: number): Promise<A> {
    return new Promise((resolve, reject) => {
      const deadline = new Date(this.nowMs() + withinMs);
      method.call(this.client, request, { deadline }, (error, answer) =>
        error === null ? resolve(answer!) : reject(this.failed(error)),
      );
    });
  }
}
