/**
 * A file that appears whole or not at all: written beside its name, forced to the disk, then given the name. Between a
 * command that writes what somebody will rely on and the file system.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CommandFailure, codeOf } from './failure.ts';
import { recordWriteBytes } from './limits.ts';

export class NewFile {
  private readonly path: string;
  private readonly partial: string;
  private readonly force: boolean;
  private readonly handle: number;
  private waiting: string[] = [];
  private waitingBytes = 0;
  bytes = 0;

  /** Throws `file_exists` unless `force`, and `cannot_write`. */
  constructor(path: string, force: boolean) {
    this.path = judged(path, force);
    this.force = force;
    this.partial = join(dirname(this.path), `.${basename(this.path)}.${process.pid}.partial`);
    this.handle = this.guarded(() => openSync(this.partial, 'wx', 0o600));
  }

  line(text: string): void {
    this.waiting.push(text, '\n');
    this.waitingBytes += text.length + 1;
    if (this.waitingBytes >= recordWriteBytes) this.flush();
  }

  write(bytes: Uint8Array): void {
    this.flush();
    this.put(bytes);
  }

  /** Gives it its name. Throws `disk_full`, `file_exists` and `cannot_write`; then nothing is left of it. */
  finish(): void {
    this.flush();
    this.guarded(() => {
      fsyncSync(this.handle);
      closeSync(this.handle);
      if (this.force) renameSync(this.partial, this.path);
      else this.nameNew();
    });
  }

  abandon(): void {
    rmSync(this.partial, { force: true });
  }

  /** A link refuses a name that another process made meanwhile; some file systems have none. */
  private nameNew(): void {
    try {
      linkSync(this.partial, this.path);
      rmSync(this.partial);
    } catch (error) {
      if (codeOf(error) === 'EEXIST' || existsSync(this.path)) throw exists(this.path);
      renameSync(this.partial, this.path);
    }
  }

  /** Behind the lines before them. */
  data(bytes: Uint8Array): void {
    this.flush();
    this.put(bytes);
  }

  private flush(): void {
    const bytes = Buffer.from(this.waiting.join(''));
    this.waiting = [];
    this.waitingBytes = 0;
    this.put(bytes);
  }

  private put(bytes: Uint8Array): void {
    this.guarded(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.handle, bytes, at);
    });
    this.bytes += bytes.length;
  }

  private guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof CommandFailure) throw error;
      const code = codeOf(error);
      if (code === 'ENOSPC' || code === 'EDQUOT') {
        throw new CommandFailure('disk_full', `there is no room for ${this.path}: nothing was written`);
      }
      throw new CommandFailure('cannot_write', `${this.path} cannot be written: ${(error as Error).message}`);
    }
  }
}

/** The file itself, where it is a link to one. Never a device or a folder: giving it the name would take theirs. */
function judged(path: string, force: boolean): string {
  if (!existsSync(path)) return resolve(path);
  const full = realpathSync(path);
  if (!statSync(full).isFile()) throw new CommandFailure('cannot_write', `${path} is no file`);
  if (!force) throw exists(path);
  return full;
}

function exists(path: string): CommandFailure {
  return new CommandFailure('file_exists', `${path} is there already: name another file, or add --force`);
}
