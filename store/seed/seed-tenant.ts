/**
 * What a seeded tenant is made of, as whoever invents it hands it over. Between its inventor, who knows no database, and
 * `plant.ts`, which invents nothing.
 */
import type { Check, CheckStateRow, GapRow, NewCheck, ResultRow } from '../../actors/ports/check.ts';
import type { NewDevice } from '../../actors/ports/device.ts';
import type { DeviceEvent } from '../../actors/ports/device-lifecycle.ts';

/** Unix milliseconds, on the database's clock. */
export interface SeedWindow {
  fromMs: number;
  untilMs: number;
}

export interface SeedDevice extends NewDevice {
  createdAtMs: number;
  /** What happened to it since, in order; each must be allowed where the one before led. */
  life: readonly { event: DeviceEvent; atMs: number; why: string | null }[];
}

export interface SeedCheck extends NewCheck {
  /** Null: it lives. */
  archivedAtMs: number | null;
}

/** Told one by one; in the end what is left to say: the gaps between them, and the state that they led to. */
export type SeedHistory = Generator<ResultRow, { gaps: GapRow[]; state: CheckStateRow }>;

export interface SeedTenant {
  slug: string;
  name: string;
  plan: string;
  devices(window: SeedWindow): SeedDevice[];
  checks(window: SeedWindow): SeedCheck[];
  /** Rows that cover each due instant of the check within the window exactly once. */
  history(check: Check, window: SeedWindow): SeedHistory;
}

export interface Planted {
  tenantId: string;
  slug: string;
  /** False: it was there, and nothing was changed. */
  made: boolean;
  devices: number;
  checks: number;
  results: number;
  /** Due instants that gaps cover. */
  gapInstants: number;
  rollupMinutes: number;
}
