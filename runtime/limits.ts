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
