/**
 * Agents of one tenant at two gateways while the tenant's authority is replaced and the one before it is retired: connections
 * of TLS, a client that knows the contract by its numbers alone. Counts what was lost; judges nothing.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { type Credential, chainFromPem, clientTlsOptions, rootsOf, verifyPeer } from '../../certs/index.ts';
import {
  type Gateway,
  type GatewayAuthority,
  openAuthority,
  openGateway,
  trustDomain,
} from '../../edge/testing/gateways.ts';
import type { Clock } from '../../runtime/index.ts';
import { PlainClient } from './plain-grpc.ts';
import { message, textOf } from './plain-protobuf.ts';

const service = '/monitoring.AgentGatewayService';
const tenantId = 'abcdefghijkl';
/** Of one address few come at once: agents of a site are behind one. */
const agentsPerAddress = 100;

export interface RotationOutcome {
  readonly agents: number;
  /** Answers to pushes, before the rotation and after it, on the connections that were there before. */
  readonly pushedBefore: number;
  readonly pushedAfter: number;
  readonly droppedByRotation: number;
  /** With a certificate of the new authority, at the other gateway than before. */
  readonly renewedTaken: number;
  /** Whether peers take a node of the tenant whose certificate is of the old, or of the new. */
  readonly isOldPeerTaken: boolean;
  readonly isNewPeerTaken: boolean;
  /** After the retirement. */
  readonly oldPutOut: number;
  readonly newDropped: number;
  readonly pushedByNew: number;
  readonly oldRefusedWith: string;
  readonly isOldPeerTakenAfter: boolean;
  readonly results: number;
}

interface Agent {
  readonly id: string;
  readonly own: Credential;
  readonly client: PlainClient;
  closed: boolean;
}

export async function rotateUnderLoad(
  count: number,
  clock: Clock,
  say: (text: string) => void,
): Promise<RotationOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'picket-edge-rotation-'));
  const signing = await openAuthority(join(folder, 'authority'), clock);
  const gateways = [
    await openGateway('poller_1', signing, clock),
    await openGateway('poller_2', signing, clock),
  ];
  const cores = gateways.map((gateway) => gateway.play(tenantId));
  const agents: Agent[] = [];
  try {
    const old = await signing.issuer(tenantId);
    for (let at = 0; at < count; at += 1) agents.push(await joined(signing, gateways[at % 2]!, at));
    const pushedBefore = await pushAll(agents);
    say(`${count} agents are connected`);
    const peerOfOld = await signing.leaf(tenantId, 'poller', 'edge_1');
    await signing.rotate(tenantId);
    const pushedAfter = await pushAll(agents);
    const droppedByRotation = agents.filter(({ closed }) => closed).length;
    const peerOfNew = await signing.leaf(tenantId, 'poller', 'edge_1');
    const taken = (own: Credential) => isTaken(own, signing, clock.wallMs());
    const [isOldPeerTaken, isNewPeerTaken] = [taken(peerOfOld), taken(peerOfNew)];
    say(`another key signs: ${pushedAfter} pushes answered, ${droppedByRotation} connections lost`);
    const renewed: Agent[] = [];
    for (let at = 0; at < count; at += 2) renewed.push(await joined(signing, gateways[(at + 1) % 2]!, at));
    const renewedTaken = await pushAll(renewed);
    await signing.retire(tenantId, old.certificatePem);
    for (const { listener } of gateways) listener.trustChanged();
    const ended = agents.map(({ client }) => client.closed);
    await Promise.all(ended);
    const oldPutOut = agents.filter(({ closed }) => closed).length;
    const pushedByNew = await pushAll(renewed);
    const newDropped = renewed.filter(({ closed }) => closed).length;
    say(`the old one is retired: ${oldPutOut} connections of its certificates ended, ${newDropped} others`);
    const again = await dial(gateways[0]!, agents[1]!.own, count);
    const refusal = await again.unary(`${service}/Hello`, message());
    again.close();
    for (const { client } of renewed) client.close();
    return {
      ...{ agents: count, pushedBefore, pushedAfter, droppedByRotation, renewedTaken, isOldPeerTaken },
      ...{ isNewPeerTaken, oldPutOut, newDropped, pushedByNew },
      oldRefusedWith: refusal.detail.split(':')[0]!,
      isOldPeerTakenAfter: taken(peerOfOld),
      results: cores.reduce((sum, { rows }) => sum + rows.length, 0),
    };
  } finally {
    for (const { client } of agents) client.close();
    for (const gateway of gateways) await gateway.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function joined(signing: GatewayAuthority, gateway: Gateway, at: number): Promise<Agent> {
  const id = `agent_${at}`;
  const own = await signing.leaf(tenantId, 'agent', id);
  const client = await dial(gateway, own, at);
  const agent: Agent = { id, own, client, closed: false };
  void client.closed.then(() => {
    agent.closed = true;
  });
  const { status, messages } = await client.unary(`${service}/Hello`, message([1, id]));
  if (status !== 0 || textOf(messages[0]!, 2) !== id) throw new Error(`${id} is not welcome: ${status}`);
  return agent;
}

/** Whether verifiers of peers take it: as the links of the cluster judge a node of a tenant. */
function isTaken(own: Credential, { lists }: GatewayAuthority, nowMs: number): boolean {
  const chain = chainFromPem(own.chainPem);
  if (!chain.ok) return false;
  const question = { chain: chain.chain, roots: rootsOf(own), trustDomain, nowMs };
  const verdict = verifyPeer({ ...question, revocationLists: lists });
  return verdict.ok && verdict.identity.kind === 'tenant';
}

function dial({ port }: Gateway, own: Credential, at: number): Promise<PlainClient> {
  const localAddress = `127.0.1.${1 + Math.floor(at / agentsPerAddress)}`;
  const options: ConnectionOptions & { localAddress: string } = { ...clientTlsOptions(own), localAddress };
  return PlainClient.dial(port, options);
}

/** Each pushes one result; answers how many were told that it is stored. */
async function pushAll(agents: readonly Agent[]): Promise<number> {
  const item = message(
    [1, 'web'],
    [2, true],
    [3, '{"available":true}'],
    [4, 'tcp'],
    [5, 7_000_000],
    [9, 'status'],
  );
  const answers = await Promise.all(
    agents.map(({ client, id }) => client.unary(`${service}/PushStatus`, message([1, item], [3, id]))),
  );
  return answers.filter(({ status }) => status === 0).length;
}
