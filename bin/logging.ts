/** Logs of a process: pino, one file per node, pretty where a person reads it on a terminal. */
import { existsSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { makeFolderAt } from '../certs/index.ts';
import type { Log } from '../runtime/index.ts';
import { logBytesMax } from './limits.ts';

/** To the file when one is given, else to stderr: pretty on a terminal, JSON lines otherwise. */
export function openLog(node: string, file: string | null, level: string): Logger {
  const options = { level, base: { node }, timestamp: pino.stdTimeFunctions.isoTime };
  if (file === null) {
    const onTerminal = process.stderr.isTTY;
    return pino(
      options,
      onTerminal ? pretty({ destination: 2, ignore: 'pid,hostname' }) : pino.destination(2),
    );
  }
  makeFolderAt(dirname(file), 0o700);
  if (existsSync(file) && statSync(file).size > logBytesMax) renameSync(file, `${file}.1`);
  return pino(options, pino.destination({ dest: file, sync: true, mode: 0o600 }));
}

/** The shape in which the rooms log. */
export function logOf(logger: Logger): Log {
  return (level, message, fields) => logger[level](fields, message);
}
