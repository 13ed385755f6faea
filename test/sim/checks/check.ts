/** What a check is: something that looks at a world, at any moment or when it has settled, and says what is wrong. */
import type { World } from '../world.ts';

export interface Check {
  readonly name: string;
  /** Before anything starts: to be told of things as they happen. */
  begin?(world: World): void;
  /** Must hold at every moment, in the middle of faults too. */
  always?(world: World): void;
  /** Must hold when nothing has disturbed the world for a while. */
  settled?(world: World): void;
}
