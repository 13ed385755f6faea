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
import { leaseRetryMs, placementSettleMs, tenantsReadMs, treeBackoffMs, treeStopMs } from './limits.ts';
import type { TenantProtocol } from './messages.ts';
import { isRun } from './ports/tenant-lifecycle.ts';
import type { Tenant, TenantStore } from './ports/tenant-store.ts';
import { tenant } from './tenant.ts';
import { sameTerms, termsOf } from './tenant-news.ts';
import type { TenantNeeds } from './tenant-state.ts';

export interface TenantsProtocol {
  start: [];
  call: { list(): Tenant[] };
  cast: {
    /** Rows or members may have changed. */
    refresh(): void;
    /** This core's session had ended for a while: trees ask whether their lease is still theirs. */
    lapsed(): void;
    /** A tree ended without giving its lease back; `epoch` null: nobody knows which. */
    owed(tenantId: string, epoch: number | null): void;
  };
}

interface TenantsState {
  rows: Tenant[];
  trees: Map<string, Ref>;
  /** Trees that failed too often, until when they wait. */
  waiting: Map<string, number>;
  /** Leases that this core still has and no longer uses. */
  owed: Map<string, number | null>;
  reading: boolean;
  /** The timer after which the rows are read again. */
  next: number | null;
  /** Schemas that this code does not work with, told once. */
  unfit: Set<string>;
  /** Cores that start together see each other before they place anything. */
  settled: boolean;
}

export interface TenantsNeeds extends Omit<TenantNeeds, 'allowAll' | 'owed' | 'termsOf'> {
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
      const changed = () => self.cast(self.ref).refresh();
      needs.cluster.members.watch(changed, self.signal);
      self.state = {
        rows: [],
        trees: new Map(),
        waiting: new Map(),
        owed: new Map(),
        reading: false,
        next: null,
        unfit: new Set(),
        settled: false,
      };
      self.after(placementSettleMs, 'settled');
      read(self, needs);
      return self.state;
    },
    call: { list: (self) => self.state.rows },
    cast: {
      refresh: (self) => read(self, needs),
      lapsed(self) {
        for (const tenantId of self.state.trees.keys()) {
          const ref = self.whereis(`tenant:${tenantId}`) as Ref<TenantProtocol> | null;
          if (ref !== null) self.cast(ref).confirm();
        }
      },
      owed(self, tenantId, epoch) {
        self.state.owed.set(tenantId, epoch);
        giveBack(self, needs, tenantId);
      },
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
  if (info.type === 'timeout' && info.tag === 'owed') giveBack(self, needs, info.data as string);
  else if (info.type === 'timeout') {
    state.settled ||= info.tag === 'settled';
    read(self, needs);
  } else if (info.type === 'done' && info.tag === 'rows') {
    state.reading = false;
    if (info.error === null) takeRows(self, info.value as Tenant[]);
    else {
      // A database that is away is told by the session; anything else keeps all tenants from running.
      const level = (info.error as { code?: unknown }).code === 'store_unavailable' ? 'debug' : 'error';
      self.log(level, 'tenants could not be read', { error: messageOf(info.error) });
    }
    place(self, needs);
    // One timer, however often somebody asks for the rows in between.
    if (state.next !== null) self.cancel(state.next);
    state.next = self.after(tenantsReadMs, 'read');
  } else if (info.type === 'done' && info.error !== null) self.after(leaseRetryMs, 'owed', info.tag);
  else if (info.type === 'done') state.owed.delete(info.tag);
  else if (info.type === 'exit') {
    for (const [tenantId, tree] of state.trees) {
      if (tree.id !== info.ref.id) continue;
      state.trees.delete(tenantId);
      if (info.reason === 'killed') state.owed.set(tenantId, null);
      giveBack(self, needs, tenantId);
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

/** Trees that run hear what has changed in their rows. */
function takeRows(self: TenantsSelf, rows: Tenant[]): void {
  const { state } = self;
  const before = new Map(state.rows.map((row) => [row.id, row]));
  state.rows = rows;
  for (const row of rows) {
    const known = before.get(row.id);
    if (known === undefined || sameTerms(termsOf(known), termsOf(row))) continue;
    const ref = self.whereis(`tenant:${row.id}`) as Ref<TenantProtocol> | null;
    if (ref !== null) self.cast(ref).terms(termsOf(row));
  }
  for (const { id, slug, status, schemaFits } of rows) {
    if (schemaFits || !isRun(status)) state.unfit.delete(id);
    else if (!state.unfit.has(id)) {
      state.unfit.add(id);
      self.log('error', 'a tenant does not run: its schema is not one that this version works with', {
        tenant: slug,
      });
    }
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
          .filter(
            (row) => isRun(row.status) && row.schemaFits && ownerOf(row.id, cores) === needs.cluster.node,
          )
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
    state.owed.delete(tenantId);
    state.trees.set(tenantId, self.spawnLink(treeOf(self, needs, tenantId)));
  }
}

function treeOf(self: TenantsSelf, needs: TenantsNeeds, tenantId: string) {
  const { state, ref } = self;
  const slugOf = (id: string) => state.rows.find((row) => row.id === id)?.slug ?? null;
  const owed = (id: string, epoch: number | null) => {
    // A keeper that has ended owes nothing: the session that ends with it frees all leases.
    if (!self.signal.aborted) self.cast(ref as Ref<TenantsProtocol>).owed(id, epoch);
  };
  const allowAll = (id: string) => needs.ownMachineTenant !== null && slugOf(id) === needs.ownMachineTenant;
  const terms = (id: string) => termsOf(state.rows.find((row) => row.id === id)!);
  return supervisor({ name: `tenant ${slugOf(tenantId)}`, restartsMax: 5, withinMs: 10_000 }, [
    { id: 'tenant', start: childOf(tenant({ ...needs, allowAll, owed, termsOf: terms }), tenantId) },
  ]);
}

/**
 * A lease that is not given back is kept by this core's session for as long as the core lives, and nobody runs the
 * tenant: it is tried until the store has answered, or until a tree that runs here again has the lease.
 */
function giveBack(self: TenantsSelf, needs: TenantsNeeds, tenantId: string): void {
  const epoch = self.state.owed.get(tenantId);
  if (epoch === undefined || self.state.trees.has(tenantId)) return;
  self.pipe(releaseLease(needs, tenantId, epoch), tenantId);
}

async function releaseLease(needs: TenantsNeeds, tenantId: string, epoch: number | null): Promise<void> {
  const { leases, cluster } = needs;
  const { node, boot } = cluster;
  if (epoch !== null) return await leases.release(tenantId, node, boot, epoch);
  const lease = await leases.acquire(tenantId, node, boot);
  if (lease.granted) await leases.release(tenantId, node, boot, lease.epoch);
}

async function stopTree(self: TenantsSelf, tree: Ref): Promise<void> {
  const ended = self.endedWithin(tree, treeStopMs);
  self.exit(tree, 'shutdown');
  if (!(await ended)) self.exit(tree, 'kill');
}
