/** Every number of the simulation, by name, unit last. */

/** Promises that answer each other for ever are a fault of the code under test. */
export const microtaskRoundsMax = 10_000;
/** What two kernels hold of one connection before its writer sees that the reader is slow. */
export const kernelBufferBytes = 256 * 1024;
/** A chunk comes in two pieces, cut anywhere. */
export const splitChunkChance = 0.02;
/** A path that was cut carries again after at most this. */
export const retransmissionMsMax = 1_000;
/** Delays between tries of a connect that nobody answers, as Linux makes them; then the dial's own deadline comes. */
export const synRetriesMs: readonly number[] = [1_000, 2_000];
/** A handshake with a stopped process looks again this often. */
export const handshakePollMs = 250;

/** Lines that a failure shows. */
export const traceLinesShown = 120;
export const traceLinesKept = 2_000;

// The load of one node. Shares of its actions; with one action every `actionEveryMs` they are about so many a second.
export const actionEveryMs = 57;
export const loadShares = {
  call: 10,
  tell: 3,
  register: 1.2,
  release: 1.2,
  update: 0.5,
  monitor: 0.6,
  procedure: 0.5,
  crash: 0.1,
} as const;
export type LoadAction = keyof typeof loadShares;
export const servicesPerNode = 2;
export const namesPerNode = 16;
/** Names that any node may take, so that two sides of a split take the same. */
export const sharedNames = 6;

// Checks.
/** A call may end this much after its deadline: two ticks of the timer wheel. */
export const callSlackMs = 10;
/** What must always hold is looked at this often. */
export const lookEveryMs = 1_997;
/** After this without any fault everything must have converged: a dial that just began may take 5 s, the next 5 s. */
export const settleMs = 15_000;

// A history.
export const joinMs = 1_000;
export const firstCalmMs = 6_000;
export const roundsPerHistory = 2;
export const faultsMs = 20_000;
/** Between two faults, on the average of a round: crowded rounds find what meets, lonely ones what must never happen. */
export const faultEveryMs = [700, 1_500, 1_500, 5_000, 12_000] as const;
/** How long names stand still before lists are compared: more than any path takes. */
export const stillMs = 1_000;

/** What the cluster promises (docs/ARCHITECTURE.md, Liveness): a death is noticed within this, */
export const deathNoticedMs = 5_000;
/** with this for the way of the news, */
export const noticeSlackMs = 200;
/** and a pause of this is none. */
export const pauseNoDeathMs = 4_000;
/** A disturbance excuses what is decided this long after it: the deadlines, and the dials that follow. */
export const excuseMs = 8_000;
/** A name held twice is settled this long after the holders are linked. */
export const conflictSettledMs = 1_000;
/** Messages to refs that were kept, not looked up: some lead to an earlier life of their node. */
export const keptRefShare = 0.04;

// The store of the platform.
/** Of `store/limits.ts`: a session ends this long after its last renewal. */
export const sessionLifeMs = 4_000;
/** A statement is under way for up to this in each direction, */
export const storeAnswerMs = 8;
/** and one whose answer is lost fails after this. */
export const storeLostMs = 1_000;
export const rowEveryMs = 400;
/** Histories in which the cores hold tenants. */
export const tenantsShare = 0.3;
/** Of all names that the load takes. */
export const simPartition = 'sim';

// Joining.
export const joinLookMs = 100;
export const joinPatienceMs = 30_000;
/** What we hold ourselves to: so many nodes, started over so long, see each other this long after the last. */
export const joinNodes = 200;
export const joinOverMs = 10_000;
// An idle cluster.
/** Before what it writes is counted, */
export const idleSettleMs = 5_000;
/** and for so long. */
export const idleWindowMs = 10_000;
export const idleNamesFactor = 10;
/** RFC 8446: header, type and tag of a record; what is written at once is one, up to 16 KiB. */
export const tlsRecordBytes = 22;
/** One history in so many runs with the flight recorder on. */
export const recordedEvery = 8;
