/**
 * A real PostgreSQL in a temporary folder for tests, started by our own launcher: the packaged one and, where Debian's
 * PostgreSQL 15 is installed, that one too. Works as root and as an ordinary user.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../runtime/clock.ts';
import {
  type EmbeddedServer,
  liveRing,
  openKeyRing,
  openStore,
  ringStamp,
  type Store,
  startEmbedded,
} from '../../store/index.ts';

export interface Flavour {
  name: string;
  binDir: string | undefined;
  /** Why it cannot be tested here; null when it can. */
  missing: string | null;
}

const debian15 = '/usr/lib/postgresql/15/bin';

export const flavours: readonly Flavour[] = [
  { name: 'the packaged PostgreSQL 18', binDir: undefined, missing: null },
  {
    name: "Debian's PostgreSQL 15",
    binDir: debian15,
    missing: existsSync(join(debian15, 'initdb')) ? null : `${debian15} is not installed`,
  },
];

export const clock = systemClock();

/** A stand-in for the scheduler's phase: any pure function of id and interval will do. */
export const phaseOf = (checkId: string, intervalMs: number): number =>
  (checkId.charCodeAt(5) * 7919) % intervalMs;

export function scratchDir(): string {
  return mkdtempSync(join(tmpdir(), 'picket-store-'));
}

export function startIn(dataDir: string, flavour: Flavour = flavours[0]!): Promise<EmbeddedServer> {
  const binDir = flavour.binDir === undefined ? {} : { binDir: flavour.binDir };
  return startEmbedded({ dataDir, logFile: join(dataDir, 'postgres.log'), clock, ...binDir });
}

/** Where the keys lie that a scratch database's rows are sealed with. */
export const ringOf = (dataDir: string) => join(dataDir, 'vault.keys');

export interface ScratchDatabase {
  dataDir: string;
  server: EmbeddedServer;
  store: Store;
  close(): Promise<void>;
}

export async function scratchDatabase(flavour: Flavour = flavours[0]!): Promise<ScratchDatabase> {
  const dataDir = scratchDir();
  const server = await startIn(dataDir, flavour);
  const ring = ringOf(dataDir);
  const keys = liveRing(
    () => openKeyRing(ring, clock.wallMs()),
    () => ringStamp(ring),
  );
  const store = openStore({ url: server.url, phaseOf, clock, keys });
  await store.migrate();
  return {
    dataDir,
    server,
    store,
    async close() {
      await store.close();
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
