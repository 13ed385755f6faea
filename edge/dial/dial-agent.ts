/**
 * A connection to an agent that only listens: where its name leads and whether we go there, TLS with a certificate on both sides, and
 * the verdict on the agent's, by our own authority's rules or by those of an authority that was imported for this tenant alone.
 */
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { PollJob } from '../../actors/messages.ts';
import {
  clientTlsOptions,
  isReusedSession,
  type PeerVerdict,
  presentedChain,
  readImportedAuthority,
  type TenantIdentity,
  verifyPeer,
} from '../../certs/index.ts';
import { judgeAddress, type NameResolver } from '../../checks/index.ts';
import { splitAddress } from '../../cluster/index.ts';
import { messageOf } from '../../runtime/index.ts';
import type { EdgeTrust } from '../listener.ts';
import type { EdgePeer } from '../peer.ts';
import { type DialFault, faulty, isFault } from './dial-errors.ts';
import { dialAddressesMax, dialMs } from './dial-limits.ts';
import type { SessionClock } from './grpc-session.ts';

export interface DialNeeds {
  readonly trust: EdgeTrust;
  readonly resolver: NameResolver;
  readonly clock: SessionClock & { wallMs(): number };
}

export interface Dialled {
  readonly socket: TLSSocket;
  /** DER, leaf first: judged again before each poll. */
  readonly chain: readonly Uint8Array[];
  readonly peer: EdgePeer;
}

export async function dialAgent(
  needs: DialNeeds,
  job: PollJob,
  signal: AbortSignal,
): Promise<Dialled | DialFault> {
  const { host, port } = splitAddress(job.source.address);
  const addresses = await locate(needs, host, job.allowAll, signal);
  if (isFault(addresses)) return addresses;
  let last = faulty('name_unknown', `${host} has no address`);
  for (const address of addresses) {
    const socket = await connected(needs, job, { host: address, port }, signal);
    if (!isFault(socket)) return admitted(needs, job, socket);
    last = socket;
    // Another address of the name is tried where nobody was at this one.
    if (socket.fault !== 'unreachable') break;
  }
  return last;
}

/** Whether whoever presented the chain is the agent that the source is of. */
export function judgeAgent(
  { trust, clock }: DialNeeds,
  { tenantId, source, authorities }: PollJob,
  chain: readonly Uint8Array[],
): EdgePeer | DialFault {
  const { trustDomain } = trust;
  const verdict: PeerVerdict = verifyPeer({
    ...{ chain, trustDomain, roots: trust.roots(), nowMs: clock.wallMs() },
    revocationLists: trust.revocationLists(),
    policy: {
      foreign: [],
      older: authorities.flatMap((one) => readImportedAuthority({ tenantId, ...one }) ?? []),
    },
  });
  if (!verdict.ok) {
    const { code, detail } = verdict.error;
    return faulty('certificate_refused', `${code}: ${detail}`);
  }
  const { identity, spiffeId } = verdict;
  const wrong = (what: string) => faulty('wrong_agent', `${spiffeId} answers: ${what}`);
  if (identity.kind !== 'tenant' || identity.role !== 'agent') return wrong('no agent of a tenant');
  if (identity.tenantId !== tenantId) return wrong('it is of another tenant');
  return peerOfSource(identity, source) ?? wrong(`the source is of ${shownSource(source)}`);
}

function peerOfSource(
  { tenantId, role, id, partition: named }: TenantIdentity,
  { agentId, partition }: PollJob['source'],
): EdgePeer | null {
  if (agentId !== null && agentId !== id) return null;
  return named === undefined || named === partition ? { tenantId, role, id, partition } : null;
}

function shownSource({ agentId, partition }: PollJob['source']): string {
  return agentId === null ? `partition ${partition}` : `${agentId} in partition ${partition}`;
}

