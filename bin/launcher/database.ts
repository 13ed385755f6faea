/**
 * The database of a one-machine cluster: the one that DATABASE_URL names, or the embedded one, started by this launcher
 * and started again when it dies. The schema is brought up to date before any node starts.
 */
import { phaseOf } from '../../actors/index.ts';
import type { Clock } from '../../runtime/index.ts';
import { type EmbeddedServer, openStore, type Store, startEmbedded } from '../../store/index.ts';
import type { DataFolder } from '../data-folder.ts';
import { databaseRestartMs } from '../limits.ts';

export interface Database {
  readonly url: string;
  readonly store: Store;
  /** The embedded server's process, or null. */
  pid(): number | null;
  stop(): Promise<void>;
}

export interface DatabaseOptions {
  readonly folder: DataFolder;
  readonly url: string | undefined;
  readonly clock: Clock;
  readonly log: Parameters<typeof startEmbedded>[0]['log'] & object;
  onRestart(why: string): void;
  /** Progress, a line each. */
  note(text: string): void;
}

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { folder, clock, log } = options;
  let stopping = false;
  let server: EmbeddedServer | null = null;
  const start = async () => {
    const started = await startEmbedded({
      dataDir: folder.path,
      logFile: folder.at('logs/postgres.log'),
      clock,
      log,
    });
    server = started;
    void started.exited.then(({ code, signal }) => {
      if (stopping) return;
      options.onRestart(
        `the database ended with ${signal ?? `status ${code}`}; it is started again in ${databaseRestartMs} ms`,
      );
      clock.timer(databaseRestartMs, again);
    });
    return started;
  };
  const again = () => {
    if (stopping) return;
    start().catch((error: Error) => {
      options.onRestart(`the database does not start: ${error.message}`);
      clock.timer(databaseRestartMs * 10, again);
    });
  };
  const url = options.url ?? (await start()).url;
  const store = openStore({ url, phaseOf, clock, log });
  try {
    // A tenant whose schema stays behind is its own matter: it runs on while it is one version behind.
    await store.migrate({
      onProgress: ({ of, done, slug }) => options.note(`schema of ${done} of ${of} tenants (${slug})`),
      onFailed: ({ slug, error }) =>
        options.note(`the schema of tenant ${slug} stays as it is: ${error.message}`),
    });
  } catch (error) {
    stopping = true;
    await store.close();
    await (server as EmbeddedServer | null)?.stop();
    throw error;
  }
  return {
    url,
    store,
    pid: () => server?.pid ?? null,
    async stop() {
      stopping = true;
      await store.close();
      await server?.stop();
    },
  };
}
