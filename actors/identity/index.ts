/** What others may use of the decision which sightings are the same device. */

export { idOf } from '../ports/device-id.ts';
export type { FinalState } from './final-state.ts';
export { finalPieces, finalState } from './final-state.ts';
export type { LineAnswer, LinesOptions } from './lines.ts';
export { LineReader } from './lines.ts';
export type { LineOutcome } from './outcomes.ts';
export { readUpdate } from './read-update.ts';
export { reconcileLines } from './reconcile-lines.ts';
export { Reconciler } from './reconciler.ts';
export { BadSnapshot, restore, snapshot } from './snapshot.ts';
