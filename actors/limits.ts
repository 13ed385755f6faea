/** Every bound of the monitor's actors, by name, unit last. */

/** A job's answer is waited for this long past the check's own timeout before its instant is written as skipped. */
export const answerGraceMs = 3_000;
/** An agent's answer is waited for this long past the check's own timeout before the job is given to another. */
export const agentGraceMs = 1_000;
/** How often one due instant may be handed out: the first time and again when its agent or poller is lost. */
export const attemptsMax = 3;
/** A job is not handed out again when less than this is left until its instant is written off. */
export const redispatchLeftMs = 500;

/**
 * What an edge agent runs by its own config is waited for this long past its due instant: such agents push every 30 s, and a push
 * takes a moment. What comes later takes the place of the gap that is written then.
 */
export const pushWaitMs = 45_000;

/** Agents of one partition that share its checks; of more, the first by name do, and the others stand by. */
export const selfRunnersMax = 64;

/** Checks of one tenant; more are refused when they are added. */
export const checksPerTenantMax = 200_000;
/** Checks in one `import` message. */
export const checksPerMessageMax = 2_000;
export const intervalMinMs = 1_000;
export const intervalMaxMs = 86_400_000;
export const timeoutMinMs = 100;
export const timeoutMaxMs = 60_000;
export const retriesMax = 100;
export const nameCharactersMax = 200;
/** Addresses of one device, and MACs; a chassis with more is several devices to whoever manages it. */
export const deviceIdentifiersMax = 64;
export const deviceTextCharactersMax = 128;
/** A page of devices has the names of all groups of each: with as many as one may be in, it stays below a frame's limit. */
export const groupNameCharactersMax = 100;
export const groupDescriptionCharactersMax = 500;

/** How often the writer writes what it has. */
export const writeIntervalMs = 100;
/** Rows of one write statement. */
export const writeRowsMax = 5_000;
/**
 * Rows that wait in a core while the database is away. Past it the oldest results become gaps with the reason
 * `buffer_full`, so that memory is bounded and every instant is still accounted for. About 200 MiB at this bound.
 */
export const bufferedRowsMax = 400_000;
/** A write without an answer for so long is told as a store that is away, although its statement may take longer. */
export const writeLateMs = 3_000;
/** Between two tries of the writer while the database is away. */
export const writeRetryMs = 500;

export const sessionRenewMs = 1_000;
/** Trees of a core whose database is away go on this long; then they stop. */
export const storeAwayMsMax = 600_000;
/** Added to the end of a holder's session before a refused tree asks again: at most this, at random. */
export const leaseRetryJitterMs = 250;
/**
 * A question for a lease that had no answer may be taken up when the store goes on, or when it gets the row's lock (2 s): so long
 * after the next answer it is looked whether something was granted that nobody asked for any more.
 */
export const lateGrantMs = 5_000;
/** Between two tries for a lease when the answer did not say when its holder's session ends. */
export const leaseRetryMs = 1_000;
/** The same when it did say, and that is about now; and for a core that has no session yet. */
export const leaseSoonMs = 100;
/** A question for the coordinator's lease that has no answer by then has none: the store is away. */
export const leaseAnswerMs = 2_000;
/** One that was given up later than this met a process that did not run, and says nothing of the store. */
export const leaseAnswerMsMax = 3_000;
/**
 * A new holder of a lease reads the checks once more after this, and at most as long again: a change that the former one had
 * under way may have been made after the first reading (a statement ends within 12 s).
 */
export const checksRereadMs = 13_000;
/**
 * A version of a schedule that began longer ago than this is known to every tree that can still write: one whose store is away
 * ends after `storeAwayMsMax`.
 */
export const versionKnownMsMax = 900_000;
/** How often the list of tenants is read besides being told of new ones. */
export const tenantsReadMs = 5_000;
/** Checks removed longer ago than this are not looked at by a new holder of the lease: they were accounted for. */
export const archivedLookBackMs = 7 * 86_400_000;

/** How often the gap of a check that stands still (suspended, or past a quota) is made longer. */
export const standstillStepMs = 5_000;
/** A tenant that somebody began to make and did not finish within this is finished by its core. */
export const provisioningWaitMs = 10_000;
/** The data of a cancelled tenant are kept this long, then removed. */
export const cancelledKeptMs = 30 * 86_400_000;
/** What was archived may be restored this long, then it is removed. Longer than `archivedLookBackMs`: it is accounted for by then. */
export const archivedKeptMs = 30 * 86_400_000;
/** How often the coordinator looks for what was archived that long ago. */
export const archivedLookMs = 3_600_000;
/** How often the coordinator looks whether a new key is in the ring. */
export const rotationLookMs = 2_000;
/** How often the coordinator asks whether the daily backup is due. */
export const backupLookMs = 30_000;
/** How often a core looks for tenants whose data are to be removed. */
export const purgeLookMs = 3_600_000;

/** How often the coordinator rolls up the minutes that are over and corrects those that late results concern. */
export const rollupEveryMs = 15_000;
/** How often it looks which partitions are to be made, filled and dropped. */
export const tendEveryMs = 600_000;

