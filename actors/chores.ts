/**
 * What a core does for tenants besides running them: finishes those that somebody began to make and did not (a killed
 * process, a database that was away), removes the data of those cancelled long ago, and hears of changes that others
 * announce. Each tenant is one core's, by placement; two that think so do no harm, the store sees to that.
 */
import { type Cluster, ownerOf } from '../cluster/index.ts';
import { defineActor, messageOf, type Ref, type Self } from '../runtime/index.ts';
import { cancelledKeptMs, provisioningWaitMs, purgeLookMs } from './limits.ts';
import type { TenantLives } from './ports/tenant-lives.ts';
import type { Tenant } from './ports/tenant-store.ts';
import { announceTenant, tenantsTopic } from './tenant-news.ts';
import type { TenantsProtocol } from './tenants.ts';

export interface ChoresProtocol {
  start: [];
  call: Record<never, never>;
  cast: Record<never, never>;
}

export interface ChoresNeeds {
  cluster: Cluster;
  lives: TenantLives;
  keeper(): Ref<TenantsProtocol> | null;
}

interface ChoresState {
  /** Half made at the last look; those that still are at the next are finished here. */
  half: Set<string>;
  purgeLookedMs: number;
  /** What is under way, by tenant. */
  busy: Set<string>;
}

type ChoresSelf = Self<ChoresState>;

export function chores(needs: ChoresNeeds) {
  return defineActor<ChoresState, ChoresProtocol>({
    name: 'chores',
    init(self) {
      const heard = () => {
        const keeper = needs.keeper();
        if (keeper !== null) self.cast(keeper).refresh();
      };
      needs.cluster.topics.subscribe(tenantsTopic, heard, self.signal);
      self.after(provisioningWaitMs, 'look');
      return { half: new Set(), purgeLookedMs: Number.NEGATIVE_INFINITY, busy: new Set() };
    },
    call: {},
    cast: {},
    info(self, info) {
      if (info.type === 'timeout') look(self, needs);
      else if (info.type === 'done' && info.tag === 'rows') {
        if (info.error === null) tend(self, needs, info.value as Tenant[]);
        self.after(provisioningWaitMs, 'look');
      } else if (info.type === 'done') tended(self, needs, info.tag, info.value as Done | null, info.error);
    },
  });
}

type Done = { tenant: Tenant; event: string } | null;

function look(self: ChoresSelf, needs: ChoresNeeds): void {
  const keeper = needs.keeper();
  if (keeper === null) self.after(provisioningWaitMs, 'look');
  else self.pipe(self.call(keeper).list(), 'rows');
}

function tend(self: ChoresSelf, needs: ChoresNeeds, rows: readonly Tenant[]): void {
  const { state } = self;
  const { cluster, lives } = needs;
  const cores = cluster.members.live('core');
  const mine = rows.filter(({ id }) => ownerOf(id, cores) === cluster.node && !state.busy.has(id));
  const half = mine.filter(({ status }) => status === 'provisioning');
  for (const { id } of half) {
    if (state.half.has(id)) begin(self, id, finish(lives, id));
  }
  state.half = new Set(half.map(({ id }) => id));
  if (self.monotonicMs() - state.purgeLookedMs < purgeLookMs) return;
  state.purgeLookedMs = self.monotonicMs();
  for (const { id, status, purgedAtMs } of mine) {
    if (status === 'cancelled' && purgedAtMs === null) begin(self, id, purge(lives, id));
  }
}

function begin(self: ChoresSelf, tenantId: string, work: Promise<Done>): void {
  self.state.busy.add(tenantId);
  self.pipe(work, tenantId);
}

async function finish(lives: TenantLives, tenantId: string): Promise<Done> {
  const tenant = await lives.provision(tenantId);
  return { tenant, event: tenant.status === 'failed' ? 'fail' : 'provisioned' };
}

/** Which of them are due, the store judges by the database's clock. */
async function purge(lives: TenantLives, tenantId: string): Promise<Done> {
  const answer = await lives.purge(tenantId, 'retention', cancelledKeptMs);
  return 'tenant' in answer ? { tenant: answer.tenant, event: 'purge' } : null;
}

function tended(self: ChoresSelf, needs: ChoresNeeds, tenantId: string, done: Done, error: unknown): void {
  self.state.busy.delete(tenantId);
  if (error !== null) {
    self.log('warn', 'a tenant could not be finished or purged', {
      tenant: tenantId,
      error: messageOf(error),
    });
    return;
  }
  if (done === null) return;
  self.log('info', 'a tenant was finished or purged', { tenant: tenantId, event: done.event });
  announceTenant(needs.cluster.topics, self, done.tenant, done.event);
}
