/**
 * Which tenants run on this core: a function of the tenant rows and the live cores. Starts and stops one supervised
 * tree per tenant; a tree that fails again and again waits and stops nobody else. Who may write is the lease's matter.
 */
import { type Cluster, ownerOf } from '../cluster/index.ts';
import {
  childOf,
  defineActor,
  type Info,
  messageOf,
  type Ref,
  type Self,
  supervisor,
} from '../runtime/index.ts';
import { placementSettleMs, tenantsReadMs, treeBackoffMs, treeStopMs } from './limits.ts';
import type { Tenant, TenantStore } from './ports/tenant-store.ts';
import { type TenantNeeds, tenant } from './tenant.ts';

export interface TenantsProtocol {
  start: [];
  call: { list(): Tenant[] };
  cast: {
    /** Rows or members may have changed. */
    refresh(): void;
  };
}

interface TenantsState {
  rows: Tenant[];
  trees: Map<string, Ref>;
  /** Trees that failed too often, until when they wait. */
  waiting: Map<string, number>;
  reading: boolean;
  /** Cores that start together see each other before they place anything. */
  settled: boolean;
}

export interface TenantsNeeds extends Omit<TenantNeeds, 'allowAll'> {
  cluster: Cluster;
  tenants: TenantStore;
  /** The slug of the one tenant that may watch the machine that it runs on; null for none. */
  ownMachineTenant: string | null;
  /** Whether this core's session allows it to hold leases at all. */
  usable(): boolean;
}

type TenantsSelf = Self<TenantsState>;

export function tenants(needs: TenantsNeeds) {
  return defineActor<TenantsState, TenantsProtocol>({
    name: 'tenants',
    trapExit: true,
    init(self) {
      self.register('tenants');
      const changed = () => self.cast(self.ref as Ref<TenantsProtocol>).refresh();
      needs.cluster.members.watch(changed, self.signal);
      self.state = { rows: [], trees: new Map(), waiting: new Map(), reading: false, settled: false };
      self.after(placementSettleMs, 'settled');
      read(self, needs);
      return self.state;
    },
    call: { list: (self) => self.state.rows },
    cast: {
      refresh: (self) => read(self, needs),
    },
    info: (self, info) => handleInfo(self, needs, info),
    async terminate(self) {
      const trees = [...self.state.trees.values()];
      await Promise.all(trees.map((tree) => stopTree(self, tree)));
    },
  });
}

function handleInfo(self: TenantsSelf, needs: TenantsNeeds, info: Info): void {
  const { state } = self;
  if (info.type === 'timeout') {
    state.settled ||= info.tag === 'settled';
    read(self, needs);
  } else if (info.type === 'done' && info.tag === 'rows') {
    state.reading = false;
    if (info.error === null) state.rows = info.value as Tenant[];
    else self.log('debug', 'tenants could not be read', { error: messageOf(info.error) });
    place(self, needs);
    self.after(tenantsReadMs, 'read');
  } else if (info.type === 'exit') {
    for (const [tenantId, tree] of state.trees) {
      if (tree.id !== info.ref.id) continue;
      state.trees.delete(tenantId);
      if (info.reason === 'killed') void giveBack(needs, tenantId);
      if (info.reason === 'shutdown' || info.reason === 'killed') continue;
      state.waiting.set(tenantId, self.monotonicMs() + treeBackoffMs);
      self.log('error', 'a tenant failed too often and waits', {
        tenant: tenantId,
        reason: info.reason,
        treeBackoffMs,
      });
    }
    place(self, needs);
  }
}

function read(self: TenantsSelf, needs: TenantsNeeds): void {
  // Placement does not wait for the rows: a member that died is acted on at once.
  place(self, needs);
  if (self.state.reading) return;
  self.state.reading = true;
  self.pipe(needs.tenants.list(), 'rows');
}

/** Starts what should run here and does not; stops what does and should not. */
function place(self: TenantsSelf, needs: TenantsNeeds): void {
  const { state } = self;
  if (!state.settled) return;
  const cores = needs.cluster.members.live('core');
  const mine = new Set(
    needs.usable()
      ? state.rows
          .filter((row) => row.status === 'active' && ownerOf(row.id, cores) === needs.cluster.node)
          .map(({ id }) => id)
      : [],
  );
  for (const [tenantId, tree] of state.trees) {
    if (!mine.has(tenantId)) self.exit(tree, 'shutdown');
  }
  for (const tenantId of mine) {
    const untilMs = state.waiting.get(tenantId) ?? 0;
    if (state.trees.has(tenantId) || untilMs > self.monotonicMs()) continue;
    state.waiting.delete(tenantId);
    state.trees.set(tenantId, self.spawnLink(treeOf(needs, tenantId, state)));
  }
}

function treeOf(needs: TenantsNeeds, tenantId: string, state: TenantsState) {
  const slugOf = (id: string) => state.rows.find((row) => row.id === id)?.slug ?? null;
  const allowAll = (id: string) => needs.ownMachineTenant !== null && slugOf(id) === needs.ownMachineTenant;
  return supervisor({ name: `tenant ${slugOf(tenantId)}`, restartsMax: 5, withinMs: 10_000 }, [
    { id: 'tenant', start: childOf(tenant({ ...needs, allowAll }), tenantId) },
  ]);
}

/** A tree that was killed could not release its lease, and this core's session would keep it for ever. */
async function giveBack({ leases, cluster }: TenantsNeeds, tenantId: string): Promise<void> {
  const { node, boot } = cluster;
  const lease = await leases.acquire(tenantId, node, boot).catch(() => null);
  if (lease?.granted === true) await leases.release(tenantId, node, boot, lease.epoch).catch(() => {});
}

async function stopTree(self: TenantsSelf, tree: Ref): Promise<void> {
  const ended = self.endedWithin(tree, treeStopMs);
  self.exit(tree, 'shutdown');
  if (!(await ended)) self.exit(tree, 'kill');
}
