/**
 * The rows of sessions, leases and the coordinator's lease, and what each statement of `store/leases.ts` and
 * `store/coordinator.ts` does to them: the same conditions in the same order, on the database's clock. Synchronous; when
 * a statement begins, waits for a lock and commits is the server's matter (`server.ts`). A flaw takes one condition away.
 */
import { limits } from '../../../store/limits.ts';
import type { Flaw } from './flaws.ts';

export interface SessionRow {
  readonly boot: number;
  readonly expiresAtMs: number;
}

export interface LeaseRow {
  readonly node: string | null;
  readonly boot: number | null;
  readonly epoch: number;
}

/** What a statement sees of other rows than those that it locks: as of its start. */
export interface Snapshot {
  readonly sessions: ReadonlyMap<string, SessionRow>;
  readonly leases: ReadonlyMap<string, LeaseRow>;
  readonly coordinator: LeaseRow;
}

export interface AcquireRow extends Record<string, unknown> {
  now: number;
  epoch: number | null;
  alive: boolean;
  holder: string | null;
  holder_boot: number | null;
  expires_at: number | null;
}

export class LeaseTables {
  readonly sessions = new Map<string, SessionRow>();
  readonly leases = new Map<string, LeaseRow>();
  coordinator: LeaseRow = { node: null, boot: null, epoch: 0 };
  private readonly flaw: Flaw | null;

  constructor(flaw: Flaw | null = null) {
    this.flaw = flaw;
  }

  snapshot(): Snapshot {
    return {
      sessions: new Map(this.sessions),
      leases: new Map(this.leases),
      coordinator: this.coordinator,
    };
  }

  renew(node: string, boot: number, nowMs: number): { now: number; expires_at: number }[] {
    const known = this.sessions.get(node);
    if (known !== undefined && known.boot > boot) return [];
    const lapsed = known === undefined || known.expiresAtMs <= nowMs;
    const expiresAtMs = nowMs + limits.sessionLifeMs;
    this.sessions.set(node, { boot, expiresAtMs });
    if (this.flaw === 'renewal_takes_back' && lapsed) this.takeBack(node, boot);
    return [{ now: nowMs, expires_at: expiresAtMs }];
  }

  end(node: string, boot: number): void {
    if (this.sessions.get(node)?.boot === boot) this.sessions.delete(node);
    if (this.coordinator.node === node && this.coordinator.boot === boot)
      this.coordinator = { ...this.coordinator, node: null, boot: null };
    for (const [tenantId, lease] of this.leases) {
      if (lease.node === node && lease.boot === boot)
        this.leases.set(tenantId, { ...lease, node: null, boot: null });
    }
  }

  acquire(tenantId: string, node: string, boot: number, seen: Snapshot, nowMs: number): AcquireRow {
    const alive = isAlive(seen, node, boot, nowMs);
    const epoch = alive ? this.take(tenantId, node, boot, seen, nowMs) : null;
    const { node: holder = null, boot: holderBoot = null } = seen.leases.get(tenantId) ?? {};
    const session = holder === null ? undefined : seen.sessions.get(holder);
    return {
      now: nowMs,
      epoch,
      alive,
      holder,
      holder_boot: holderBoot,
      expires_at: session !== undefined && session.boot === holderBoot ? session.expiresAtMs : null,
    };
  }

  release(tenantId: string, node: string, boot: number, epoch: number): void {
    const lease = this.leases.get(tenantId);
    if (this.flaw === 'release_kept') return;
    if (lease?.node === node && lease.boot === boot && lease.epoch === epoch)
      this.leases.set(tenantId, { ...lease, node: null, boot: null });
  }

  /** Whether a write of this epoch may go through: the lease's row is locked meanwhile. */
  isHeld(tenantId: string, node: string, boot: number, epoch: number): boolean {
    const lease = this.leases.get(tenantId);
    if (this.flaw === 'write_unchecked') return lease !== undefined;
    if (this.flaw === 'holder_unchecked') return lease?.epoch === epoch;
    return lease?.node === node && lease.boot === boot && lease.epoch === epoch;
  }

  takeCoordinator(node: string, boot: number, known: number, seen: Snapshot, nowMs: number) {
    const me = seen.sessions.get(node);
    const mineUntil = me !== undefined && me.boot === boot && me.expiresAtMs > nowMs ? me.expiresAtMs : null;
    const before = this.coordinator;
    const isMine = before.node === node && before.boot === boot;
    const session = before.node === null ? undefined : this.sessions.get(before.node);
    const isThere = session !== undefined && session.boot === before.boot;
    const isFree =
      before.node === null ||
      (before.node === node && before.boot! < boot) ||
      (isMine && before.epoch < known) ||
      !isThere ||
      session.expiresAtMs <= nowMs;
    let mine: number | null = isMine ? before.epoch : null;
    if (mineUntil !== null && isFree) {
      mine = Math.max(before.epoch, known) + 1;
      this.coordinator = { node, boot, epoch: mine };
    }
    const { node: holder, boot: holderBoot, epoch } = seen.coordinator;
    const held = holder === null ? undefined : seen.sessions.get(holder);
    return {
      now: nowMs,
      mine_until: mineUntil,
      mine,
      holder,
      epoch,
      expires_at: held !== undefined && held.boot === holderBoot ? held.expiresAtMs : null,
    };
  }

  releaseCoordinator(node: string, boot: number, epoch: number): never[] {
    const { coordinator: lease } = this;
    if (lease.node === node && lease.boot === boot && lease.epoch === epoch)
      this.coordinator = { ...lease, node: null, boot: null };
    return [];
  }

  /** The epoch, when it is granted. The row is the present one: it is locked; sessions are as the statement began. */
  private take(tenantId: string, node: string, boot: number, seen: Snapshot, nowMs: number): number | null {
    const lease = this.leases.get(tenantId);
    if (lease === undefined) {
      this.leases.set(tenantId, { node, boot, epoch: 1 });
      return 1;
    }
    const isMine = lease.node === node && lease.boot === boot;
    const isEarlier = lease.node === node && lease.boot! <= boot;
    if (lease.node !== null && !isEarlier && !this.isLapsed(lease, seen, nowMs)) return null;
    const epoch = lease.epoch + (isMine || this.flaw === 'epoch_kept' ? 0 : 1);
    if (!isMine) this.former.set(tenantId, lease);
    this.leases.set(tenantId, { node, boot, epoch });
    return epoch;
  }

  private isLapsed(lease: LeaseRow, seen: Snapshot, nowMs: number): boolean {
    const session = seen.sessions.get(lease.node!);
    const early = this.flaw === 'taken_early' ? limits.sessionLifeMs - 1_200 : 0;
    return session === undefined || session.boot !== lease.boot || session.expiresAtMs - early <= nowMs;
  }

  /** Who had each lease before its present holder. */
  private readonly former = new Map<string, LeaseRow>();

  private takeBack(node: string, boot: number): void {
    for (const [tenantId, { epoch }] of this.leases) {
      const former = this.former.get(tenantId);
      if (former?.node === node && former.boot === boot) this.leases.set(tenantId, { node, boot, epoch });
    }
  }
}

export function isAlive(seen: Snapshot, node: string, boot: number, nowMs: number): boolean {
  const session = seen.sessions.get(node);
  return session !== undefined && session.boot === boot && session.expiresAtMs > nowMs;
}