/** Judged on the addresses that are connected to, never on the name. */
async function locate(
  { resolver, clock }: DialNeeds,
  host: string,
  allowAll: boolean,
  signal: AbortSignal,
): Promise<string[] | DialFault> {
  const found = isIP(host) > 0 ? [host] : await looked(resolver, clock, host, signal);
  if (!Array.isArray(found)) return found as DialFault;
  const allowed: string[] = [];
  let refused: DialFault | null = null;
  for (const address of (found as string[]).slice(0, dialAddressesMax)) {
    const verdict = judgeAddress(address, { allowAll });
    if (verdict.allowed) allowed.push(address);
    else refused ??= faulty('target_not_allowed', verdict.detail);
  }
  return allowed.length > 0 ? allowed : (refused ?? faulty('name_unknown', `${host} has no address`));
}

function looked(
  resolver: NameResolver,
  clock: SessionClock,
  host: string,
  signal: AbortSignal,
): Promise<readonly string[] | DialFault> {
  return new Promise((resolve) => {
    let isOver = false;
    const end = (answer: readonly string[] | DialFault) => {
      isOver = true;
      cancel();
      signal.removeEventListener('abort', onAbort);
      resolve(answer);
    };
    const onAbort = () => end(faulty('cancelled', 'the poll was ended'));
    const cancel = clock.timer(dialMs, () => end(faulty('name_unknown', `no answer about ${host}`)));
    signal.addEventListener('abort', onAbort);
    resolver
      .lookup(host, 0, () => isOver)
      .then(end, (error: unknown) => end(faulty('name_unknown', `${host}: ${messageOf(error)}`)));
  });
}

function connected(
  needs: DialNeeds,
  job: PollJob,
  { host, port }: { host: string; port: number },
  signal: AbortSignal,
): Promise<TLSSocket | DialFault> {
  if (signal.aborted) return Promise.resolve(faulty('cancelled', 'the poll was ended'));
  const { tlsName } = job.source;
  return new Promise((resolve) => {
    let socket: TLSSocket;
    let isThere = false;
    try {
      const tls = { ...ownTls(needs.trust, job), ALPNProtocols: ['h2'] };
      socket = connect({ ...tls, host, port, servername: tlsName ?? '' });
    } catch (error) {
      resolve(faulty('bad_client_certificate', messageOf(error)));
      return;
    }
    const end = (answer: TLSSocket | DialFault) => {
      cancel();
      signal.removeEventListener('abort', onAbort);
      socket.off('close', onClose);
      if (isFault(answer)) socket.destroy();
      resolve(answer);
    };
    const at = `${host} port ${port}`;
    const failed = (why: string) =>
      end(faulty(isThere ? 'handshake_failed' : 'unreachable', `${at}: ${why}`));
    const onAbort = () => end(faulty('cancelled', 'the poll was ended'));
    const onClose = () => failed('it closed the connection');
    const cancel = needs.clock.timer(dialMs, () => failed(`no answer within ${dialMs} ms`));
    signal.addEventListener('abort', onAbort);
    socket.once('connect', () => {
      isThere = true;
    });
    socket.on('error', (error) => failed(error.message));
    socket.once('close', onClose);
    socket.once('secureConnect', () => end(socket));
  });
}

/** What we present: what was brought for these agents, else this poller's own. */
function ownTls(trust: EdgeTrust, { client, authorities }: PollJob) {
  const own = trust.credential();
  if (client === null) return clientTlsOptions(own);
  const [first] = authorities;
  const rootsPem = first?.certificatesPem ?? own.rootsPem;
  return clientTlsOptions({ ...own, ...client, rootsPem });
}

function admitted(needs: DialNeeds, job: PollJob, socket: TLSSocket): Dialled | DialFault {
  const chain = presentedChain(socket);
  const peer: EdgePeer | DialFault = isReusedSession(socket)
    ? faulty('handshake_failed', 'a session of before was resumed')
    : judgeAgent(needs, job, chain);
  if (!isFault(peer)) return { socket, chain, peer };
  socket.destroy();
  return peer;
}