/** Results and answers are gathered this long before they are sent on. */
export const batchMs = 20;
/** Jobs or results in one message. */
/** Checks of one tenant that are followed at once, and results on their way to the store; others are not followed. */
export const checkTracesMax = 500;
export const batchItemsMax = 500;
/** Checks that one agent runs at once; more wait, in order. */
export const agentSlotsMax = 500;
/** Jobs that wait in an agent beyond its slots; more are answered `agent_busy`. */
export const agentQueueMax = 20_000;
/** Results that a poller keeps for tenants that no core holds at the moment; the oldest go first, and are counted. */
export const pollerHeldResultsMax = 100_000;
/** How long a poller keeps them. */
export const pollerHeldMs = 60_000;
export const pollerRetryMs = 250;
/** How long a poller keeps jobs that no agent is there for, so that a restart of an agent costs no gap. */
export const noAgentWaitMs = 1_500;
/** The same for a scheduler that sees no poller. */
export const noPollerWaitMs = 1_000;
/** How often a scheduler that lost a poller looks whether its link is back. */
export const pollerLookMs = 250;

/** Results that a check's health keeps to explain itself. */
export const resultsKeptPerCheck = 10;
/** Gaps of a check are explained this far back, the newest of them. */
export const gapsExplainedMs = 86_400_000;
export const gapsExplainedMax = 1_000;
/** Looked at to tell flapping. */
export const flappingWindowResults = 20;
/** Changes of observed state within the window from which a check flaps, and down to which it stops. */
export const flappingStartChanges = 6;
export const flappingStopChanges = 2;
/** A health monitor tells its subscribers at most this often. */
export const feedMs = 250;
export const subscribersMax = 100;

/** A tenant that stops gives its last rows to the store within this, or leaves a gap to its next holder. */
export const flushOnStopMs = 3_000;
/** A tenant's tree that is asked to stop has this long. */
export const treeStopMs = 8_000;
/** A tenant's tree that failed too often is started again after this. */
export const treeBackoffMs = 5_000;
/** A core that starts waits this long for the others before it places tenants: its own view is only itself at first. */
export const placementSettleMs = 500;

// Rows that pollers bring home (arrivals.ts)
/** Of one tenant's own pollers together: a quarter of what a core writes, and more than 20,000 checks at 5 s bring. */
export const doorRowsPerSMax = 5_000;
/** Messages that wait at the door: each may be of 1 MiB, and none waits when the core has time. */
export const doorMessagesMax = 64;
export const doorLogEveryMs = 10_000;
/** A check's id, a reason, a node's name. */
export const arrivalTextCharactersMax = 4_096;
/** The end of the year 9999: the store takes no later one, and refuses all that comes with it. */
export const instantMsMax = 253_402_300_799_999;
/** A day: no check runs as long. */
export const latencyMsMax = 86_400_000;
/** How often packages whose time is over are ended: within a minute of it. */
export const packageEndsLookMs = 30_000;
/** How often authorities that were replaced are retired: what they signed ends by itself, so nothing waits for it. */
export const authorityEndsLookMs = 30_000;

// Documents
/** One of them: three million device updates. */
export const documentBytesMax = 1_073_741_824;
/** What one message to a core holds of it, and one row. */
export const documentPartBytesMax = 262_144;
/** Open at once. A sender has one a service; what was given up counts until its time is over. */
export const documentsOpenOfSenderMax = 16;
export const documentsOpenOfTenantMax = 1_000;
/** All that a tenant's documents hold, whole or not; past it nothing is added until something was removed. */
export const documentsHeldBytesMax = 8 * 1_073_741_824;
/** A sender's id of a document, and its service. */
export const documentTextCharactersMax = 255;
/** Documents that come to one core at once: each has one part in its memory. */
export const documentsAtDeskMax = 256;
/** One that nothing was heard of for this long makes room for another when there is none. */
export const documentIdleMs = 120_000;
/** Messages that wait at the desk of a core, each with one part at most. */
export const deskMessagesMax = 512;
/** Received documents are kept this long for whoever reads them. */
export const documentKeptMs = 7 * 86_400_000;
/** A document that is not whole waits this long for its next part, then it is removed. */
export const documentOpenKeptMs = 86_400_000;
/** How often the coordinator looks which documents are to be removed. */
export const documentsLookMs = 600_000;

// Agents that only listen (poll-plan.ts, source-keeper.ts, source-poller.ts)
/** Services that one of them is asked about. */
export const polledServicesMax = 128;
/** As often as the shortest check of theirs; seldomer than a day is not watched. */
export const pollIntervalMsMin = 5_000;
export const pollIntervalMsMax = 86_400_000;
export const pollIntervalMsDefault = 30_000;
/** After a poll that did not reach its agent: the contract's 1 to 30 s. */
export const pollRetryMsMin = 1_000;
export const pollRetryMsMax = 30_000;
/** One poll, all its questions together: what was not answered by then is told as such. */
export const pollMsMax = 120_000;
/** The poller's answer is waited for this long past that. */
export const pollAnswerGraceMs = 10_000;
/** Agents of one tenant that are asked at once. */
export const pollsAtOncePerTenantMax = 32;
/** What is due while as many are under way looks again after this. */
export const pollRoomMs = 100;
/** Polls of all tenants that one poller has under way; more are told `poller_busy` and come again. */
export const pollsAtOnceMax = 256;
/** Rows are read again this often where there are sources, and where there are none: whoever changes them tells. */
export const sourcesReadMs = 60_000;
export const sourcesReadIdleMs = 600_000;
/** After a reading that failed. */
export const sourcesRetryMs = 5_000;
/** Tenants of which a poller remembers the latest epoch. */
export const sourceTenantsMax = 10_000;
/** The same of a test, for which somebody waits. */
export const sourceTestMsMax = 45_000;

