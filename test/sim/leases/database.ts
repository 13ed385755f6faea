/**
 * The whole simulated database: leases, accounts, tenants and checks, with its server and the judge who sees each commit;
 * and the ports on it for one process, most of them the store's own code over a unit of work that knows its statements.
 */

import type { Check, CheckEdit, NewCheck } from '../../../actors/ports/check.ts';
import type { CheckStore } from '../../../actors/ports/check-store.ts';
import type { CoordinatorStore } from '../../../actors/ports/coordinator-store.ts';
import type { LeaseStore } from '../../../actors/ports/lease-store.ts';
import type { ResultStore, TenantWrite } from '../../../actors/ports/result-store.ts';
import type { Tenant, TenantStore } from '../../../actors/ports/tenant-store.ts';
import { phaseOf } from '../../../actors/schedule.ts';
import type { Random } from '../../../runtime/index.ts';
import { createCoordinatorStore } from '../../../store/coordinator.ts';
import { StoreError } from '../../../store/index.ts';
import { createLeaseStore } from '../../../store/leases.ts';
import { limits } from '../../../store/limits.ts';
import { type Batch, toBatch } from '../../../store/result-batch.ts';
import type { Database, Parameter } from '../../../store/unit-of-work.ts';
import type { EventLoop } from '../event-loop.ts';
import { Client } from './client.ts';
import type { Flaw } from './flaws.ts';
import type { Judge } from './judge.ts';
import { isAlive, LeaseTables, type Snapshot } from './lease-tables.ts';
import { schedulesEnded } from './schedules.ts';
import { Server, type Statement } from './server.ts';
import type { SimProcess } from './sim-process.ts';
import { Telemetry } from './telemetry.ts';

export interface Ports {
  readonly client: Client;
  readonly leases: LeaseStore;
  readonly coordinator: CoordinatorStore;
  readonly results: ResultStore;
  readonly checks: CheckStore;
  readonly tenants: TenantStore;
}

export class ModelDatabase {
  readonly tables: LeaseTables;
  readonly telemetry: Telemetry;
  readonly server: Server;
  readonly tenantRows = new Map<string, Tenant>();
  readonly checks = new Map<string, Map<string, Check>>();
  /** Tenants of whom every statement fails. */
  readonly failing = new Set<string>();
  judge: Judge | null = null;
  private readonly loop: EventLoop;
  private readonly random: Random;
  private readonly flaw: Flaw | null;
  private checkCount = 0;

  constructor(loop: EventLoop, random: Random, flaw: Flaw | null = null) {
    this.loop = loop;
    this.random = random;
    this.flaw = flaw;
    this.tables = new LeaseTables(flaw);
    this.telemetry = new Telemetry(flaw);
    this.server = new Server(loop, random, this.tables);
  }

  checksOf(tenantId: string): Map<string, Check> {
    let checks = this.checks.get(tenantId);
    if (checks === undefined) {
      checks = new Map();
      this.checks.set(tenantId, checks);
    }
    return checks;
  }

  portsOf(process: SimProcess): Ports {
    const { controlConnectionsMax, queryConnectionsMax } = limits;
    const control = new Client(this.loop, this.random, this.server, process, controlConnectionsMax);
    const queries = control.beside(queryConnectionsMax);
    const clockOf = (nowMs: number) => (this.flaw === 'local_clock' ? process.clock.wallMs() : nowMs);
    const db = this.platform(control, clockOf);
    return {
      client: control,
      leases: createLeaseStore(db),
      coordinator: createCoordinatorStore(db),
      results: this.resultsOf(control, queries),
      checks: this.checkStoreOf(queries),
      tenants: {
        create: () => Promise.reject(new StoreError('store_unavailable', 'no new tenants here')),
        list: () => inTurn(queries, { work: () => [...this.tenantRows.values()] }),
        find: (id) => inTurn(queries, { work: () => this.tenantRows.get(id) ?? null }),
      },
    };
  }

  /** As much of a unit of work as the statements of leases and the coordinator need. */
  private platform(client: Client, clockOf: (nowMs: number) => number): Database {
    const query = (text: string, values: readonly Parameter[], timeoutMs = limits.queryTimeoutMs) =>
      client.ask(this.statementOf(text, values, clockOf), timeoutMs);
    const unit = { query, script: () => Promise.reject(new Error('no scripts here')) };
    const asPlatform = (work: (given: unknown) => Promise<unknown>) => client.inTurn(() => work(unit));
    return { asPlatform } as unknown as Database;
  }

  private statementOf(
    text: string,
    values: readonly Parameter[],
    clockOf: (nowMs: number) => number,
  ): Statement<Record<string, unknown>[]> {
    const { tables } = this;
    const [first, second, third, fourth] = values as [string, never, never, never];
    if (text.includes('INSERT INTO platform.sessions'))
      return { work: (_seen, nowMs) => this.renewed(first, second, nowMs) };
    if (text.includes('DELETE FROM platform.sessions')) return this.endOf(first, second);
    if (text.includes('INSERT INTO platform.leases')) return this.acquireOf(first, second, third, clockOf);
    if (text.includes('UPDATE platform.coordinator c'))
      return { work: (seen, nowMs) => [tables.takeCoordinator(first, second, third, seen, nowMs)] };
    if (text.includes('UPDATE platform.coordinator SET'))
      return { work: () => tables.releaseCoordinator(first, second, third) };
    if (text.includes('UPDATE platform.leases SET')) return this.releaseOf(first, second, third, fourth);
    throw new Error(`a statement that the model does not know: ${text}`);
  }

