/** The names that the monitor's actors are found by: kinds and keys. Whose a name is, its key says. */
import { type RegistryKey, tenantOfNode } from '../cluster/index.ts';

export const defaultPartition = 'default';
export const platformTenant = 'platform';

/** Of the monitor's own names; whoever uses the cluster beside it may have others. */
export const nameKinds: readonly string[] = [
  'tenant',
  'scheduler',
  'health_monitor',
  'poller_door',
  'poller',
  'agent',
  'gateway',
  'source_keeper',
  'source_poller',
  'reconciler',
  'sweep_keeper',
  'sweep_runner',
  'listing_keeper',
  'writer',
  'document_desk',
  'coordinator',
  'topic',
];

export function tenantKey(tenantId: string): RegistryKey {
  return { tenant: tenantId, partition: defaultPartition, kind: 'tenant', id: tenantId };
}
export function schedulerKey(tenantId: string): RegistryKey {
  return { tenant: tenantId, partition: defaultPartition, kind: 'scheduler', id: tenantId };
}
export function pollerDoorKey(tenantId: string): RegistryKey {
  return { tenant: tenantId, partition: defaultPartition, kind: 'poller_door', id: tenantId };
}
export function healthKey(tenantId: string): RegistryKey {
  return { tenant: tenantId, partition: defaultPartition, kind: 'health_monitor', id: tenantId };
}
/** A tenant's own poller is a name of that tenant. */
export function pollerKey(node: string): RegistryKey {
  return { tenant: ownerOfNode(node), partition: defaultPartition, kind: 'poller', id: node };
}
export function writerKey(node: string): RegistryKey {
  return { tenant: platformTenant, partition: defaultPartition, kind: 'writer', id: node };
}
/** Where a core takes documents for the tenants that it holds. */
export function documentDeskKey(node: string): RegistryKey {
  return { tenant: platformTenant, partition: defaultPartition, kind: 'document_desk', id: node };
}
export function agentKey(node: string): RegistryKey {
  return { tenant: ownerOfNode(node), partition: defaultPartition, kind: 'agent', id: node };
}

/** An agent in a customer's network: a name of its tenant, on the node whose door it dialled. */
export function edgeAgentKey(tenant: string, partition: string, id: string): RegistryKey {
  return { tenant, partition, kind: 'agent', id };
}

/** The door of a poller for programs at the edge; its metadata say where: `address`. */
export function gatewayKey(node: string): RegistryKey {
  return { tenant: platformTenant, partition: defaultPartition, kind: 'gateway', id: node };
}

/** Of a tenant: who has its agents that only listen asked. */
export function sourceKeeperKey(tenantId: string): RegistryKey {
  return { tenant: tenantId, partition: defaultPartition, kind: 'source_keeper', id: tenantId };
}
/** Of a tenant: who decides which sightings are the same device. */
export function reconcilerKey(tenantId: string): RegistryKey {
  return { tenant: tenantId, partition: defaultPartition, kind: 'reconciler', id: tenantId };
}
/** Of a poller: who asks them. */
export function sourcePollerKey(node: string): RegistryKey {
  return { tenant: platformTenant, partition: defaultPartition, kind: 'source_poller', id: node };
}

/** Of a tenant: who has its sweeps run. */
export function sweepKeeperKey(tenantId: string): RegistryKey {
  return { tenant: tenantId, partition: defaultPartition, kind: 'sweep_keeper', id: tenantId };
}
/** Of an agent node: who sweeps for the cluster. */
export function sweepRunnerKey(node: string): RegistryKey {
  return { tenant: platformTenant, partition: defaultPartition, kind: 'sweep_runner', id: node };
}
/** Of a tenant: who lists its sources. */
export function listingKeeperKey(tenantId: string): RegistryKey {
  return { tenant: tenantId, partition: defaultPartition, kind: 'listing_keeper', id: tenantId };
}

function ownerOfNode(node: string): string {
  return tenantOfNode(node) ?? platformTenant;
}
