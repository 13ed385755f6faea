/**
 * Gateways for tests: the listener of a poller as it is, with the agents' services behind it, tenants whose cores are played,
 * and an authority in a folder that signs, rotates and revokes. The clock is the machine's, or one that is set forward.
 */
import {
  type Authority,
  type Credential,
  createAuthority,
  issueLeaf,
  issueNode,
  type KeyedCertificate,
  noPolicy,
  openTenantAuthority,
  type PeerIdentity,
  type RevocationList,
  retireTenantAuthority,
  revocationListPath,
  rootsOf,
  rotateTenantAuthority,
  writeAuthority,
} from '../../certs/index.ts';
import { readRevocationFile } from '../../certs/revocation-file.ts';
import type { Cluster } from '../../cluster/index.ts';
import { enrollmentMethods } from '../../proto/index.ts';
import { ActorSystem, type Clock } from '../../runtime/index.ts';
import { type AgentDoor, openAgentDoor } from '../agent-door.ts';
import { EdgeListener } from '../listener.ts';
import { Admission } from '../listener-admission.ts';
import { namesOf, playTenant } from './stage.ts';

export const trustDomain = 'test.local';

export interface Gateway {
  readonly name: string;
  readonly port: number;
  readonly door: AgentDoor;
  readonly listener: EdgeListener;
  readonly system: ActorSystem;
  /** The core of a tenant, as this gateway finds it. */
  play(tenantId: string): ReturnType<typeof playTenant>;
  close(): Promise<void>;
}

export interface GatewayAuthority {
  readonly authority: Authority;
  readonly lists: readonly RevocationList[];
  /** What signs for the tenant now. */
  issuer(tenantId: string): Promise<KeyedCertificate>;
  rotate(tenantId: string): Promise<void>;
  /** The one with this certificate is over; whoever trusts the folder is told by `listener.trustChanged`. */
  retire(tenantId: string, certificatePem: string): Promise<void>;
  leaf(tenantId: string, role: string, id: string): Promise<Credential>;
}

export async function openAuthority(folder: string, clock: Clock): Promise<GatewayAuthority> {
  const authority = await createAuthority(trustDomain, clock);
  await writeAuthority(folder, authority);
  const state = { lists: [] as readonly RevocationList[] };
  const issuer = (tenantId: string) => openTenantAuthority(folder, authority, tenantId, clock);
  return {
    authority,
    get lists() {
      return state.lists;
    },
    issuer,
    async rotate(tenantId) {
      const { certificatePem } = await issuer(tenantId);
      await rotateTenantAuthority(folder, authority, tenantId, clock, certificatePem);
    },
    async retire(tenantId, certificatePem) {
      await retireTenantAuthority(folder, tenantId, certificatePem, clock);
      state.lists = await readRevocationFile(revocationListPath(folder));
    },
    async leaf(tenantId, role, id) {
      const identity: PeerIdentity = { kind: 'tenant', trustDomain, tenantId, role, id };
      return await issueLeaf(authority.root, await issuer(tenantId), { identity }, clock);
    },
  };
}

export async function openGateway(name: string, signing: GatewayAuthority, clock: Clock): Promise<Gateway> {
  const system = new ActorSystem({ clock, node: name, boot: 1 });
  const cluster = { node: name, boot: 1, tenant: null, names: namesOf(system, new Map()) };
  const door = openAgentDoor({
    ...{ system, cluster: cluster as unknown as Cluster, clock, log: () => {} },
    ask: () => Promise.reject(new Error('no core is here')),
  });
  const own = await issueNode(signing.authority, { role: 'poller', name }, clock);
  const admission = new Admission({ cores: () => ['core_1'], ask: async () => ({ partition: 'default' }) });
  const listener = new EdgeListener({
    listen: '127.0.0.1:0',
    clock,
    log: () => {},
    trust: {
      trustDomain,
      credential: () => own,
      roots: () => rootsOf(own),
      policy: () => noPolicy,
      revocationLists: () => signing.lists,
    },
    admission,
    enrolment: { methods: enrollmentMethods(), handlers: { enroll: () => {} } },
    known: door,
  });
  const address = await listener.listen();
  return {
    ...{ name, door, listener, system },
    port: Number(address.slice(address.lastIndexOf(':') + 1)),
    play: (tenantId) => playTenant({ system, cluster: cluster as unknown as Cluster }, tenantId),
    close: () => listener.close(),
  };
}
