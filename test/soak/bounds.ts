/** Bounds of the soak, by name, unit last. */

export const inputsDefault = 1_000_000;
/** A target says how far it is at least this often, or it hangs: a thousand inputs take less than a second. */
export const reportInputs = 50_000;
export const silenceMsMax = 120_000;
/** What the heap may hold after a collection beyond what it held after the first inputs: caches fill, nothing else grows. */
export const heapGrowthBytesMax = 32 * 2 ** 20;

// Rotations
export const rotationsDefault = 100;
export const rotationLifetimeMs = 10_000;
/** A peer whose certificate is revoked or has ended is out within this. */
export const outMsMax = 5_000;
/** Calls under way at once from one node to another, and the pause of each after its answer. */
export const callsPerPair = 2;
export const callPauseMs = 2;
export const failuresKeptMax = 100;
/** How often something awaited is looked for, and when to give up. */
export const awaitLookMs = 10;
export const awaitMsMax = 60_000;
/** Two nodes that dial each other keep one of two links: past this none is left over. */
export const settledMs = 1_000;
/** Of the certificates that the nodes start with: finding together takes longer than the short lives, on a busy machine. */
export const firstLifeMs = 600_000;
/** What a call has by default. */
export const callMsMax = 5_000;

// Attack
/** How long calls are measured, in quiet and under attack each. */
export const attackMs = 10_000;
export const slowerTimesMax = 2;

// Splits
/** Each kind of cut twice. */
export const splitRoundsDefault = 8;
export const splitNames = 10_000;
export const splitChildren = 1_000;
/** Every 20 ms at each node: 600 calls a second in all. */
export const splitCallsPerTick = 4;
/** Longer than a split takes to be told (some 10 s). */
export const cutMs = 14_000;
/** Just longer than a silence that is a death: each flap is a loss and a return. */
export const flapMs = 5_500;
export const flapsPerRound = 3;
export const meetMsMax = 60_000;
/** Nothing moves for so long: it has settled. */
export const stillMs = 3_000;
/** From when all have met until the last name and child is where it belongs. */
export const splitSettledMsMax = 1_000;
/** A call gives up after 3 s. */
export const callsEndMs = 10_000;