  private renewed(node: string, boot: number, nowMs: number) {
    const rows = this.tables.renew(node, boot, nowMs);
    if (rows.length > 0) this.judge?.renewed(node, boot, nowMs);
    return rows;
  }

  private endOf(node: string, boot: number): Statement<never[]> {
    const mine = (seen: Snapshot) =>
      [...seen.leases].filter(([, lease]) => lease.node === node && lease.boot === boot);
    return {
      locks: (seen) =>
        mine(seen)
          .map(([tenantId]) => ({ tenantId, mode: 'alone' as const }))
          .sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1)),
      work: () => {
        this.tables.end(node, boot);
        this.judge?.ended(node, boot);
        return [];
      },
    };
  }

  private acquireOf(
    tenantId: string,
    node: string,
    boot: number,
    clockOf: (nowMs: number) => number,
  ): Statement<Record<string, unknown>[]> {
    return {
      // Who has no session inserts nothing, and waits for nobody.
      locks: (seen, nowMs) =>
        isAlive(seen, node, boot, clockOf(nowMs)) ? [{ tenantId, mode: 'alone' }] : [],
      work: (seen, nowMs) => {
        const row = this.tables.acquire(tenantId, node, boot, seen, clockOf(nowMs));
        if (row.epoch !== null) this.judge?.granted(tenantId, node, boot, row.epoch, seen, nowMs);
        return [row];
      },
    };
  }

  private releaseOf(tenantId: string, node: string, boot: number, asked: number | null): Statement<never[]> {
    return {
      locks: ({ leases }) => {
        const lease = leases.get(tenantId);
        const isMine = lease?.node === node && lease.boot === boot && lease.epoch === (asked ?? lease.epoch);
        return isMine ? [{ tenantId, mode: 'alone' }] : [];
      },
      work: () => {
        const epoch = asked ?? this.tables.leases.get(tenantId)?.epoch ?? null;
        this.tables.release(tenantId, node, boot, epoch);
        if (epoch !== null) this.judge?.released(tenantId, node, boot, epoch);
        return [];
      },
    };
  }

  private resultsOf(control: Client, queries: Client): ResultStore {
    const { telemetry } = this;
    const asTenant = <T>(tenantId: string, work: () => T) => this.asTenant(queries, tenantId, work);
    return {
      write: (node, boot, writes) => control.inTurn(() => this.write(control, node, boot, writes)),
      accounted: (tenantId) =>
        asTenant(tenantId, () => telemetry.accounted(tenantId, [...this.checksOf(tenantId).keys()])),
      gapInstants: (tenantId, sinceMs) => asTenant(tenantId, () => telemetry.gapInstants(tenantId, sinceMs)),
      results: (tenantId, query) => asTenant(tenantId, () => telemetry.results(tenantId, query)),
      gaps: (tenantId, query) => asTenant(tenantId, () => telemetry.gaps(tenantId, query)),
    };
  }

  /** One statement or two, as the store makes them; each commits by itself. */
  private async write(client: Client, node: string, boot: number, writes: readonly TenantWrite[]) {
    if (writes.length === 0) return { fenced: [] };
    const { telemetry } = this;
    const rows = (of: Batch, held: Held) => telemetry.write(of, held);
    const progress = (of: Batch, held: Held) => telemetry.progress(of, held);
    const late = (of: Batch, held: Held) => telemetry.writeLate(of.late, held);
    const fenced = new Set<string>();
    const busy = new Set<string>();
    const step = async (batch: Batch, parts: readonly Part[]) => {
      const refused = await client.ask(this.writeOf(node, boot, batch, parts), limits.queryTimeoutMs);
      for (const { tenantId, isBusy } of refused) (isBusy ? busy : fenced).add(tenantId);
    };
    const batch = toBatch(writes);
    if (batch.late.length === 0) await step(batch, [rows, progress]);
    else {
      if (batch.results.length > 0 || batch.gaps.length > 0) await step(batch, [rows]);
      const left = toBatch(writes.filter(({ tenantId }) => !busy.has(tenantId)));
      if (left.late.length > 0) await step(left, [late, progress]);
    }
    return { fenced: [...fenced], busy: [...busy] };
  }

  private writeOf(
    node: string,
    boot: number,
    batch: Batch,
    parts: readonly Part[],
  ): Statement<{ tenantId: string; isBusy: boolean }[]> {
    const { tables } = this;
    return {
      locks: ({ leases }) =>
        batch.writes
          .filter(({ tenantId, epoch }) => {
            const lease = leases.get(tenantId);
            return lease?.node === node && lease.boot === boot && lease.epoch === epoch;
          })
          .map(({ tenantId }) => ({ tenantId, mode: 'share' as const, skips: this.flaw !== 'one_for_all' }))
          .sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1)),
      work: (_seen, nowMs, skipped) => {
        for (const { tenantId } of batch.writes) {
          if (this.failing.has(tenantId))
            throw new StoreError('query_failed', `a row of ${tenantId} was refused`);
        }
        const isBusy = (tenantId: string) => skipped.has(tenantId);
        const held = batch.writes.map(
          ({ tenantId, epoch }) => !isBusy(tenantId) && tables.isHeld(tenantId, node, boot, epoch),
        );
        const tenantOf = (n: number) => (held[n - 1] ? batch.writes[n - 1]!.tenantId : null);
        for (const part of parts) part(batch, tenantOf);
        batch.writes.forEach((write, at) => {
          if (held[at]) this.judge?.wrote(write, node, boot, nowMs);
        });
        return batch.writes
          .filter((_, at) => !held[at])
          .map(({ tenantId }) => ({ tenantId, isBusy: isBusy(tenantId) }));
      },
    };
  }

  private asTenant<T>(client: Client, tenantId: string, work: (nowMs: number) => T): Promise<T> {
    return inTurn(client, {
      work: (_seen, nowMs) => {
        if (this.failing.has(tenantId))
          throw new StoreError('no_such_tenant', `the database has no role of ${tenantId}`);
        return work(nowMs);
      },
    });
  }

  private checkStoreOf(queries: Client): CheckStore {
    return {
      add: (tenantId, checks) =>
        this.asTenant(queries, tenantId, (nowMs) => checks.map((one) => this.add(tenantId, one, nowMs))),
      list: (tenantId, archivedSinceMs) =>
        this.asTenant(queries, tenantId, () =>
          [...this.checksOf(tenantId).values()].filter(
            ({ archivedAtMs, schedule }) =>
              archivedAtMs === null || (schedule.at(-1)?.validToMs ?? 0) > archivedSinceMs,
          ),
        ),
      edit: (tenantId, checkId, edit) =>
        this.asTenant(queries, tenantId, (nowMs) => {
          const check = this.checksOf(tenantId).get(checkId);
          if (check === undefined || check.archivedAtMs !== null) return null;
          return this.edit(tenantId, check, edit, nowMs);
        }),
      remove: (tenantId, checkId) =>
        this.asTenant(queries, tenantId, (nowMs) => {
          const check = this.checksOf(tenantId).get(checkId);
          if (check === undefined || check.archivedAtMs !== null) return null;
          const ended = { ...check, archivedAtMs: nowMs, schedule: schedulesEnded(check.schedule, nowMs) };
          this.checksOf(tenantId).set(checkId, ended);
          return ended;
        }),
      restore: (tenantId, checkId) =>
        this.asTenant(queries, tenantId, (nowMs) => {
          const check = this.checksOf(tenantId).get(checkId);
          const last = check?.schedule.at(-1);
          if (check === undefined || last === undefined || check.archivedAtMs === null) return null;
          const { version, intervalMs, phaseMs, validToMs } = last;
          const validFromMs = Math.max(nowMs, validToMs ?? 0);
          const next = { version: version + 1, intervalMs, phaseMs, validFromMs, validToMs: null };
          const restored = { ...check, archivedAtMs: null, schedule: [...check.schedule, next] };
          this.checksOf(tenantId).set(checkId, restored);
          return restored;
        }),
    };
  }

  /** From `atMs` on. */
  edit(tenantId: string, check: Check, edit: CheckEdit, atMs: number): Check {
    const last = check.schedule.at(-1)!;
    const validFromMs = Math.max(last.validFromMs, atMs);
    const { intervalMs = last.intervalMs } = edit;
    const phaseMs = edit.intervalMs === undefined ? last.phaseMs : phaseOf(check.id, intervalMs);
    const next = { version: last.version + 1, intervalMs, phaseMs, validFromMs, validToMs: null };
    const schedule = [...schedulesEnded(check.schedule, validFromMs), next];
    const edited = { ...check, ...edit, schedule };
    this.checksOf(tenantId).set(check.id, edited);
    return edited;
  }

  add(tenantId: string, check: NewCheck, nowMs: number): Check {
    this.checkCount += 1;
    const id = `chk_${String(this.checkCount).padStart(6, '0')}`;
    const { intervalMs } = check;
    const version = {
      version: 1,
      intervalMs,
      phaseMs: phaseOf(id, intervalMs),
      validFromMs: nowMs,
      validToMs: null,
    };
    const made = { ...check, id, enabled: true, createdAtMs: nowMs, archivedAtMs: null, schedule: [version] };
    this.checksOf(tenantId).set(id, made);
    return made;
  }
}

type Held = (n: number) => string | null;
type Part = (batch: Batch, held: Held) => void;

function inTurn<T>(client: Client, statement: Statement<T>): Promise<T> {
  return client.inTurn(() => client.ask(statement, limits.queryTimeoutMs));
}
