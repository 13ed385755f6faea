/**
 * A fault that is put into every node of a history from outside, at a seam of the real code: no switch for it is in the
 * product. Each says what the checks must find; planted.test.ts keeps the first seed that finds it.
 */
import type { Plant } from '../world.ts';

export interface Planted {
  readonly name: string;
  readonly plant: Plant;
}
