/** The door of the shell: the operator's way into a running node. */
export type { ShellAccess, ShellCall, ShellCommand, ShellScope } from './command.ts';
export { everyShellCommand } from './commands/every-command.ts';
export {
  type CompleteAnswer,
  type LineAnswer,
  type OpenAnswer,
  type OpenAsked,
  openShell,
  type ShellDoor,
  type ShellNeeds,
} from './door.ts';
export { ShellError, type ShellErrorCode } from './errors.ts';
export { type ChainHead, type Entry, genesis, isFault, type ReadEntry, readEntry } from './journal/entry.ts';
export { RecordedError, type RecordedErrorCode } from './journal/errors.ts';
export { coreKeeper, declareKeeping, storeKeeper } from './journal/keepers.ts';
export {
  type JournalNeeds,
  type JournalVerdict,
  openSessionJournal,
  type SessionJournal,
} from './journal/open-journal.ts';
export { type JudgedFiles, journalFiles, judgeFiles } from './journal/read-files.ts';
export { type ReplayStep, replaySteps } from './journal/replay.ts';
export { type Chain, type ChainFault, type ChainNotice, chainFrom, follow } from './journal/verify.ts';
export { nextWaitMs } from './limits.ts';
export { shortLinkColumns, wideLinkColumns } from './link-columns.ts';
export { quoteWord, type SplitLine, splitPipe } from './parse-line.ts';
export type { RecordKeeper } from './ports/record-keeper.ts';
export type {
  ArchivedChain,
  ArchivedLine,
  ArchivedSession,
  SessionArchive,
  SessionQuery,
} from './ports/session-archive.ts';
export type { SessionEvent, SessionRecord, SessionRecords } from './ports/session-record.ts';
export type { NextAnswer, Outcome } from './session-state.ts';
export { characterCells, padCells, padCellsStart, textCells, unsafeCharacters } from './text-cells.ts';
