/**
 * The database of a simulated platform, as far as writing for a tenant goes: sessions and leases on its own clock, and
 * writes that are joined to the lease, as `store/leases.ts` and its result writer do in SQL. Between the real session,
 * tenant and writer actors (through their ports) and the check that one at most writes. A question may be lost on its
 * way there, or its answer on the way back.
 */
import type { CoordinatorAnswer, CoordinatorStore } from '../../actors/ports/coordinator-store.ts';
import type { LeaseAnswer, LeaseStore, Session } from '../../actors/ports/lease-store.ts';
import type { ResultStore, TenantWrite } from '../../actors/ports/result-store.ts';
import type { Tenant, TenantStore } from '../../actors/ports/tenant-store.ts';
import { tenantRow } from '../contract/tenant-row.ts';
import { sessionLifeMs, storeAnswerMs, storeLostMs } from './bounds.ts';
import { socketPart } from './event-loop.ts';
import type { Life } from './life.ts';
import { worldStartWallMs } from './process-clock.ts';
import type { World } from './world.ts';

interface SessionRow {
  boot: number;
  expiresAtMs: number;
}

interface LeaseRow {
  node: string | null;
  boot: number | null;
  epoch: number;
}

export const simTenants: readonly Tenant[] = ['acme', 'globex', 'initech'].map((slug) =>
  tenantRow(`${slug}tenant`, slug),
);

class SessionLost extends Error {
  readonly code = 'session_lost';
}

class StoreAway extends Error {
  readonly code = 'store_unavailable';
}

export class SimStore {
  private readonly world: World;
  private readonly sessions = new Map<string, SessionRow>();
  readonly leases = new Map<string, LeaseRow>();
  readonly coordinator: LeaseRow = { node: null, boot: null, epoch: 0 };
  /** The epoch that wrote last, by tenant. */
  private readonly wrote = new Map<string, number>();
  /** Nodes that cannot reach it now. */
  readonly away = new Set<string>();
  written = 0;
  fenced = 0;

  constructor(world: World) {
    this.world = world;
  }

  ports(life: Life) {
    const { name, boot } = life;
    const ask = <T>(what: () => T) => this.ask(life, what);
    const leases: LeaseStore = {
      renewSession: () => ask(() => this.renew(name, boot)),
      endSession: () => ask(() => this.end(name, boot)),
      acquire: (tenantId) => ask(() => this.acquire(tenantId, name, boot)),
      release: (tenantId, _node, _boot, epoch) => ask(() => this.release(tenantId, name, boot, epoch)),
    };
    const coordinator: CoordinatorStore = {
      take: (_node, _boot, known) => ask(() => this.take(name, boot, known)),
      release: (_node, _boot, epoch) => ask(() => giveBack(this.coordinator, name, boot, epoch)),
    };
    const results: ResultStore = {
      write: (_node, _boot, writes) => ask(() => this.write(life, writes)),
      accounted: () => ask(() => []),
      gapInstants: () => ask(() => 0),
      results: () => ask(() => []),
      gaps: () => ask(() => []),
    };
    const tenants: TenantStore = {
      create: () => Promise.reject(new StoreAway('no new tenants here')),
      list: () => ask(() => [...simTenants]),
      find: () => ask(() => null),
    };
    const nothing = () => ask(() => null);
    const changes = { edit: nothing, remove: nothing, restore: nothing };
    const checks = { add: () => ask(() => []), list: () => ask(() => []), ...changes };
    return { leases, coordinator, results, tenants, checks };
  }

  private nowMs(): number {
    return Math.floor(worldStartWallMs + this.world.loop.nowMs);
  }

  /** Runs the statement a little later, and its answer comes later still; one of the two may be lost. */
  private ask<T>(life: Life, statement: () => T): Promise<T> {
    const { world } = this;
    const { loop } = world;
    const there = world.random.next() * storeAnswerMs;
    const back = world.random.next() * storeAnswerMs;
    const isAway = this.away.has(life.name);
    const isRun = !isAway || world.chance(0.5);
    return new Promise((resolve, reject) => {
      loop.put(there, socketPart, null, () => {
        let settle: () => void;
        try {
          const value = isRun ? statement() : null;
          settle = () => resolve(value as T);
        } catch (error) {
          settle = () => reject(error);
        }
        if (isAway) loop.put(storeLostMs, socketPart, life, () => reject(new StoreAway('no answer')));
        else loop.put(back, socketPart, life, settle);
      });
    });
  }

