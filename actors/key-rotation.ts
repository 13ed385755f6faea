/** Sees to the rotation of the vault's keys: asks every two seconds. What is due, the store knows. */
import type { Cluster } from '../cluster/index.ts';
import { coordinatedWork } from './coordinated-work.ts';
import { rotationLookMs } from './limits.ts';
import type { KeyRotation } from './ports/key-rotation.ts';

export interface KeyRotationNeeds {
  cluster: Pick<Cluster, 'coordination'>;
  rotation: KeyRotation;
}

export function keyRotation({ cluster, rotation }: KeyRotationNeeds) {
  return coordinatedWork({
    name: 'key_rotation',
    cluster,
    everyMs: rotationLookMs,
    failure: 'what is sealed could not all be sealed anew',
    run: (epoch, isStill) => rotation.runDue(epoch, isStill),
    // A look at which nothing was due says nothing of the failure before it.
    troubleOf: (turn) => turn?.error,
    ended(log, turn) {
      if (turn === null) return;
      const { key, resealed, unreadable, done } = turn;
      if (resealed > 0) log('info', 'rows were sealed anew', { key, resealed, unreadable, done });
    },
  });
}
