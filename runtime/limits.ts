/**
 * Every bound of the runtime, by name, unit last. A definition or a child spec may say otherwise where it is noted.
 */

/** User messages that wait in one mailbox; a definition may set its own. */
export const mailboxMessagesMax = 100_000;
/** A mailbox ring starts with this many places (a power of two) and doubles up to its bound. */
export const mailboxStartMessages = 8;
/** Actors of neighbouring ids that share a page of the table; one that outlives the others keeps its page (half a KB). */
export const cellPageBits = 6;
/** Messages that one actor handles before the next one gets its turn. */
export const turnMessagesMax = 256;
/**
 * After this long without a return to the event loop the run queue yields, so that sockets and heartbeats are served. An
 * actor looks after its 1st, 2nd, 4th, 8th ... message of a turn: handlers of even cost overrun it twofold at most.
 */
export const sliceMs = 4;
/** A call without a deadline of its own. */
export const callTimeoutMs = 5_000;
/** How long a child may take to stop before it is killed; a child spec may say otherwise. */
export const shutdownMs = 5_000;
/** How long a restart waits for a dead child's last async handler to settle before it is counted as a zombie. */
export const zombieWaitMs = 5_000;
/** Restart intensity of a supervisor unless it says otherwise: more than this many restarts within the window gives up. */
export const restartsMax = 3;
export const restartsWithinMs = 5_000;
/** Resolution of the timer wheel. */
export const timerTickMs = 2;
/** Links and monitors that are shown of one actor. */
export const inspectedRefsMax = 100;
/** And that are passed for them: an actor may be linked with a hundred thousand. */
export const inspectedPassedMax = 10_000;
/** The main thread beats this often for the watchdog, which looks at every tick. */
export const loopBeatMs = 50;
export const watchdogTickMs = 100;
/** A loop that is blocked this long is reported with its stack, */
export const loopBlockedReportMs = 1_000;
/** and after this long the process ends: its peers have called it down by then (4.6 s), so nothing is lost with it. */
export const loopBlockedMsMax = 10_000;
/** The main thread is interrupted for its stack; in a system call it does not answer. */
export const watchdogStackWaitMs = 1_000;
export const watchdogStackFramesMax = 32;
/** What a timer of the machine takes at once (31 bits); longer delays are waited in parts. */
export const timerPartMsMax = 2_147_483_647;
/** Dead letters are counted always and written to the log at most this many times in a second. */
export const deadLettersLoggedPerS = 5;
/** Characters of a crash report's description of the last message and of the state. */
export const crashShapeCharactersMax = 400;

// The flight recorder (recorder*.ts). What it may cost a node, whatever happens there.
/** All that is kept on one node: sealed segments, and the buffers of those that are being written. */
export const recordBytesMax = 8 * 1024 * 1024;
/** Of which one kind of machine has at most this: a restless registry must not push out why a node was called down. */
export const recordKindBytesMax = 4 * 1024 * 1024;
/** Nothing older is kept, beyond the end of its segment. */
export const recordKeptMs = 15 * 60 * 1_000;
/** A segment is sealed (compressed, about 2 ms) when it holds this much text or is this old. */
export const recordSegmentBytes = 256 * 1024;
export const recordSegmentMs = 60_000;
/** A state of at most this is kept anew in every segment, as one line. */
export const recordCheckpointBytesMax = 256 * 1024;
/**
 * A larger one is kept in pieces, and only so often: segments between follow from the one before. Of 50,000 names it has 4 MB
 * of text, which costs some 100 ms, and half a megabyte in the ring, which holds three of them and what happened between.
 */
export const recordBaseEveryMs = 5 * 60_000;
/** When a gap has made one useless, the next comes no sooner than this after it. */
export const recordBaseAgainMs = 30_000;
/** A state of more is not kept: the events after it can be read, not stepped. Some 110,000 names. */
export const recordBaseBytesMax = 8 * 1024 * 1024;
/** The same of a state that changes in place, whose pieces are all written at once: some 15,000 supervised children, 50 ms. */
export const recordBaseAtOnceBytesMax = 2 * 1024 * 1024;
/** Rows in a piece: some 40 kB, far below a line's bound whatever the names. */
export const recordPieceRows = 500;
/** So much of a large state is written at once, about 2 ms, and then again after a pause. */
export const recordPiecesBytes = 64 * 1024;
export const recordPieceEveryMs = 20;
/** What a row costs that was taken out of a state and is not written yet: a reference. */
export const recordRowHeldBytes = 8;
/** An event of more is left out. A delta of 1,000 names has about 80 kB. */
export const recordEventBytesMax = 128 * 1024;
/**
 * What one kind of machine may write: this much at once (a form may say less), and this much a second for ever. Past it events are only
 * counted, until half of the burst is there again; so a storm costs a count per event and pushes nothing out.
 */
export const recordBurstBytes = 1024 * 1024;
export const recordBytesPerS = 128 * 1024;
/** What a sealed segment costs beside its bytes. */
export const recordSegmentOverheadBytes = 512;
/** Kinds of machines; each has a buffer that may grow to 1 MiB, so that all of them stay below `recordBytesMax`. */
export const recordKindsMax = 6;
/** The buffer of a new kind, before it grows. */
export const recordBufferStartBytes = 16 * 1024;
/** One line of a record file, and one segment when it is made whole again. */
export const recordLineBytesMax = 1024 * 1024;

// Looking into a running node (paced.ts, print.ts, introspection.ts, activity.ts, trace.ts). None of it may hold up the loop.
/** What looks at many things lets the loop have its turn after this long. */
export const paceSliceMs = 2;
/** Things that a walk passes between two looks at the clock: some 10 us. */
export const paceLookSteps = 64;
/** Of one piece of a printed value: so much text, and so many properties that were visited for it (about 1 ms). */
export const printPieceCharacters = 16 * 1024;
export const printPieceSteps = 2_000;
/** Objects within each other that are printed. */
export const printDepthMax = 64;
/** Of a string, at a time; escapes make six of one. */
export const printStringPart = 1_024;
/**
 * A longer string is told by its length. One that was put together from parts is made whole by V8 when its first character is
 * read, all at once: a million characters in parts of ten took 7 ms.
 */
export const printStringCharactersMax = 64 * 1024;
/** Of the name of a field. */
export const printNameCharactersMax = 256;
/** Places without a value in a row after which an array counts as sparse and is not followed further. */
export const printHolesMax = 1_000_000;
export const printBytesPart = 512;
/** Fields, and items, of a sketch. */
export const sketchFieldsMax = 12;
export const sketchItemsMax = 4;
/** Messages of an actor that a trace tells of in a second at most; a window is a tenth of it. */
export const tracePerSMax = 2_000;
export const traceWindowMs = 100;
/** Of the loop's time, what a trace takes at most: it looks away for twenty times as long as it took. */
export const traceShareMax = 0.05;
/** Of one message: its sketch, or its values. */
export const traceTextCharactersMax = 400;
/** Lines of the log that a node keeps at hand, what they come to, and the longest of them. */
export const logLinesKeptMax = 2_000;
export const logBytesKeptMax = 1024 * 1024;
export const logLineCharactersMax = 16 * 1024;
