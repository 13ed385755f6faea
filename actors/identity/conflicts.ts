/** Evidence that was overruled because of what else is known: told to people, who may decide otherwise. */
import type { Identifier } from './evidence.ts';

export interface Conflict {
  readonly identifier: Identifier;
  readonly reason: /** It ties what cannot be one device. */
    | 'shared'
    /** Two devices have a MAC in common and nothing else. */
    | 'mac_only_conflict'
    /** A locally administered MAC alone. */
    | 'medium_confidence_only'
    /** A sender asserts one id for what has two values of a single-valued kind. */
    | 'asserted_conflict';
}