  private renew(node: string, boot: number): Session {
    const known = this.sessions.get(node);
    if (known !== undefined && known.boot > boot)
      throw new StoreAway(`a later boot of ${node} has the session`);
    const expiresAtMs = this.nowMs() + sessionLifeMs;
    this.sessions.set(node, { boot, expiresAtMs });
    return { databaseNowMs: this.nowMs(), expiresAtMs };
  }

  private end(node: string, boot: number): void {
    if (this.sessions.get(node)?.boot === boot) this.sessions.delete(node);
    for (const lease of [this.coordinator, ...this.leases.values()]) {
      if (lease.node === node && lease.boot === boot) Object.assign(lease, { node: null, boot: null });
    }
  }

  private liveSession(node: string | null, boot: number | null): SessionRow | null {
    const session = node === null ? undefined : this.sessions.get(node);
    return session !== undefined && session.boot === boot && session.expiresAtMs > this.nowMs()
      ? session
      : null;
  }

  private acquire(tenantId: string, node: string, boot: number): LeaseAnswer {
    if (this.liveSession(node, boot) === null) throw new StoreAway(`${node} has no live session`);
    const databaseNowMs = this.nowMs();
    const lease = this.leases.get(tenantId);
    if (lease === undefined) {
      this.leases.set(tenantId, { node, boot, epoch: 1 });
      return { granted: true, epoch: 1, databaseNowMs };
    }
    if (lease.node === node && lease.boot === boot)
      return { granted: true, epoch: lease.epoch, databaseNowMs };
    const session = this.liveSession(lease.node, lease.boot);
    if (session !== null && !(lease.node === node && lease.boot! <= boot)) {
      const { node: holder, boot: holderBoot } = lease;
      return {
        granted: false,
        holder: holder!,
        holderBoot: holderBoot!,
        expiresAtMs: session.expiresAtMs,
        databaseNowMs,
      };
    }
    Object.assign(lease, { node, boot, epoch: lease.epoch + 1 });
    return { granted: true, epoch: lease.epoch, databaseNowMs };
  }

  private release(tenantId: string, node: string, boot: number, epoch: number | null): void {
    const lease = this.leases.get(tenantId);
    if (lease !== undefined) giveBack(lease, node, boot, epoch ?? lease.epoch);
  }

  private take(node: string, boot: number, known: number): CoordinatorAnswer {
    const own = this.liveSession(node, boot);
    if (own === null) throw new SessionLost(`${node} has no live session`);
    const { coordinator: lease } = this;
    const databaseNowMs = this.nowMs();
    const session = this.liveSession(lease.node, lease.boot);
    const isOwn = lease.node === node && lease.boot === boot;
    if (session !== null && !isOwn && !(lease.node === node && lease.boot! < boot)) {
      const { expiresAtMs } = session;
      return { granted: false, holder: lease.node!, epoch: lease.epoch, expiresAtMs, databaseNowMs };
    }
    if (!isOwn || lease.epoch < known)
      Object.assign(lease, { node, boot, epoch: Math.max(lease.epoch, known) + 1 });
    return { granted: true, epoch: lease.epoch, databaseNowMs, expiresAtMs: own.expiresAtMs };
  }

  private write(life: Life, writes: readonly TenantWrite[]): { fenced: string[] } {
    const refused: string[] = [];
    for (const { tenantId, epoch, results } of writes) {
      const lease = this.leases.get(tenantId);
      if (
        lease === undefined ||
        lease.node !== life.name ||
        lease.boot !== life.boot ||
        lease.epoch !== epoch
      ) {
        refused.push(tenantId);
        this.fenced += results.length;
        continue;
      }
      if (epoch < (this.wrote.get(tenantId) ?? 0))
        this.world.fail(`${tenantId}: epoch ${epoch} wrote after a later one`);
      this.wrote.set(tenantId, epoch);
      this.written += results.length;
      for (const { checkId } of results) {
        const made = `${life.name}.${life.boot}.${epoch}`;
        if (checkId !== made)
          this.world.fail(`${tenantId}: a row of ${checkId} was written as one of ${made}`);
      }
    }
    return { fenced: refused };
  }
}

function giveBack(lease: LeaseRow, node: string, boot: number, epoch: number): void {
  if (lease.node === node && lease.boot === boot && lease.epoch === epoch)
    Object.assign(lease, { node: null, boot: null });
}
