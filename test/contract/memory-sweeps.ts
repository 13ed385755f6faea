/** Sweeps and their runs in memory, for tests without a database; it keeps to the contract that the real store is held to. */
import {
  type NewSweep,
  noCounts,
  type Sweep,
  type SweepCounts,
  type SweepRun,
  termsOf,
} from '../../actors/ports/sweep.ts';
import type { SweepRunStore, SweepStore } from '../../actors/ports/sweep-store.ts';

type Writable<T> = { -readonly [name in keyof T]: T[name] };
interface Row {
  run: Writable<SweepRun>;
  epoch: number;
  done: Map<number, string>;
}

const refuse = (code: string) => Promise.reject(Object.assign(new Error(code), { code }));

export interface MemorySweeps {
  sweeps: SweepStore;
  sweepRuns: SweepRunStore;
  audit(tenantId: string): { event: string; subject: string; who: string; why: string | null }[];
}

class Tables {
  readonly sweeps = new Map<string, Sweep>();
  readonly rows = new Map<string, Row>();
  readonly audits: { tenantId: string; event: string; subject: string; who: string; why: string | null }[] =
    [];
  ids = 0;
  readonly nowMs: () => number;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  note(tenantId: string, event: string, { id: subject, name: why }: Sweep, who: string): void {
    this.audits.push({ tenantId, event, subject, who, why });
  }

  of(tenantId: string): Sweep[] {
    return [...this.sweeps].filter(([key]) => key.startsWith(`${tenantId}/`)).map(([, one]) => one);
  }

  runsOf(tenantId: string, sweepId: string): Row[] {
    return [...this.rows]
      .filter(([key, { run }]) => key.startsWith(`${tenantId}/`) && run.sweepId === sweepId)
      .map(([, row]) => row)
      .reverse();
  }

  shown({ run }: Row): SweepRun {
    return structuredClone({ ...run, ageMs: this.nowMs() - run.startedAtMs });
  }

  /** Null: a later epoch has it, or it is over. */
  held(tenantId: string, epoch: number, runId: string): Row | null {
    const row = this.rows.get(idOf(tenantId, runId));
    return row !== undefined && row.epoch === epoch && row.run.state === 'running' ? row : null;
  }
}

const idOf = (tenantId: string, id: string) => `${tenantId}/${id}`;

export function memorySweeps(nowMs: () => number): MemorySweeps {
  const tables = new Tables(nowMs);
  return {
    audit: (tenantId) => tables.audits.filter((one) => one.tenantId === tenantId),
    sweeps: sweepsOf(tables),
    sweepRuns: runsOf(tables),
  };
}

function sweepsOf(tables: Tables): SweepStore {
  const { sweeps, rows, nowMs } = tables;
  return {
    async add(tenantId, sweep: NewSweep, by) {
      if (tables.of(tenantId).some(({ name }) => name === sweep.name)) return refuse('sweep_exists');
      tables.ids += 1;
      const times = { createdAtMs: nowMs(), updatedAtMs: nowMs() };
      const made = { ...structuredClone(sweep), id: `swp_${tables.ids}`, version: 1, ...times };
      sweeps.set(idOf(tenantId, made.id), made);
      tables.note(tenantId, 'sweep_add', made, by);
      return made;
    },
    async enable(tenantId, id, enabled, by) {
      const one = sweeps.get(idOf(tenantId, id));
      if (one === undefined) return refuse('no_such_sweep');
      const next = { ...one, enabled, version: one.version + 1 };
      sweeps.set(idOf(tenantId, id), next);
      tables.note(tenantId, enabled ? 'sweep_enable' : 'sweep_disable', next, by);
      return next;
    },
    async remove(tenantId, id, by) {
      const one = sweeps.get(idOf(tenantId, id));
      if (one === undefined) return refuse('no_such_sweep');
      sweeps.delete(idOf(tenantId, id));
      for (const { run } of tables.runsOf(tenantId, id)) rows.delete(idOf(tenantId, run.id));
      tables.note(tenantId, 'sweep_remove', one, by);
      return one;
    },
    async list(tenantId) {
      const all = tables.of(tenantId).sort((a, b) => (a.name < b.name ? -1 : 1));
      return all.map((sweep) => {
        const [row] = tables.runsOf(tenantId, sweep.id);
        return { sweep, run: row === undefined ? null : tables.shown(row) };
      });
    },
    runs: async (tenantId, id, limit) =>
      tables
        .runsOf(tenantId, id)
        .slice(0, limit)
        .map((row) => tables.shown(row)),
  };
}

function runsOf(tables: Tables): SweepRunStore {
  const { sweeps, rows, nowMs } = tables;
  return {
    async begin(tenantId, epoch, { id: sweepId, version }, planned, by) {
      const sweep = sweeps.get(idOf(tenantId, sweepId));
      const isRunning = tables.runsOf(tenantId, sweepId).some(({ run }) => run.state === 'running');
      if (sweep?.version !== version || isRunning) return null;
      tables.ids += 1;
      const run: SweepRun = {
        ...{ id: `run_${tables.ids}`, sweepId, state: 'running', terms: termsOf(sweep), ...planned, by },
        ...{ doneSlices: 0, counts: noCounts, agents: [], redoneCount: 0, redone: [], why: null },
        ...{ startedAtMs: nowMs(), endedAtMs: null, ageMs: 0 },
      };
      const row = { run, epoch, done: new Map() };
      rows.set(idOf(tenantId, run.id), row);
      return tables.shown(row);
    },
    async claim(tenantId, epoch) {
      const mine = [...rows].filter(
        ([key, row]) => key.startsWith(`${tenantId}/`) && row.run.state === 'running' && row.epoch <= epoch,
      );
      return mine.map(([, row]) => {
        row.epoch = epoch;
        return { run: tables.shown(row), done: [...row.done.keys()].sort((a, b) => a - b) };
      });
    },
    async sliceDone(tenantId, epoch, runId, { slice, agent, counts, why }) {
      const row = tables.held(tenantId, epoch, runId);
      if (row === null) return null;
      if (!row.done.has(slice)) {
        row.done.set(slice, agent);
        const { run } = row;
        run.doneSlices += 1;
        run.counts = sum(run.counts, counts);
        run.agents = [...new Set([...run.agents, agent])];
        run.why ??= why;
      }
      return tables.shown(row);
    },
    async sliceRedone(tenantId, epoch, runId, redone) {
      const row = tables.held(tenantId, epoch, runId);
      if (row === null) return;
      row.run.redoneCount += 1;
      row.run.redone = [redone, ...row.run.redone].slice(0, 50);
    },
    async end(tenantId, epoch, runId, state, why) {
      const row = tables.held(tenantId, epoch, runId);
      if (row === null) return null;
      Object.assign(row.run, { state, why: why ?? row.run.why, endedAtMs: nowMs() });
      row.done.clear();
      return tables.shown(row);
    },
  };
}

function sum(a: SweepCounts, b: SweepCounts): SweepCounts {
  return {
    ...{ done: a.done + b.done, live: a.live + b.live, refused: a.refused + b.refused },
    ...{ untold: a.untold + b.untold, sent: a.sent + b.sent },
  };
}
