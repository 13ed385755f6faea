/**
 * The edge's half of an enrolment: finds a gateway that is below the root of the token's pin, sends the token and the
 * request over TLS that this root proves, and judges what comes back. Writes nothing; secrets go to nobody before the
 * gateway has proven itself.
 */
import { connect, type PeerCertificate } from 'node:tls';
import { ChannelCredentials, makeGenericClientConstructor, type ServiceError, status } from '@grpc/grpc-js';
import {
  chainFromPem,
  type EnrolmentToken,
  pinOf,
  presentedChain,
  readCertificate,
  toPem,
  verifyPem,
} from '../certs/index.ts';
import { splitAddress } from '../cluster/index.ts';
import { type EnrollRequest, type EnrollResponse, enrollmentMethods } from '../proto/index.ts';
import type { EnrolRefusal } from './enrol-errors.ts';
import { judgeGateway } from './gateway-identity.ts';
import { enrolCallMs, enrolConnectMs } from './listener-limits.ts';

export interface EnrolmentWanted {
  readonly token: EnrolmentToken;
  /** The token as it was given: what the gateway is sent. */
  readonly text: string;
  /** PKCS #10, DER. */
  readonly request: Uint8Array;
  /** SubjectPublicKeyInfo of the key of the request, DER. */
  readonly publicKey: Uint8Array;
  nowMs(): number;
}

export interface EnrolmentGot {
  readonly chainPem: string;
  readonly rootsPem: string;
  readonly identity: string;
  readonly partition: string;
}

export type EnrolmentAnswer =
  | ({ readonly ok: true } & EnrolmentGot)
  | { readonly ok: false; readonly error: EnrolRefusal };

/** Asks the gateways of the token one after the other until one of them has an answer. */
export async function enrolAt(wanted: EnrolmentWanted): Promise<EnrolmentAnswer> {
  let last: EnrolRefusal = { code: 'gateway_unreachable', detail: 'the token names no gateway' };
  for (const endpoint of wanted.token.endpoints) {
    const root = await pinnedRoot(endpoint, wanted.token.pin);
    const answer = 'code' in root ? root : await ask(endpoint, root.der, wanted);
    if (!('code' in answer)) return { ok: true, ...answer };
    last = answer;
    if (!isPassing(answer)) break;
  }
  return { ok: false, error: last };
}

function isPassing({ code }: EnrolRefusal): boolean {
  return code === 'gateway_unreachable' || code === 'wrong_gateway' || code === 'core_away';
}

/** The root that the pin is of, from what the gateway presents. It is proven by the next connection, not by this one. */
function pinnedRoot(endpoint: string, pin: string): Promise<{ der: Uint8Array } | EnrolRefusal> {
  const { host, port } = splitAddress(endpoint);
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.3',
      rejectUnauthorized: false,
      timeout: enrolConnectMs,
    });
    const end = (answer: { der: Uint8Array } | EnrolRefusal) => {
      socket.removeAllListeners();
      socket.on('error', () => {});
      // In order, so that the gateway does not take it for a handshake that failed.
      socket.setTimeout(enrolConnectMs, () => socket.destroy());
      socket.end();
      socket.unref();
      resolve(answer);
    };
    const unreachable = (why: string) => end({ code: 'gateway_unreachable', detail: `${endpoint}: ${why}` });
    socket.once('error', (error) => unreachable(error.message));
    socket.once('close', () => unreachable('it closed the connection'));
    socket.once('timeout', () => unreachable(`no answer within ${enrolConnectMs} ms`));
    socket.once('secureConnect', () => {
      const der = presentedChain(socket).find((one) => pinOf(one) === pin);
      const detail = `${endpoint} is not below the root that the token names: it is of another cluster, or somebody is between`;
      end(der === undefined ? { code: 'wrong_gateway', detail } : { der });
    });
  });
}

type Enroll = (
  request: EnrollRequest,
  options: { deadline: Date },
  done: (error: ServiceError | null, answer?: EnrollResponse) => void,
) => void;

async function ask(
  endpoint: string,
  rootDer: Uint8Array,
  wanted: EnrolmentWanted,
): Promise<EnrolmentGot | EnrolRefusal> {
  const { text: token, request: certificateRequest } = wanted;
  const rootsPem = toPem(rootDer, 'CERTIFICATE');
  const credentials = ChannelCredentials.createSsl(Buffer.from(rootsPem), null, null, {
    checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
      judgeGateway(certificate, [rootDer], wanted.nowMs()),
  });
  const Client = makeGenericClientConstructor(enrollmentMethods(), 'Enrollment');
  const client = new Client(endpoint, credentials, {
    'grpc.enable_retries': 0,
    // Who it is, the certificate's SPIFFE id says; a name of an address would be none (RFC 6066 3).
    'grpc.ssl_target_name_override': 'gateway',
  });
  try {
    const answer = await new Promise<EnrollResponse>((resolve, reject) => {
      const deadline = new Date(wanted.nowMs() + enrolCallMs);
      const call = client.enroll as unknown as Enroll;
      call.call(client, { token, certificateRequest }, { deadline }, (error, reply) =>
        error === null ? resolve(reply!) : reject(error),
      );
    });
    return judgeAnswer(answer, rootsPem, wanted);
  } catch (error) {
    return refusalOf(endpoint, error as ServiceError);
  } finally {
    client.close();
  }
}

function judgeAnswer(
  { certificateChain: chainPem, partition }: EnrollResponse,
  rootsPem: string,
  { token, publicKey, nowMs }: EnrolmentWanted,
): EnrolmentGot | EnrolRefusal {
  const bad = (detail: string): EnrolRefusal => ({ code: 'bad_reply', detail });
  const verdict = verifyPem({ pem: chainPem, rootsPem, nowMs: nowMs() });
  if (!verdict.ok)
    return bad(`the certificate that came is refused: ${verdict.error.code}: ${verdict.error.detail}`);
  const { identity, spiffeId } = verdict;
  if (identity.kind !== 'tenant' || identity.tenantId !== token.tenantId)
    return bad(`the certificate that came is of ${spiffeId}`);
  const chain = chainFromPem(chainPem);
  const leaf = chain.ok ? readCertificate(chain.chain[0]!) : null;
  if (leaf?.ok !== true || Buffer.compare(leaf.certificate.publicKey, publicKey) !== 0)
    return bad('the certificate that came is of another key');
  return { chainPem, rootsPem, identity: spiffeId, partition };
}

function refusalOf(endpoint: string, { code, details }: ServiceError): EnrolRefusal {
  const told = /^([a-z][a-z0-9_]{2,40}): ([\s\S]*)$/.exec(details ?? '');
  if (told !== null) return { code: told[1]!, detail: told[2]! };
  const wrong = /wrong_gateway: (.*)/.exec(details ?? '');
  if (wrong !== null) return { code: 'wrong_gateway', detail: `${endpoint}: ${wrong[1]}` };
  // A gateway reads no more of a stranger's message than its bound, and then has no words of its own.
  if (code === status.RESOURCE_EXHAUSTED)
    return { code: 'request_too_large', detail: `${endpoint}: more than a gateway reads: ${details}` };
  return { code: 'gateway_unreachable', detail: `${endpoint}: ${status[code] ?? code}: ${details}` };
}
