/**
 * May this session say this line? Pure: the line's words, the command that they name, and what the certificate and the
 * session allow. Fails closed: what is not stated to be for a tenant's operator is not.
 */
import type { OperatorRights } from '../cluster/index.ts';
import type { ShellCommand } from './command.ts';
import type { ShellErrorCode } from './errors.ts';
import { parseLine } from './parse-line.ts';
import type { Outcome } from './session-state.ts';

export interface SessionRights {
  readonly rights: OperatorRights;
  /** It was opened with `--write`, by a certificate that has the right. */
  readonly mayWrite: boolean;
  /** The node runs JavaScript of operators. */
  readonly allowsEval: boolean;
}

export interface JudgedLine {
  /** Null when no known command is named. */
  readonly command: ShellCommand | null;
  readonly words: readonly string[];
  readonly refusal: Outcome | null;
}

export type Commands = ReadonlyMap<string, ShellCommand>;

export function judgeLine(line: string, commands: Commands, session: SessionRights): JudgedLine {
  const parsed = parseLine(line);
  if (!parsed.ok) return refused(null, [], 'bad_line', parsed.detail);
  const [name, ...words] = parsed.words.map(({ text }) => text);
  if (name === undefined) return refused(null, [], 'bad_line', 'the line is empty');
  const command = commands.get(name) ?? null;
  if (command === null)
    return refused(null, words, 'no_such_command', `there is no command "${name}": help lists them`);
  const why = judgeAccess(command, session);
  return { command, words, refusal: why };
}

/** Null: it may be said. */
export function judgeAccess(
  command: ShellCommand,
  { rights, mayWrite, allowsEval }: SessionRights,
): Outcome | null {
  const { name, access } = command;
  if (rights.tenant !== null && command.forTenants !== true)
    return { code: 'not_for_tenants', detail: `${name} is not for an operator of one tenant` };
  if (access === 'read') return null;
  if (access === 'eval' && !rights.eval)
    return { code: 'no_right', detail: `${name} needs the right "eval" in the certificate` };
  if (access === 'eval' && !allowsEval)
    return {
      code: 'eval_off',
      detail: 'this node runs no JavaScript of operators: see picket node --allow-eval',
    };
  if (!mayWrite)
    return { code: 'read_only', detail: `${name} changes something: open the session with --write` };
  return null;
}

function refused(
  command: ShellCommand | null,
  words: readonly string[],
  code: ShellErrorCode,
  detail: string,
): JudgedLine {
  return { command, words, refusal: { code, detail } };
}
