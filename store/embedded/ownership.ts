/**
 * Paths that another user of the machine could have prepared for us: judged by owner and mode before they are trusted.
 */
import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StoreError } from '../errors.ts';

const writableByOthers = 0o022;

function refuse(path: string, why: string): never {
  throw new StoreError('embedded_unsafe_path', `${path} ${why}: remove it, then start again`);
}

/** Every file beneath is ours and nobody else can write it; as root, the same of every folder above. */
export function assertOnlyOurs(root: string): void {
  const self = process.getuid!();
  const visit = (path: string): void => {
    const stat = lstatSync(path);
    if (stat.uid !== self) refuse(path, `belongs to uid ${stat.uid}, not to uid ${self}`);
    if (stat.isSymbolicLink()) return;
    if ((stat.mode & writableByOthers) !== 0) refuse(path, 'can be written by others');
    if (stat.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
  };
  visit(root);
  if (self !== 0) return;
  for (let path = dirname(root); ; path = dirname(path)) {
    const stat = lstatSync(path);
    const sticky = (stat.mode & 0o1000) !== 0;
    if (stat.uid !== 0 || ((stat.mode & writableByOthers) !== 0 && !sticky))
      refuse(path, "is not root's alone");
    if (path === dirname(path)) return;
  }
}

/** Everyone may read (and run what can be run), only the owner may write: whatever the umask was. */
export function openToReaders(path: string): void {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return;
  const runs = stat.isDirectory() || (stat.mode & 0o100) !== 0;
  chmodSync(path, runs ? 0o755 : 0o644);
  if (stat.isDirectory()) for (const name of readdirSync(path)) openToReaders(join(path, name));
}