// Sweeps (sweep-plan.ts, sweep-keeper.ts, sweep-runner.ts)
/** Who sweeps a slice says at least this often how far it is; past it the slice is given to another. */
export const sweepSilentMs = 30_000;
/** How often it says so, and how often an edge agent's actor is asked what it says. */
export const sweepProgressMs = 1_000;
export const sweepAskMs = 500;
/** A run is looked at this often: who came, who is silent. */
export const sweepTickMs = 1_000;
/** How often one slice is given out; then its run has failed. */
export const sweepAttemptsMax = 8;
/** An agent that could not do a slice is given none for this long. */
export const sweepCoolMs = 5_000;
/** Slices of one run that one agent has at once: while the last hosts of one are waited for, or it is brought home, others go on. */
export const sweepSlicesPerRunMax = 3;
/** Of all runs together. */
export const sweepSlicesPerAgentMax = 6;
/** A run for which there is nobody for this long has failed. */
export const sweepNoRunnerMs = 600_000;
/**
 * What the cluster's own agents may be told to go through for a tenant: a /16, at a pace that nobody takes for an attack from our
 * machines. In a network of its own a tenant goes as fast as it likes.
 */
export const sweepSharedAddressesMax = 65_536;
export const sweepSharedRateMax = 500;
/** How often a sweep runs. */
export const sweepIntervalMsMin = 60_000;
export const sweepIntervalMsMax = 31 * 86_400_000;
/** Beside what a slice takes at its rate: a command to an edge agent lives this much longer, and twice as long as it should take. */
export const sweepGraceMs = 120_000;
/** An agent's actor answers within this. */
export const sweepCallMs = 5_000;
/** Rows of sweeps are read again this often, where there are some and where there are none: whoever changes them tells. */
export const sweepsReadMs = 60_000;
export const sweepsReadIdleMs = 600_000;
/** After a reading or a writing that failed. */
export const sweepStoreRetryMs = 2_000;
/** Slices that one node of the cluster sweeps at once, of all tenants; more are refused and go to others. */
export const sweepSlicesPerNodeMax = 16;
/** Tries to bring a slice's document to its desk, and between them. */
export const sweepDocumentTriesMax = 8;
export const sweepDocumentRetryMs = 1_000;
/** A part of a document is stored within this; its end within the other. */
export const sweepDocumentCallMs = 15_000;
export const sweepDocumentEndMs = 60_000;
// Systems that are listed (listing-plan.ts, listing-keeper.ts, listing-run.ts)
/** As often as a minute: a listing of a large system takes longer, and the next one waits for it. */
export const listingIntervalMsMin = 60_000;
export const listingIntervalMsMax = 30 * 86_400_000;
export const listingIntervalMsDefault = 3_600_000;
/** Listings of one tenant, and of all tenants of one core, that are under way at once: each holds a page and its ids. */
export const listingsOfTenantMax = 2;
export const listingsOfCoreMax = 8;
/** One that was never made, or is late, begins within this, spread by its id. */
export const firstListingMsMax = 5_000;
/** Rows are read again this often where there are sources, and where there are none: whoever changes them tells. */
export const listedSourcesReadMs = 60_000;
export const listedSourcesReadIdleMs = 600_000;
/** The desk's answer to a part, which is the store's; and to the end, before which it may read all of it. */
export const listingCallMs = 30_000;
export const listingEndMs = 120_000;
// Those that are placed at an agent (placed-listing.ts, listing-at-agent.ts)
/** How far it is is asked of the agent's actor this often. */
export const listingLookMs = 1_000;
/** One that is not there, or has lost its gateway, is waited for this long: it dials the next one meanwhile. */
export const listingAwayMs = 20_000;
/** One that has said nothing for this long is told once more; it may have been started anew. */
export const listingReorderMs = 10_000;
/** And given up after this. It says something each second, also while the other system lets it wait. */
export const listingSilentMs = 60_000;
/** The agent's actor answers within this, or is not there. */
export const listingAgentMs = 5_000;
/** A listing has four hours; its command as long and a while for the document. */
export const listingOrderLifeS = 5 * 3_600;
/** Ids in one answer to an agent that asks what was known: 64 characters at most each. */
export const listingKnownIdsMax = 10_000;
/** So often an agent may ask for what one run needs: its answers may be lost, and it dials gateways anew. */
export const listingTakesMax = 32;
