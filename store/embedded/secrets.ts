/**
 * The two passwords of the embedded server, random, one file each beneath DATA/secrets: the bootstrap superuser's, which
 * only the launcher uses, and the login role's, which goes into the connection URL.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../errors.ts';

export interface Passwords {
  superuser: string;
  login: string;
}

/** Made when missing, but not when there are data that only the old ones open. */
export function passwordsOf(dataDir: string, dataExist: boolean): Passwords {
  const folder = join(dataDir, 'secrets');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    superuser: passwordIn(join(folder, 'postgres-superuser'), dataExist),
    login: passwordIn(join(folder, 'postgres-login'), dataExist),
  };
}

function passwordIn(path: string, dataExist: boolean): string {
  if (existsSync(path)) {
    const held = readFileSync(path, 'utf8').trim();
    if (/^[\w-]{16,}$/.test(held)) return held;
  }
  if (dataExist) {
    throw new StoreError(
      'embedded_secrets_missing',
      `${path} is missing or damaged, and the database beside it opens with nothing else: restore the file`,
    );
  }
  const fresh = randomBytes(24).toString('base64url');
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', 0o600);
  writeSync(file, `${fresh}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(temporary, path);
  return fresh;
}
