/**
 * Under whom the server runs: PostgreSQL refuses root, so a launcher that is root picks the owner of the data that is
 * there, else `postgres`, else `nobody`. As anyone else, the server runs as ourselves.
 */
import { readFileSync, statSync } from 'node:fs';
import { StoreError } from '../errors.ts';

export interface ServerAccount {
  uid: number;
  gid: number;
  name: string;
}

/** Null: as ourselves. */
export function serverAccount(pgData: string): ServerAccount | null {
  const self = process.getuid?.();
  if (self === undefined) {
    throw new StoreError(
      'embedded_unsupported',
      'the embedded database needs Unix sockets: set DATABASE_URL',
    );
  }
  const owner = ownerOf(pgData);
  if (self !== 0) {
    if (owner !== null && owner.uid !== self) {
      throw new StoreError(
        'embedded_unsafe_path',
        `${pgData} belongs to uid ${owner.uid}: start as that user or as root`,
      );
    }
    return null;
  }
  if (owner !== null && owner.uid !== 0) return owner;
  const passwd = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = passwd.find((line) => line.startsWith(`${name}:`))?.split(':');
    const uid = Number(fields?.[2]);
    const gid = Number(fields?.[3]);
    if (fields && Number.isInteger(uid) && uid > 0 && Number.isInteger(gid)) return { uid, gid, name };
  }
  throw new StoreError(
    'embedded_no_user',
    'PostgreSQL does not run as root and there is no user "postgres" or "nobody": add one, start as an ordinary user, ' +
      'or set DATABASE_URL',
  );
}

function ownerOf(path: string): ServerAccount | null {
  try {
    const { uid, gid } = statSync(path);
    return { uid, gid, name: `uid ${uid}` };
  } catch {
    return null;
  }
}
