/** The cluster's door: many processes as one. */
export { joinAddress, splitAddress } from './address.ts';
export { HandshakeRate, networkOf } from './admission/handshake-rate.ts';
export { Handshakes } from './admission/handshakes.ts';
export type { ChildSpec } from './child-spec.ts';
export type { ChildReport } from './children-procedures.ts';
export type { ChildExplanation, ChildRow, ChildView } from './children-view.ts';
export type {
  Cluster,
  Member,
  Members,
  Metadata,
  NameEntry,
  NameEvent,
  NameQuery,
  Names,
  NodeStatus,
} from './cluster-view.ts';
export type { Coordination, Coordinator, OwnClaim, Standing } from './coordinator.ts';
export { type DnsSettings, dnsSource } from './discovery/dns.ts';
export { type GossipSettings, gossipSource } from './discovery/gossip.ts';
export { type KubernetesSettings, kubernetesSource } from './discovery/kubernetes.ts';
export { staticSource } from './discovery/static.ts';
export { ClusterError, type ClusterErrorCode } from './errors.ts';
export { type FenceRule, nodeOf, type TenantAccess } from './fence.ts';
export type { LinkView } from './link-view.ts';
export type { Fullness, Looking, Surroundings } from './looking.ts';
export {
  formatKey,
  formatNode,
  isNodeName,
  platformTenant,
  type RegistryKey,
  tenantNodeName,
  tenantOfNode,
} from './names.ts';
export { ClusterNode, type NodeOptions } from './node.ts';
export { connectOperator, type OperatorClient } from './operator-client.ts';
export {
  mayCall,
  type OperatorRights,
  operatorRights,
  type ProcedureAccess,
  tenantRight,
} from './operator-rights.ts';
export { createPlacement, ownerOf, type Placement, rank } from './placement.ts';
export type { AddressSource, SourceCall } from './ports/address-source.ts';
export { isUnexpected, ProcedureError, requestIdIn } from './procedure-error.ts';
export type { Caller, Procedure } from './procedures.ts';
export { defineTopic, type OnPublished, type Publisher, type PubSub, type Topic } from './pubsub.ts';
export { type RecordAnswer, type RecordQuestion, replayForms } from './record.ts';
export { actorCodec } from './router.ts';
export { type RunningNode, type StartNodeOptions, startNode } from './start-node.ts';
export { ClusterSupervisor, type ServeOptions } from './supervisor.ts';
export type { ChildKind } from './supervisor-keeper.ts';
export type { ChildRows } from './supervisor-rows.ts';
export { type TlsTransport, type TlsTransportOptions, tlsTransport } from './tls-transport.ts';
export type { Connection, PeerJudgement, Transport } from './transport.ts';
export { type TreePart, treeRows } from './tree-parts.ts';
