/**
 * The shape of a log that this room can write to; pino's loggers have it. Nothing secret is ever given to it: statements
 * are logged by their text, which holds no values.
 */
export interface StoreLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
}

export const silentLog: StoreLog = { info: () => {}, warn: () => {} };
