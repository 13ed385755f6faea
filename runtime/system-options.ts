/** What an actor system is made with. Whatever is not told is the machine's own, and nothing is logged. */
import type { Clock } from './clock.ts';
import type { LogLevel } from './definition.ts';
import type { Random } from './random.ts';

export type Log = (level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>) => void;

export interface SystemOptions {
  node?: string;
  boot?: number;
  clock?: Clock;
  random?: Random;
  log?: Log;
  /** In tests: what is sent locally is encoded and decoded, so that what cannot travel fails there. */
  copy?: (value: unknown) => unknown;
}
