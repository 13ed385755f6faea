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
/** Each kind of cut once. */
export const splitRoundsDefault = 1;
export const splitNames = 10_000;
export const splitChildren = 1_000;
/** Of all nodes together. */
export const splitCallsPerSecond = 1_000;
/** Names that both sides of a split take while they do not see each other. */
export const splitContested = 50;
/** Held and written for by all nodes, as cores do. */
export const splitTenants = 24;
/** How often a holder looks at its leases and writes a row for each tenant, and renews its session (cores: every second). */
export const holderEveryMs = 50;
export const holderRenewMs = 1_000;
/** Longer than a split takes to be told (some 10 s). */
export const cutMs = 14_000;
/** Both sides have called each other down by then. */
export const apartMs = 8_000;
/** Flapping, for five minutes: shorter than a silence that is a death, just longer, and longer, in turns. */
export const flappingMs = 300_000;
export const flapCutsMs = [2_500, 5_500, 8_000] as const;
export const flapWholeMs = 4_000;
export const meetMsMax = 60_000;
/** Nothing moves for so long: it has settled. */
export const stillMs = 3_000;
/** From when all have met until the last name and child is where it belongs. */
export const splitSettledMsMax = 1_000;
/** A call gives up after 3 s. */
export const callsEndMs = 10_000;

// Nodes
export const fleetSizes = [5, 20];
export const fleetNames = 2_000;
export const fleetChildren = 500;
/** Every 20 ms at each of five nodes: 1,000 calls a second in all; of more nodes each makes fewer. */
export const fleetCallsPerTick = 4;
/** As CONSISTENCY says: a death is noticed within this, */
export const noticedMsMax = 5_000;
/** and a pause of up to this is none. */
export const pauseUnnoticedMsMax = 4_000;
export const pausesMs = [2_000, 4_000, 8_000, 60_000];
export const starvingProcesses = 16;
export const starvedMs = 20_000;
/** After the nodes see each other again, this is left for anything that would still move. */
export const fleetStillMs = 3_000;

// Leases
export const historiesDefault = 10_000;
export const historiesTold = 500;
export const historyLinesShown = 60;

// Histories of leases with real processes
export const leaseHistoriesDefault = 20;
export const leaseTenants = 5;
export const leaseChecks = 8;
export const leaseFaultsPerHistory = 4;
/** The faults of a history begin within about this; each lasts up to 10 s. */
export const leaseFaultsMs = 12_000;
/** From the end of the trouble to the next run of each tenant; the last of its checks is due each second. */
export const leaseBackMsMax = 5_000;
export const leaseCalmMs = 4_000;
/** What is younger may be under way: a timeout, the grace for its answer, the writer. */
export const leaseOpenMs = 9_000;
export const leaseMovesPerCauseMax = 3;
export const leaseLookMs = 100;
export const leaseWaitMs = 60_000;

// Agent outage

/** Checks of the agent, each second, and how long its cluster is down. */
export const outageChecks = 20;
export const outageMs = 60_000;
/** Until all that was kept is stored, after the cluster is up. */
export const outageWaitMs = 120_000;

// Database away
/** 400 a second. */
export const awayChecks = 800;
export const awayIntervalMs = 2_000;
export const awayMs = 60_000;
export const awayDiskMib = 400;
export const awayWaitMs = 90_000;

// Archives
export const archivedResults = 1_000_000;
export const archivedDevices = 10_000;
export const archivedChecks = 100;
/** Where in the file a byte is changed. */
export const changedAt = [0.01, 0.37, 0.83] as const;
/** In how much of the time that a restore took before the next is killed: another may be a third faster. */
export const killedAt = [0.02, 0.25, 0.6] as const;
/** What a killed command leaves goes when the server notices, a second later. */
export const leftoverMsMax = 30_000;

// Agents at the edge
export const edgeAgentsDefault = 200;
/** Each manner of attack, and how long a gateway is left alone before and after. */
export const edgeAttackMs = 8_000;
export const edgeCalmMs = 2_000;
export const edgeLookMs = 250;
/** Between two pushes of the agent that is not attacked. */
export const edgePushPauseMs = 20;
export const edgeAddressEvery = 50;
/** What is held is there up to three times for a moment while it is decoded. */
export const edgeHeldCopies = 3;
/** Connections, their HTTP/2 sessions, and what the collector has not taken yet. */
export const edgeRestBytesMax = 128 * 2 ** 20;
/** A push at the gateway that is attacked may take twice as long at worst as at one that is not, and two turns of its loop. */
export const edgeSlowerTimesMax = 2;
export const edgeSlowerMsMax = 50;
// Documents
export const documentUpdatesDefault = 100_000;
export const documentLookMs = 200;
export const documentSentMs = 1_800_000;
/** What an agent of ours has resident at the most, gRPC with it; and what pollers and core may have more than before. */
export const documentAgentMiBMax = 300;
export const documentGrowthMiBMax = 200;
/** As agents of today cut a sync. */
export const documentUpdatesPerChunk = 1_365;
/** What an older agent's socket has not taken yet. */
export const documentUnsentBytesMax = 2 * 1_048_576;

// Reads
/** Over twenty nodes, and then once more on one of them. */
export const readActors = 100_000;
/** Started by one line: what one runs without a pause has a bound of time. */
export const readActorsAtOnce = 5_000;
export const readChecks = 50;
export const readRounds = 100;
export const readMsMax = 200;
/** Each by a core's word. */
export const memberKills = 5;
export const membersMsMax = 1_000;

// Inventory
export const inventoryPageRows = 1_000;
