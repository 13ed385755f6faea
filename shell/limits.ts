/** Every bound of the remote shell, by name, unit last. */

// Sessions
/** Of one certificate, and of all on one node: each costs a journal and, while a line runs, two pieces of its output. */
export const sessionsPerOperatorMax = 8;
export const sessionsPerNodeMax = 64;
/** Of all operators of one tenant, and of all tenants together: the rest of the node's is for those who run it. */
export const sessionsPerTenantMax = 16;
export const sessionsOfTenantsMax = 48;
/** A prompt at which nobody does anything; a shell that comes back later gets another session by itself. */
export const sessionIdleMs = 30 * 60 * 1_000;
/** A line whose output nobody asks for is ended: its operator's machine is gone, and its connection has not noticed. */
export const runUnreadMs = 30_000;
/** How often the two are looked at. */
export const sessionLookMs = 1_000;
/** One request for the next piece waits this long for one: well below the deadline of a relayed call. */
export const nextWaitMs = 5_000;

// The record: what one certificate may have written down on a node
/** Lines and opened sessions: a program that looks at everything goes at this pace, and each `picket exec` is one of each. */
export const linesAtOncePerOperatorMax = 2_000;
export const linesPerSPerOperatorMax = 100;
/** Three quarters of a journal that no core takes: one stolen certificate does not keep all others out. */
export const recordedBytesAtOncePerOperatorMax = 48 * 1_024 * 1_024;
/** A day of somebody who looks at long answers all day has a tenth of it, or less. */
export const recordedBytesPerDayPerOperatorMax = 512 * 1_024 * 1_024;
/** All operators of one tenant together have as much as this many certificates. */
export const tenantShares = 2;
/** Of an entry, beside what it says: hashes, names, numbers. */
export const recordedEntryBytes = 320;
/** Certificates and tenants that are counted; of more those that were used least lately are forgotten. */
export const budgetsKeptMax = 10_000;
/** How often it is logged of a certificate, or of a tenant, that it says more than it may. */
export const overToldMs = 60_000;

// Lines
export const lineCharactersMax = 8_192;
export const wordsMax = 256;
/** What a terminal may say of itself. */
export const terminalCellsMax = 1_000;

// Output
/** Of one piece: some screens, and encoded in well under a millisecond. */
export const pieceCharactersMax = 64 * 1_024;
/** A piece that is put together of lines goes when it has this much. */
export const pieceCharactersFull = 48 * 1_024;
/** Of one line's output the record keeps this much, as the journal does; past it the operator reads on, and only a count is kept. */
export const outputKeptCharactersMax = 256 * 1_024;
/** Rows that a command makes in one turn of the node, some 2 ms of work. */
export const rowsPerPieceMax = 200;

// Deadlines of commands
/** A look that asks nobody else. */
export const lookDeadlineMs = 10_000;
/** What asks a core or another node, which may be slow. */
export const askDeadlineMs = 30_000;
/** One procedure that a command asks for. */
export const askMs = 15_000;
/** After a line was told to end, it is left to itself after this. */
export const endGraceMs = 1_000;
/** An actor that is asked to end runs its own end within this, or is reported to run still. */
export const actorEndMs = 8_000;
/** How often it is looked whether a supervisor has started an actor again. */
export const restartLookMs = 50;
/** What is sent to an actor and awaited. */
export const sendAnswerMs = 5_000;

// Completion
export const completeMs = 2_000;
export const completionsMax = 200;
/** Names that are looked through for them. */
export const completionNamesMax = 2_000;

// JavaScript
/** Of a part that runs without a pause: nothing else happens on the node meanwhile. */
export const evalTurnMs = 200;
/** What it awaited goes on this much later at most. */
export const evalPumpMs = 5;
/** Of all of it, with what it awaits. */
export const evalDeadlineMs = 5_000;
export const evalOutputCharactersMax = 64 * 1_024;

// Looking into a node
/** Actors whose names are looked through at once for the one that is meant: well below a millisecond. */
export const actorsLookedThroughMax = 10_000;
/** Of what is printed of a state, unless told otherwise, and at most. */
export const printCharactersDefault = 64 * 1_024;
export const printCharactersMax = 16 * 1_024 * 1_024;
/** How often what is live is shown anew, and how soon what happened is told. */
export const liveEveryMs = 1_000;
export const liveLookMs = 100;
/** Actors that `top` shows, whatever the height of the terminal. */
export const topRowsMax = 200;
/** A trace ends by itself after this long or so many messages, unless told otherwise, and at most. */
export const tracePerSDefault = 100;
export const tracePerSMax = 2_000;
export const traceForMsDefault = 30_000;
export const traceForMsMax = 10 * 60 * 1_000;
export const traceMessagesDefault = 1_000;
export const traceMessagesMax = 100_000;
/** What waits for an operator who does not read; more is counted. */
export const liveWaitingMax = 1_000;
export const logLinesDefault = 50;
/** Of a bound that is worth a line of `info`. */
export const nearFullShare = 0.5;
