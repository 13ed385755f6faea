/** Logs of a process: pino, one file per node, pretty where a person reads it on a terminal. */
import { existsSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { makeFolderAt } from '../certs/index.ts';
import type { Log, LogRing } from '../runtime/index.ts';
import { logBytesMax, stderrBytesMax } from './limits.ts';
import { LogFile } from './log-file.ts';

/**
 * To the file when one is given, else to stderr: pretty on a terminal, JSON lines otherwise. `of`: what a line is a part of,
 * asked for each.
 */
export function openLog(
  node: string,
  file: string | null,
  level: string,
  ring: LogRing | null = null,
  of: () => { request?: string } = () => ({}),
): Logger {
  const options = { level, base: { node }, timestamp: pino.stdTimeFunctions.isoTime, mixin: of };
  if (file === null) {
    const onTerminal = process.stderr.isTTY;
    if (onTerminal) return pino(options, kept(ring, pretty({ destination: 2, ignore: 'pid,hostname' })));
    const stderr = pino.destination({ dest: 2, maxLength: stderrBytesMax });
    // It may be a file on a full disk.
    stderr.on('error', () => {});
    return pino(options, kept(ring, stderr));
  }
  makeFolderAt(dirname(file), 0o700);
  if (existsSync(file) && statSync(file).size > logBytesMax) renameSync(file, `${file}.1`);
  const missing = (fields: Record<string, unknown>, msg: string) =>
    `{"level":40${pino.stdTimeFunctions.isoTime()},${JSON.stringify({ node, ...fields, msg }).slice(1)}\n`;
  return pino(options, kept(ring, new LogFile(file, missing, (text) => void writeSync(2, text))));
}

/** What is written is kept at hand too. */
function kept(ring: LogRing | null, to: { write(text: string): unknown }): { write(text: string): void } {
  return {
    write(text) {
      ring?.push(text);
      to.write(text);
    },
  };
}

/** The shape in which the rooms log. */
export function logOf(logger: Logger): Log {
  return (level, message, fields) => logger[level](fields, message);
}
