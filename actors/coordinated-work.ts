/**
 * Work that one core does for all, again and again: an actor on every core that looks after each pause, does something on the
 * one that coordinates, one turn at a time, and logs a failure once. What is due is the store's matter; who
 * coordinates, `cluster.coordination` says, each time.
 */
import type { Cluster } from '../cluster/index.ts';
import { defineActor, messageOf, type Self } from '../runtime/index.ts';

export interface CoordinatedWork<Turn> {
  /** Of the actor. */
  readonly name: string;
  readonly cluster: Pick<Cluster, 'coordination'>;
  readonly everyMs: number;
  /** What is logged beside the reason when a turn fails. */
  readonly failure: string;
  /** `isStill`: this core coordinates under the same epoch, and the actor lives. */
  run(epoch: number, isStill: () => boolean): Promise<Turn>;
  /** Why a turn that came to its end did not do all. Absent: it did. Undefined: it says nothing of a failure before it. */
  troubleOf?(turn: Turn): string | null | undefined;
  ended(log: Self<unknown>['log'], turn: Turn): void;
}

export interface CoordinatedWorkProtocol {
  start: [];
  call: Record<never, never>;
  cast: Record<never, never>;
}

export interface WorkState {
  /** The failure that was logged last, so that it is logged once. */
  told: string | null;
}

export function coordinatedWork<Turn>(work: CoordinatedWork<Turn>) {
  return defineActor<WorkState, CoordinatedWorkProtocol>({
    name: work.name,
    init(self) {
      self.after(work.everyMs, 'look');
      return { told: null };
    },
    call: {},
    cast: {},
    info(self, info) {
      if (info.type === 'timeout') look(self, work);
      else if (info.type === 'done') {
        ended(self, work, info.value as Turn, info.error);
        self.after(work.everyMs, 'look');
      }
    },
  });
}

function look<Turn>(self: Self<WorkState>, { cluster, everyMs, run }: CoordinatedWork<Turn>): void {
  const epoch = cluster.coordination.mine();
  if (epoch === null) {
    self.after(everyMs, 'look');
    return;
  }
  const isStill = () => !self.signal.aborted && cluster.coordination.mine() === epoch;
  self.pipe(run(epoch, isStill), 'turn');
}

function ended<Turn>(self: Self<WorkState>, work: CoordinatedWork<Turn>, turn: Turn, error: unknown): void {
  const trouble = work.troubleOf ?? (() => null);
  const why = error === null ? trouble(turn) : messageOf(error);
  if (typeof why === 'string' && self.state.told !== why) self.log('warn', work.failure, { error: why });
  if (why !== undefined) self.state.told = why;
  if (error === null) work.ended((...said) => self.log(...said), turn);
}
