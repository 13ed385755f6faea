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
/** Of a calm history: 10 calls and a registration a second, and nothing else. */
export const calmActionEveryMs = 1_000 / 11;
export const calmLoadShares: { readonly [action in LoadAction]?: number } = { call: 10, register: 1 };
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
/** How far a wall clock may be off the true time, either way. */
export const clockSkewMaxMs = 3_600_000;
/** How long the node is cut off for which a week passes: long enough to be called dead, and to be forgotten at the next look. */
export const weekAwayMs = 9_000;
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

// Nodes of a tenant.
export const guestsShare = 0.2;
export const guestStartMs = 2_500;
export const guestActionEveryMs = 700;
export const guestNamesMax = 6;
/** What a hostile one forges: fewer a second than refusals leak away, or it would be shut out before it had tried all. */
export const guestForgesEveryMs = 400;
/** Later than any boot of a node in a history. */
export const forgedBootStep = 100_000_000;

// Certificates.
/** Histories whose certificates are short; the wall clocks are nearly right in them, as theirs must be who have such. */
export const certificatesShare = 0.25;
export const certificateLifeMs = 16_000;
export const certificateRenewMs = 7_000;
export const certificateSkewMaxMs = 1_000;
/** A node learns what was revoked after up to this. */
export const revocationTellMs = 1_500;
/** Who was revoked is out on every node this long after it knows (docs/CONSISTENCY.md, as one that hangs), */
export const revokedOutMs = 5_000;
/** and is given another certificate after this. */
export const revokedForMs = 9_000;
/** Links are looked over every 200 ms; one that began just before the news may come up meanwhile. */
export const revokedLinkMs = 500;

// Supervised children.
/** What one node does with them, so often: with 2 s they are a fifth of a history's CPU, with 0.9 s three tenths. */
export const childActionEveryMs = 2_000;
export const childShares = { start: 4, stop: 3, count: 3, crash: 1.5, fail: 0.2, row: 0.7 } as const;
export type ChildAction = keyof typeof childShares;
/** Ids that are started and stopped, and ids of rows: few, so that nodes meet over them. */
export const childrenPool = 14;
export const rowsPool = 5;
/** A child whose starts fail does so for this long: it is put off for 1, 2 and 4 s meanwhile. */
export const childFailsMs = 4_000;
/** Wants change until this long after everything was healed; rows are read again within 5 s. */
export const childChangesMs = 7_000;
/** Readings of the rows that fail, and changes that are not told, while faults go on. */
export const rowsLostShare = 0.1;
/** What the supervisor promises (docs/CONSISTENCY.md): one of each so long after two sides see each other, */
export const childOnceMs = 1_000;
/** a child that crashed is back after this, */
export const childBackMs = 500;
/** and those of a node that died run so long after its death was noticed; a newcomer may wait for a stranger as long. */
export const childTakeoverMs = 1_000;

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
