/**
 * Sees to the rotation of the vault's keys on the core that coordinates: asks every two seconds, one turn at a time. What
 * is due, the store knows; who coordinates, `cluster.coordination` says, each time.
 */
import type { Cluster } from '../cluster/index.ts';
import { defineActor, messageOf, type Self } from '../runtime/index.ts';
import { rotationLookMs } from './limits.ts';
import type { KeyRotation, RotationTurn } from './ports/key-rotation.ts';

export interface KeyRotationNeeds {
  cluster: Pick<Cluster, 'coordination'>;
  rotation: KeyRotation;
}

export interface KeyRotationProtocol {
  start: [];
  call: Record<never, never>;
  cast: Record<never, never>;
}

interface KeyRotationState {
  /** What was logged last, so that it is logged once. */
  told: string | null;
}

export function keyRotation(needs: KeyRotationNeeds) {
  return defineActor<KeyRotationState, KeyRotationProtocol>({
    name: 'key_rotation',
    init(self) {
      self.after(rotationLookMs, 'look');
      return { told: null };
    },
    call: {},
    cast: {},
    info(self, info) {
      if (info.type === 'timeout') look(self, needs);
      else if (info.type === 'done') {
        ended(self, info.value as RotationTurn | null, info.error);
        self.after(rotationLookMs, 'look');
      }
    },
  });
}

function look(self: Self<KeyRotationState>, { cluster, rotation }: KeyRotationNeeds): void {
  const epoch = cluster.coordination.mine();
  if (epoch === null) {
    self.after(rotationLookMs, 'look');
    return;
  }
  const isStill = () => !self.signal.aborted && cluster.coordination.mine() === epoch;
  self.pipe(rotation.runDue(epoch, isStill), 'turn');
}

function ended(self: Self<KeyRotationState>, turn: RotationTurn | null, error: unknown): void {
  const why = error === null ? (turn?.error ?? null) : messageOf(error);
  if (why !== null && self.state.told !== why)
    self.log('warn', 'what is sealed could not all be sealed anew', { error: why });
  // A look at which nothing was due says nothing of the failure before it.
  if (why !== null || turn !== null) self.state.told = why;
  if (turn === null) return;
  const { key, resealed, unreadable, done } = turn;
  if (resealed > 0) self.log('info', 'rows were sealed anew', { key, resealed, unreadable, done });
}
