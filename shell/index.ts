/** The door of the shell: the operator's way into a running node. */
export type { ShellAccess, ShellCall, ShellCommand, ShellScope } from './command.ts';
export type { SessionEvent, SessionRecord, SessionRecords } from './ports/session-record.ts';
