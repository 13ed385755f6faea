/** Every bound of the benches, by name, unit last: how much is measured, and how long something may take to answer. */

/** One figure of a round of `remote` is measured for this long. */
export const remoteFigureMs = 400;
/** Messages between two waits of a sender for its receiver. */
export const burstMessages = 1_000;
/** Messages and bytes that a remote sender gives away before it lets others have their turn. */
export const remoteBurstMessages = 64;
export const remoteBurstBytes = 256 * 1024;
/** How long a sender waits when the link says that it is busy. */
export const linkBusyWaitMs = 1;
/** A worker or a peer that has not answered by then is taken for hung, and the bench fails. */
export const answerTimeoutMs = 60_000;
/** Two nodes that are not linked by then will not be. */
export const linkTimeoutMs = 15_000;
/** Between two looks at whether they are. */
export const linkPollMs = 20;
/** A program that was told to end is killed after this. */
export const closeTimeoutMs = 3_000;
/** How often the event loop is looked at while its stalls are measured; shorter is not to be had from a timer. */
export const stallTickMs = 1;
/** Nodes and children that have not come to where they should be by then never will. */
export const settleTimeoutMs = 30_000;
/** Names that are taken between two turns of the event loop. */
export const burstNames = 100;
/** Changes of a round of `propagation`, and the time between two, so that none waits for another. */
export const propagationUpdates = 500;
export const propagationGapMs = 4;
/** Lookups of a round of `lookup`. */
export const remoteLookups = 2_000_000;
/** What the nodes still had to tell when the names came is over by then: two differing heartbeats lead to a comparison. */
export const idleSettleMs = 3_000;
/** Twenty heartbeats of each side. */
export const idleWindowMs = 10_000;
/** A pause that must not be taken for a death. */
export const falseAlarmPauseMs = 4_000;
/** A death that is believed in late is seen by then. */
export const afterPauseMs = 2_000;
export const pausesPerRound = 3;
/** One figure of results written is measured for this long, by statements of as many rows as a core's writer sends. */
export const resultsFigureMs = 4_000;
export const storeRowsPerWrite = 5_000;
/** More only get in each other's way: each tenant's role makes every backend learn all memberships anew (README.md). */
export const provisionAtOnce = 2;
/** Tenants made one by one at the end of each stage, for the time that one takes. */
export const provisionSamples = 20;
export const leasesAtOnce = 100;
/** Twenty connections, of stores that have eight each, and questions asked over all of them. */
export const storeConnections = 20;
export const storesForQueries = 3;
export const storeQueries = 20_000;
/** Agents at the edge push as often as they are told to, and are looked at for a turn and a half. */
export const edgePushEveryMs = 30_000;
export const edgePushForMs = 45_000;
export const edgeSettleMs = 3_000;
/** Certificates made, and handshakes with the bare server, by one order, so that it is answered in time. */
export const edgeMadeAtOnce = 500;
/** Dials at once of all agents together when they come for the first time, and with the bare server. */
export const edgeDialsAtOnce = 64;
/** An agent gives up a connection after this, as those of today do. */
export const edgeConnectMs = 20_000;
/** One that lost its connection comes back within this, twice as long after each failure, a minute at most. */
export const edgeRetryMs = 5_000;
export const edgeRetryMaxMs = 60_000;
export const edgeLookMs = 200;
export const edgeBackTimeoutMs = 600_000;
/** Looking into a node: a large state, of which so much is printed, and many actors. */
export const lookStateBytes = 100_000_000;
export const lookPrintCharacters = 10_000_000;
export const lookActors = 100_000;
/** Casts of one turn of the comparison with and without a trace: some windows of it, since it begins with a full one. */
export const lookTraceMessages = 5_000_000;
export const lookTraceTurns = 4;
/** A tenant's devices through the store: messages as large as one may be, and as many at once as keep deciding and writing busy. */
export const storedBatchUpdates = 1_000;
export const storedAtOnce = 4;
export const storedDocumentBytesMax = 512 * 1_048_576;
/** An answer comes after the write; a busy machine takes seconds. */
export const storedWaitMs = 600_000;
export const storedLookMs = 100;
export const storedDevices = 10_000;
/** A million devices of which four sources tell take some minutes. */
export const costTimeoutMs = 1_200_000;
