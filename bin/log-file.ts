/**
 * A log file on a disk that may be full: a line that cannot be written is counted, not thrown, because no process may end for
 * want of a line. When there is room again the first line says how many are missing; no line is ever half there.
 */
import { openSync, writeSync } from 'node:fs';
import { codeOf } from './failure.ts';

/** Writes as much as there is room for and answers how many bytes that was; throws when it is none. */
export type Append = (bytes: Buffer) => number;

export class LogFile {
  private readonly path: string;
  private readonly append: Append;
  private readonly line: (fields: Record<string, unknown>, message: string) => string;
  private readonly tell: (text: string) => void;
  private rest: Buffer = Buffer.alloc(0);
  private lost = 0;

  /** `line`: as the logger writes one. `tell`: told once for each time that there is no room. */
  constructor(
    path: string,
    line: (fields: Record<string, unknown>, message: string) => string,
    tell: (text: string) => void,
    append: Append = appender(path),
  ) {
    this.path = path;
    this.line = line;
    this.tell = tell;
    this.append = append;
  }

  write(text: string): void {
    const missing = this.lost === 0 ? '' : this.line({ lost: this.lost }, 'lines of the log were lost');
    const bytes = Buffer.concat([this.rest, Buffer.from(missing + text)]);
    const begunBytes = this.rest.length;
    let written = 0;
    try {
      while (written < bytes.length) written += this.append(bytes.subarray(written));
      this.rest = Buffer.alloc(0);
      this.lost = 0;
    } catch (error) {
      // What is begun is finished first, so that a reader finds whole lines; what is not is lost.
      const isBegun = written > begunBytes;
      if (this.lost === 0) this.say(error);
      this.rest = Buffer.from(bytes.subarray(written, isBegun ? bytes.length : begunBytes));
      this.lost = isBegun ? 0 : this.lost + 1;
    }
  }

  private say(error: unknown): void {
    try {
      this.tell(
        `picket: ${this.path} cannot be written (${codeOf(error)}): its lines are lost until it can\n`,
      );
    } catch {
      // Nobody is there to be told.
    }
  }
}

/** Opened when it is first written to, so that a full disk does not keep a process from starting. */
function appender(path: string): Append {
  let handle: number | null = null;
  return (bytes) => {
    handle ??= openSync(path, 'a', 0o600);
    return writeSync(handle, bytes);
  };
}
