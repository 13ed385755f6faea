/**
 * The coordinator's work on what flows and on what is over: rolls results up, makes and drops partitions, removes what was
 * archived long ago. Runs on every core and does something on the one that coordinates; asks each time. Two that think
 * they do are kept apart by the store.
 */
import type { Cluster } from '../cluster/index.ts';
import { defineActor, messageOf, type Self } from '../runtime/index.ts';
import { archivedKeptMs, archivedLookMs, rollupEveryMs, tendEveryMs } from './limits.ts';
import type { ArchiveStore, Purged } from './ports/archive-store.ts';
import type { RolledUp, TelemetryStore, Tended } from './ports/telemetry-store.ts';

export interface UpkeepProtocol {
  start: [];
  call: Record<never, never>;
  cast: Record<never, never>;
}

export interface UpkeepNeeds {
  cluster: Pick<Cluster, 'coordination'>;
  telemetry: TelemetryStore;
  /** Null: what was archived stays. */
  archive: ArchiveStore | null;
}

interface UpkeepState {
  tendedMs: number;
  purgedMs: number;
  /** The failure that was logged last, so that it is logged once. */
  told: string | null;
}

type UpkeepSelf = Self<UpkeepState>;

export function upkeep({ cluster, telemetry, archive }: UpkeepNeeds) {
  function turn(self: UpkeepSelf): void {
    if (cluster.coordination.mine() === null) {
      self.after(rollupEveryMs, 'turn');
      return;
    }
    if (self.monotonicMs() - self.state.tendedMs >= tendEveryMs) {
      self.state.tendedMs = self.monotonicMs();
      self.pipe(telemetry.tend(), 'tended');
    } else if (archive !== null && self.monotonicMs() - self.state.purgedMs >= archivedLookMs) {
      self.state.purgedMs = self.monotonicMs();
      self.pipe(archive.purge(archivedKeptMs), 'purged');
    } else self.pipe(telemetry.roll(), 'rolled');
  }
  return defineActor<UpkeepState, UpkeepProtocol>({
    name: 'upkeep',
    init(self) {
      self.after(rollupEveryMs, 'turn');
      return { tendedMs: Number.NEGATIVE_INFINITY, purgedMs: Number.NEGATIVE_INFINITY, told: null };
    },
    call: {},
    cast: {},
    info(self, info) {
      if (info.type === 'timeout') turn(self);
      else if (info.type === 'done') done(self, info.tag, info.value, info.error, () => turn(self));
    },
  });
}

function done(self: UpkeepSelf, tag: string, value: unknown, error: unknown, goOn: () => void): void {
  if (error !== null) {
    const told = messageOf(error);
    if (self.state.told !== told) self.log('warn', 'results were not rolled up or tended', { error: told });
    self.state.told = told;
    self.after(rollupEveryMs, 'turn');
    return;
  }
  self.state.told = null;
  if (tag === 'tended') {
    const { made, moved, dropped, failed } = value as Tended;
    if (made.length + moved.length + dropped.length + failed.length > 0)
      self.log('info', 'partitions were tended', { made, moved, dropped, failed });
    goOn();
    return;
  }
  if (tag === 'purged') {
    const { checks, devices, rows, failed } = value as Purged;
    if (checks + devices + failed.length > 0)
      self.log('info', 'what was archived long ago was removed', { checks, devices, rows, failed });
    goOn();
    return;
  }
  // What was away for a while catches up without a pause.
  if ((value as RolledUp).more) goOn();
  else self.after(rollupEveryMs, 'turn');
}
