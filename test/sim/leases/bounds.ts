/** Every number of the simulated histories of leases and accounts, by name, unit last. */

// The database and the way to it.
export const wayMsMax = 3;
export const statementMsMax = 4;
/** A statement that the server is slow with, and how often. */
export const slowStatementMs = 1_500;
export const slowChance = 0.002;
/** A refused connection is told at once. */
export const refusedMs = 2;
/** What was sent before a path was cut arrives after it, unless its connection was given up on the way. */
export const resentChance = 0.7;
/** A server that is killed has committed what it was doing, but told nobody. */
export const committedChance = 0.3;
export const serverStartMs = 900;

// What nodes know of each other, as CONSISTENCY says.
export const deathNoticedMs = 300;
export const silenceNoticedMs = 4_600;
export const meetMsMax = 1_600;
export const newsMsMax = 8;
export const messageMsMax = 5;

// The load.
export const jobMsMax = 400;
export const lateJobMsMax = 9_000;
export const loadEveryMs = 900;
/** A check's interval changes so long after it was said. */
export const editAheadMs = 1_500;

// A history.
export const startMsMax = 2_000;
export const firstCalmMs = 7_000;
export const faultsMs = 14_000;
export const faultEveryMs = [700, 1_500, 4_000, 9_000] as const;
/** After the last fault is over every tenant is back within this, and goes on without another change of hands for as long as is looked. */
export const backMsMax = 5_000;
export const calmMs = 28_000;
export const roundsMin = 1;
export const roundsMax = 3;
export const dayMs = 86_400_000;
export const clockSkewMaxMs = 3_600_000;
/**
 * A run is stored this long after its instant at most while another tenant's row is locked: its timeout and the grace for its
 * answer, what a slow statement takes, and one statement that waits for the lock in vain.
 */
export const storedMsMax = 8_000;
/** What is younger need not be accounted for: a job's timeout, the grace for its answer, the writer. */
export const openMs = 9_000;
/** A cause (a fault that begins, or ends) moves a lease at most this often: to somebody, and back. */
export const movesPerCauseMax = 3;
export const failuresMax = 12;
export const traceLinesKept = 400;
