/**
 * One life of the server process: spawned with our configuration on the command line (so the code, not a file in the
 * data, says what holds), in its own process group (so a Ctrl-C at the terminal reaches the launcher alone), watched
 * until it answers.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fchmodSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { limits } from '../limits.ts';
import type { ServerAccount } from './account.ts';
import { type Binaries, serverEnvironment } from './binaries.ts';
import { inheritedDir, startFailure } from './initdb.ts';

export interface ServerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ServerLife {
  pid: number;
  exited: Promise<ServerExit>;
  /** Null while it runs. */
  exit(): ServerExit | null;
  /** What it wrote to its log in this life, the last part. */
  said(): string;
}

const settings = (socket: string): string[] => [
  'listen_addresses=',
  `unix_socket_directories=${socket}`,
  'unix_socket_permissions=0700',
  'port=5432',
  `max_connections=${limits.embeddedMaxConnections}`,
  `shared_buffers=${limits.embeddedSharedBuffersMib}MB`,
  'fsync=on',
  'full_page_writes=on',
  'synchronous_commit=on',
  // No replicas are fed from an embedded server, so its log need not carry what they would read.
  'wal_level=minimal',
  'max_wal_senders=0',
  'max_wal_size=512MB',
  'password_encryption=scram-sha-256',
  'jit=off',
  'timezone=UTC',
  'log_timezone=UTC',
  'log_destination=stderr',
  'logging_collector=off',
  'log_line_prefix=%m [%p] ',
  'log_checkpoints=off',
];

export interface ServerPlace {
  pgData: string;
  socket: string;
  logFile: string;
  binaries: Binaries;
  account: ServerAccount | null;
}

export async function spawnServer({
  pgData,
  socket,
  logFile,
  binaries,
  account,
}: ServerPlace): Promise<ServerLife> {
  if (existsSync(logFile) && statSync(logFile).size > limits.serverLogBytesMax)
    renameSync(logFile, `${logFile}.1`);
  const log = openSync(logFile, 'a+', 0o600);
  fchmodSync(log, 0o600);
  const bornAt = fstatSync(log).size;
  const folder = openSync(pgData, 'r');
  let child: ChildProcess;
  try {
    child = spawn(
      join(binaries.binDir, 'postgres'),
      ['-D', account ? inheritedDir : pgData, ...settings(socket).flatMap((setting) => ['-c', setting])],
      {
        cwd: '/',
        env: serverEnvironment,
        stdio: ['ignore', log, log, folder],
        detached: true,
        ...(account && { uid: account.uid, gid: account.gid }),
      },
    );
  } finally {
    closeSync(folder);
    closeSync(log);
  }
  let ended: ServerExit | null = null;
  const exited = new Promise<ServerExit>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = { code, signal };
      resolve(ended);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(startFailure('postgres', error.message)));
  });
  return { pid: child.pid!, exited, exit: () => ended, said: () => tail(logFile, bornAt) };
}

function tail(path: string, bornAt: number): string {
  const file = openSync(path, 'r');
  try {
    const size = fstatSync(file).size;
    const from = Math.max(bornAt, size - limits.serverLogTailBytes);
    const bytes = Buffer.alloc(Math.max(0, size - from));
    readSync(file, bytes, 0, bytes.length, from);
    return bytes.toString('utf8');
  } finally {
    closeSync(file);
  }
}
