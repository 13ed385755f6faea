/**
 * The simulated database server: when statements begin, wait for locks, commit or end without anybody knowing how. Its
 * clock is its own. Between clients (`client.ts`), who lose sight of it, and the tables, which know nothing of time. One
 * lock for each tenant's lease row, shared by writes, alone for whoever moves the lease; all other rows need none here.
 */

import type { Random } from '../../../runtime/index.ts';
import { StoreError } from '../../../store/index.ts';
import { limits } from '../../../store/limits.ts';
import { type EventLoop, type Happening, socketPart } from '../event-loop.ts';
import { worldStartWallMs } from '../process-clock.ts';
import { committedChance, slowChance, slowStatementMs, statementMsMax } from './bounds.ts';
import type { LeaseTables, Snapshot } from './lease-tables.ts';

export type LockMode = 'share' | 'alone';

export interface Lock {
  readonly tenantId: string;
  readonly mode: LockMode;
  /** Taken when it is free, else left out: `SKIP LOCKED`. */
  readonly skips?: boolean;
}

export interface Statement<T> {
  /** Which lease rows it locks, by what it sees as it begins, in the order in which it does. */
  locks?(seen: Snapshot, nowMs: number): readonly Lock[];
  /** What it does and answers, when it has its locks. Throws what the server would refuse. */
  work(seen: Snapshot, nowMs: number, skipped: ReadonlySet<string>): T;
}

export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

interface Run {
  readonly statement: Statement<unknown>;
  readonly settle: (outcome: Outcome<unknown>) => void;
  readonly seen: Snapshot;
  readonly locks: readonly Lock[];
  readonly skipped: Set<string>;
  held: number;
  step: Happening | null;
}

export class Server {
  isUp = true;
  /** It stands still: connections stay, nothing is answered. */
  isHung = false;
  readonly tables: LeaseTables;
  private readonly loop: EventLoop;
  private readonly random: Random;
  private readonly running = new Set<Run>();
  private readonly waiting = new Map<string, Run[]>();
  private readonly holders = new Map<string, Map<Run | 'trouble', LockMode>>();
  /** What a server that stands still does when it goes on, and what its clients are told when it is killed instead. */
  private stuck: { readonly goOn: () => void; readonly settle: Run['settle'] | null }[] = [];

  constructor(loop: EventLoop, random: Random, tables: LeaseTables) {
    this.loop = loop;
    this.random = random;
    this.tables = tables;
  }

  nowMs(): number {
    return Math.floor(worldStartWallMs + this.loop.nowMs);
  }

  execute<T>(statement: Statement<T>, settle: (outcome: Outcome<T>) => void): void {
    if (this.isHung) {
      this.stuck.push({ goOn: () => this.execute(statement, settle), settle: settle as Run['settle'] });
      return;
    }
    const seen = this.tables.snapshot();
    const locks = statement.locks?.(seen, this.nowMs()) ?? [];
    const run: Run = {
      ...{ statement, seen, locks, settle: settle as Run['settle'] },
      ...{ skipped: new Set(), held: 0, step: null },
    };
    this.running.add(run);
    this.proceed(run);
  }

  /** Somebody else's transaction has the tenant's row, until `free`. */
  hold(tenantId: string): void {
    this.holdersOf(tenantId).set('trouble', 'alone');
  }

  free(tenantId: string): void {
    this.holdersOf(tenantId).delete('trouble');
    this.grant(tenantId);
  }

  hang(): void {
    this.isHung = true;
  }

  goOn(): void {
    this.isHung = false;
    for (const { goOn } of this.stuck.splice(0)) goOn();
  }

  /** Killed: what ran is undone, or done and nobody was told. */
  crash(): void {
    this.isUp = false;
    this.isHung = false;
    const unheard = this.stuck.splice(0);
    const killed = { error: new StoreError('store_unavailable', 'the server was killed') };
    for (const { settle } of unheard) settle?.(killed);
    const runs = [...this.running];
    this.running.clear();
    this.waiting.clear();
    this.holders.clear();
    for (const run of runs) {
      if (run.step !== null) run.step.cancelled = true;
      const isCommitted = run.held === run.locks.length && this.random.next() < committedChance;
      if (isCommitted) this.outcomeOf(run);
      run.settle(killed);
    }
  }

  start(): void {
    this.isUp = true;
  }

  private proceed(run: Run): void {
    const wanted = run.locks[run.held];
    if (wanted === undefined) {
      const slowMs = this.random.next() < slowChance ? slowStatementMs : 0;
      this.after(run, this.random.next() * statementMsMax + slowMs, () => this.commit(run));
      return;
    }
    const isTaken = this.take(run, wanted.tenantId, wanted.mode);
    if (isTaken || wanted.skips === true) {
      if (!isTaken) run.skipped.add(wanted.tenantId);
      run.held += 1;
      this.proceed(run);
      return;
    }
    const line = this.waiting.get(wanted.tenantId);
    if (line === undefined) this.waiting.set(wanted.tenantId, [run]);
    else line.push(run);
    this.after(run, limits.lockTimeoutMs, () => {
      const left = this.waiting.get(wanted.tenantId) ?? [];
      left.splice(left.indexOf(run), 1);
      this.finish(run, { error: lockTimeout(wanted.tenantId) });
    });
  }

  private commit(run: Run): void {
    this.finish(run, this.outcomeOf(run));
  }

  private outcomeOf(run: Run): Outcome<unknown> {
    try {
      return { value: run.statement.work(run.seen, this.nowMs(), run.skipped) };
    } catch (error) {
      return { error };
    }
  }

  private finish(run: Run, outcome: Outcome<unknown>): void {
    if (this.isHung) {
      this.stuck.push({ goOn: () => this.finish(run, outcome), settle: null });
      return;
    }
    this.running.delete(run);
    for (const { tenantId } of run.locks.slice(0, run.held)) {
      this.holdersOf(tenantId).delete(run);
      this.grant(tenantId);
    }
    run.settle(outcome);
  }

  private take(run: Run, tenantId: string, mode: LockMode): boolean {
    const holders = this.holdersOf(tenantId);
    for (const [holder, held] of holders)
      if (holder !== run && (held === 'alone' || mode === 'alone')) return false;
    holders.set(run, mode);
    return true;
  }

  private grant(tenantId: string): void {
    const line = this.waiting.get(tenantId) ?? [];
    for (let first = line[0]; first !== undefined; first = line[0]) {
      const { mode } = first.locks[first.held]!;
      if (!this.take(first, tenantId, mode)) return;
      line.shift();
      if (first.step !== null) first.step.cancelled = true;
      first.held += 1;
      this.proceed(first);
    }
  }

  private holdersOf(tenantId: string): Map<Run | 'trouble', LockMode> {
    let holders = this.holders.get(tenantId);
    if (holders === undefined) {
      holders = new Map();
      this.holders.set(tenantId, holders);
    }
    return holders;
  }

  /** A server that stands still does nothing of this until it goes on. */
  private after(run: Run, delayMs: number, then: () => void): void {
    run.step = this.loop.put(delayMs, socketPart, null, () => {
      if (this.isHung) this.stuck.push({ goOn: then, settle: null });
      else then();
    });
  }
}

function lockTimeout(tenantId: string): StoreError {
  const cause = Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' });
  return new StoreError('store_unavailable', `the lease of ${tenantId} is locked`, { cause });
}
