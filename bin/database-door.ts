/**
 * The database that a command works on by itself, without a cluster: the one of DATABASE_URL, or the embedded one of a
 * data folder, beside the launcher that runs it or started for the time of the command.
 */
import { systemClock } from '../runtime/index.ts';
import {
  embeddedDataExist,
  openSchema,
  runningEmbedded,
  type Schema,
  startEmbedded,
} from '../store/index.ts';
import { dataFolder, prepareFolder } from './data-folder.ts';
import { CommandFailure } from './failure.ts';
import { openLog } from './logging.ts';

export interface DatabaseDoor {
  readonly data: string;
  /** `DATABASE_URL`. */
  readonly url: string | undefined;
  /** Whether a database may be made where there is none. */
  readonly mayMake: boolean;
  note(text: string): void;
}

export async function withSchema<T>(door: DatabaseDoor, work: (schema: Schema) => Promise<T>): Promise<T> {
  return await withDatabase(door, async (url) => {
    const schema = openSchema(url, systemClock());
    try {
      return await work(schema);
    } finally {
      await schema.close();
    }
  });
}

export async function withDatabase<T>(door: DatabaseDoor, work: (url: string) => Promise<T>): Promise<T> {
  const { url, stop } = await reach(door);
  // The server is a process of its own: an interrupted command must not leave it behind.
  const interrupted = () => void stop().finally(() => process.exit(1));
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, interrupted);
  try {
    return await work(url);
  } finally {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, interrupted);
    await stop();
  }
}

async function reach({
  data,
  url,
  mayMake,
  note,
}: DatabaseDoor): Promise<{ url: string; stop(): Promise<void> }> {
  const nothing = async () => {};
  if (url !== undefined && url !== '') return { url, stop: nothing };
  const folder = dataFolder(data);
  const running = runningEmbedded(folder.path);
  if (running !== null) return { url: running, stop: nothing };
  if (!mayMake && !embeddedDataExist(folder.path)) {
    throw new CommandFailure(
      'no_database',
      `there is no database in ${folder.path}: picket up or picket db migrate makes one; name another with --data or DATABASE_URL`,
    );
  }
  prepareFolder(folder);
  note(`starting the database in ${folder.path} ...`);
  const server = await startEmbedded({
    dataDir: folder.path,
    logFile: folder.at('logs/postgres.log'),
    clock: systemClock(),
    log: openLog('db', null, 'silent'),
  });
  return { url: server.url, stop: () => server.stop() };
}
