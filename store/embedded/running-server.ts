/**
 * The embedded server of a data directory that is up already: for commands that look into its database beside the launcher
 * that runs it. They need the right to read its secrets, as the launcher does.
 */
import { existsSync } from 'node:fs';
import { serverAccount } from './account.ts';
import { databaseName, loginName } from './bootstrap.ts';
import { lockHolder } from './lock-file.ts';
import { passwordsOf } from './secrets.ts';
import { socketPath } from './socket-dir.ts';
import { lockPathIn, pgDataIn } from './stop-server.ts';

/** For `openStore` and `openSchema`; `socket` is the folder of the server's Unix socket. */
export function urlOf(socket: string, password: string): string {
  return `postgresql://${loginName}:${password}@${encodeURIComponent(socket)}/${databaseName}`;
}

export function embeddedDataExist(dataDir: string): boolean {
  return existsSync(pgDataIn(dataDir));
}

/** The URL of the server that a living launcher runs in `dataDir`; null when none does. */
export function runningEmbedded(dataDir: string): string | null {
  const pgData = pgDataIn(dataDir);
  if (!existsSync(pgData) || lockHolder(lockPathIn(dataDir)) === null) return null;
  return urlOf(socketPath(dataDir, serverAccount(pgData)), passwordsOf(dataDir, true).login);
}
