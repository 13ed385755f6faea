/**
 * Asks for the coordinator's lease with this core's session, announces it while it is held, and gives it back when the
 * core drains. Between the store's port and the cluster, where every node reads who it is; decides by `coordinator-duty`.
 * Does none of the coordinator's work: who does asks `coordination.mine()` for the epoch, each time.
 */
import type { Cluster } from '../cluster/index.ts';
import { defineActor, messageOf, type Self } from '../runtime/index.ts';
import {
  type Duty,
  type DutyEffect,
  type DutyEvent,
  noDuty,
  standingOf,
  stepDuty,
} from './coordinator-duty.ts';
import { leaseAnswerMs, leaseAnswerMsMax, leaseRetryJitterMs } from './limits.ts';
import type { CoordinatorAnswer, CoordinatorStore } from './ports/coordinator-store.ts';

export interface CoordinatorNeeds {
  cluster: Cluster;
  coordinator: CoordinatorStore;
}

export interface CoordinatorProtocol {
  start: [];
  call: { duty(): Duty };
  cast: {
    /** Claims came or went. */
    claimsChanged(): void;
  };
}

interface CoordinatorState {
  duty: Duty;
  /** The question that is under way; null: none is. */
  asking: { number: number; askedMs: number; giveUp: number } | null;
  questions: number;
  waiting: number | null;
  /** The failure that was logged last, so that it is logged once. */
  told: string | null;
}

type CoordinatorSelf = Self<CoordinatorState>;

export function coordinator(needs: CoordinatorNeeds) {
  const { cluster } = needs;
  return defineActor<CoordinatorState, CoordinatorProtocol>({
    name: 'coordinator',
    trapExit: true,
    init(self) {
      self.state = { duty: noDuty, asking: null, questions: 0, waiting: null, told: null };
      const changed = () => void self.cast(self.ref).claimsChanged();
      cluster.coordination.watch(changed, self.signal);
      ask(self, needs);
      return self.state;
    },
    call: { duty: (self) => self.state.duty },
    cast: {
      claimsChanged(self) {
        const { coordination } = cluster;
        step(self, needs, { type: 'heard', epoch: coordination.highestEpoch() });
        if (coordination.now().by !== 'lease') step(self, needs, { type: 'freed' });
      },
    },
    info(self, info) {
      if (info.type === 'timeout' && info.tag === 'ask') ask(self, needs);
      else if (info.type === 'timeout') asked(self, needs, info.tag, null, null);
      else if (info.type === 'done')
        asked(self, needs, info.tag, info.value as CoordinatorAnswer | null, info.error);
      else if (info.type === 'exit') self.stop(info.reason);
    },
    async terminate(self) {
      const { epoch } = self.state.duty;
      if (epoch === null) return;
      // Whoever is told that it is free finds it so: given back first. What fails, the end of the session does.
      await needs.coordinator.release(cluster.node, cluster.boot, epoch).catch(() => {});
      cluster.coordination.resign();
    },
  });
}

function ask(self: CoordinatorSelf, needs: CoordinatorNeeds): void {
  const { state } = self;
  state.waiting = null;
  if (state.asking !== null) return;
  state.questions += 1;
  const number = state.questions;
  state.asking = {
    number,
    askedMs: self.monotonicMs(),
    giveUp: self.after(leaseAnswerMs, questionTag(number)),
  };
  const { node, boot, coordination } = needs.cluster;
  self.pipe(needs.coordinator.take(node, boot, coordination.highestEpoch()), questionTag(number));
}

function questionTag(number: number): string {
  return `question ${number}`;
}

/** Answered, failed, or given up; what comes after that is of the past, and the next question learns it anyway. */
function asked(
  self: CoordinatorSelf,
  needs: CoordinatorNeeds,
  tag: string,
  answer: CoordinatorAnswer | null,
  error: unknown,
): void {
  const { state } = self;
  if (state.asking === null || questionTag(state.asking.number) !== tag) return;
  const { askedMs, giveUp } = state.asking;
  self.cancel(giveUp);
  state.asking = null;
  if (answer !== null) {
    state.told = null;
    step(self, needs, { type: 'answered', askedMs, answer });
    return;
  }
  const code = (error as { code?: string } | null)?.code ?? 'no_answer';
  // A core that starts has no session for a moment.
  if (code !== 'session_lost' && state.told !== code) {
    state.told = code;
    self.log('warn', 'the lease of the coordinator could not be asked for', {
      error: error === null ? `no answer in ${leaseAnswerMs} ms` : messageOf(error),
    });
  }
  const isLate = self.monotonicMs() - askedMs > leaseAnswerMsMax;
  const why = code === 'session_lost' ? code : isLate ? 'late' : 'away';
  step(self, needs, { type: 'failed', why });
}

function step(self: CoordinatorSelf, needs: CoordinatorNeeds, event: DutyEvent): void {
  const { duty, effects } = stepDuty(self.state.duty, event);
  self.state.duty = duty;
  for (const effect of effects) perform(self, needs, effect);
}

function perform(self: CoordinatorSelf, { cluster }: CoordinatorNeeds, effect: DutyEffect): void {
  const { state } = self;
  switch (effect.type) {
    case 'claim': {
      const { epoch } = effect;
      self.log('info', 'this core coordinates', { epoch });
      const standing = () => standingOf(state.duty, self.monotonicMs());
      cluster.coordination.claim(self.ref, { epoch, standing });
      return;
    }
    case 'resign':
      self.log('info', 'this core coordinates no more', { epoch: cluster.coordination.highestEpoch() });
      cluster.coordination.resign();
      return;
    case 'ask': {
      if (state.waiting !== null) self.cancel(state.waiting);
      const jitterMs = effect.jittered ? self.random() * leaseRetryJitterMs : 0;
      state.waiting = self.after(effect.afterMs + jitterMs, 'ask');
      return;
    }
  }
}
