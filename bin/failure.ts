/**
 * How a command says no: a sentence on stderr that says what to do, and an exit status of the contract (1: refused or
 * failed, 2: usage).
 */
export class CommandFailure extends Error {
  readonly exitCode: 1 | 2;
  readonly code: string;

  constructor(code: string, message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.name = 'CommandFailure';
    this.code = code;
    this.exitCode = exitCode;
  }
}

export function usage(message: string): CommandFailure {
  return new CommandFailure('usage', message, 2);
}

/** The code that an error of any room carries. */
export function codeOf(error: unknown): string | null {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : null;
}
