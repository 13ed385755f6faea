/** The door of the shell: the operator's way into a running node. */
export type { ShellAccess, ShellCall, ShellCommand, ShellScope } from './command.ts';
export { everyShellCommand } from './commands/every-command.ts';
export {
  type CompleteAnswer,
  type OpenAnswer,
  type OpenAsked,
  openShell,
  type ShellDoor,
  type ShellNeeds,
} from './door.ts';
export { ShellError, type ShellErrorCode } from './errors.ts';
export { nextWaitMs } from './limits.ts';
export { quoteWord, type SplitLine, splitPipe } from './parse-line.ts';
export type { SessionEvent, SessionRecord, SessionRecords } from './ports/session-record.ts';
export type { NextAnswer, Outcome } from './session-state.ts';
