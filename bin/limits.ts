/** Every bound of the command and the launcher, by name, unit last. */

/** A node that was started must say that it is ready within this. */
export const nodeReadyMs = 20_000;
/** One takes a processor for a second or two: of twenty that start at once on two, the last would not be ready in time. */
export const startsPerProcessor = 4;
/** After all nodes are ready, how long they may take to see each other. */
export const clusterReadyMs = 15_000;
/** A node that is asked to drain has this long, then it is killed. */
export const nodeDrainMs = 10_000;
/** It is done by itself before that, with whatever it still has: children that are not moved by then start on the others. */
export const nodeLeaveMs = 9_000;
/** Of that, for commands that it was given before; new ones are refused with `leaving`, and go to another core. */
export const lastCommandsMs = 2_000;
/** And before them, for the records of open shells to be whole: what a command of theirs still does is left to itself. */
export const shellStopMs = 500;
/** Kept of it for the node's own part: what is under way is answered, and the others are told that it leaves. */
export const nodeStopMs = 2_500;
/** `down` promises to be done within 30 s: the launcher is killed after this. */
export const downWaitMs = 25_000;
/** What an earlier launcher left behind may drain this long before `up` ends it. */
export const leftoversWaitMs = 12_000;
/** First pause before a node that died is started again; doubles up to the greatest while it keeps dying. */
export const restartMinMs = 200;
export const restartMaxMs = 5_000;
/** A node that has run this long starts again after the first pause. */
export const restartSettledMs = 30_000;
/** What runs is written down again after this when it could not be: a disk that is full is not for ever. */
export const runningRetryMs = 2_000;
/** What stderr may hold while it takes nothing. */
export const stderrBytesMax = 1024 * 1024;
/** The database is started again after this. */
export const databaseRestartMs = 300;
/** How often files that are watched are looked at: with the links' own look, a revocation takes effect well within 5 s. */
export const fileLookMs = 1_000;
/** A command that changes the authority waits this long for another that does. */
export const authorityLockMs = 5_000;
export const authorityLockRetryMs = 50;
/** How often the launcher looks whether a certificate is past half of its life. */
export const renewalLookMs = 600_000;
export const credentialLifeMs = 24 * 60 * 60 * 1_000;
/** A log file larger than this is set aside (one older file is kept) when its node starts. */
export const logBytesMax = 50 * 1024 * 1024;
/** Ports for the peer links of a one-machine cluster: below the range that systems hand out by themselves. */
export const peerPortMin = 20_000;
export const peerPortMax = 29_999;
export const peerPortTries = 200;
export const httpPortDefault = 7_420;
/** An operator's command waits this long for one answer. */
export const commandTimeoutMs = 15_000;
/** A test of an agent that only listens, which may be silent to each question. */
export const sourceTestWaitMs = 55_000;
/** A question to whoever lists a tenant's sources: it answers from memory, or after one reading of rows. */
export const listingAskMs = 10_000;
/** One part of a file that is imported, until it is in the store. */
export const importPartWaitMs = 30_000;
/** How often a command that waits for a run looks, and how long it waits for one that nobody knows any more. */
export const listingLookMs = 500;
export const listingLostMs = 15_000;
/** A file of device updates: a document of as many has at most a GiB. */
export const importedUpdatesBytesMax = 4 * 1024 * 1024 * 1024;
/** Bad lines of it that are told one by one. */
export const badLinesTold = 20;
/** A process that is well answers `picket health` within this. */
export const healthTimeoutMs = 4_000;
/** Making a tenant is some ten statements. */
export const provisioningTimeoutMs = 60_000;
/** Removing what a tenant had takes as long as it has rows; a command that gives up may be repeated. */
export const purgeTimeoutMs = 600_000;
/** A tenant that moves between cores answers `standby` for a moment: commands try again this long. */
export const standbyWaitMs = 8_000;
export const standbyRetryMs = 250;
/** How far back the made-up tenants' results go: long enough for a weekend. */
export const seedDays = 7;
/** Devices in one message, and of one page of them. */
export const devicesPageRows = 1_000;
/** Among so many of a tenant's newest documents that of the last run of a source is looked for. */
export const withdrawnDocumentsMax = 1_000;
/** A merge waits for what the tenant's reconciler has to do before it, and for the store. */
export const deviceChangeMs = 30_000;
/** Rows of one page of results, so that an answer stays well below a frame's limit. */
export const resultsPageRows = 5_000;
export const resultsLimitDefault = 100;
export const resultsLimitMax = 100_000;
/** A file of certificates or lists on a command line: as much as a node reads of lists. */
export const namedFileBytesMax = 8 * 1024 * 1024;
/** Checks in one message of an import. */
export const importBatchRows = 500;
export const importFileBytesMax = 256 * 1024 * 1024;
export const importTimeoutMs = 60_000;
/** `run-now` waits this long for its result: the longest timeout of a check, and the way there and back. */
export const runNowWaitMs = 65_000;
export const runNowLookMs = 150;
/** How a record is read: parts of this size, twice, so that a file of any size needs no more memory. */
export const recordReadBytes = 256 * 1024;
/** Lines of a record that wait to be written together. */
export const recordWriteBytes = 256 * 1024;
/** A segment of another node's record. A hung node must not hold up the others' for long. */
export const recordAskTimeoutMs = 10_000;
/** Mismatches of a replay that are told one by one. */
export const mismatchesToldMax = 20;
/** Each actor that the status asks answers within this, or is said not to. */
export const statusAnswerMs = 2_000;

/** Statements that one `picket db explain` asks for, and that one `picket db load` is answered with. */
export const explainedMax = 20;
export const statementsShownMax = 100;

/** A secret on its way to be sealed: as much as one sealed field holds. */
export const secretBytesMax = 16 * 1024;
/** A key is retired when, this long after its mark, nothing was sealed with it: every node has seen the mark by then. */
export const ringSettleMs = 2_500;
/** How long `picket vault rotate --wait` waits, and how often it looks. */
export const rotationWaitMs = 3_600_000;
export const rotationLookMs = 1_000;
/** How long a token may be used: at least a second, at most as long as a leaf may live. */
export const packageLifeMsMin = 1_000;
export const packageLifeMsMax = 30 * 24 * 3_600_000;
/** A partition's name: what older certificates have room for. */
export const partitionCharsMax = 63;
/**
 * What a tenant's authority signed stays good this long after it was replaced: as long as a leaf lives, and a little for one
 * that was being signed. Certificates that were issued by hand for longer end with it.
 */
export const authorityOverlapMs = 24 * 3_600_000 + 10 * 60_000;
export const authorityOverlapMsMax = 31 * 24 * 3_600_000;
/** Authorities of one tenant that were replaced and are not retired: more rotations wait. */
export const authoritiesOverlappingMax = 8;
/** Documents that a list shows unless told, and at most. */
export const documentsListedDefault = 100;
export const documentsListedMax = 10_000;

/** How often `picket agents command --wait` asks what became of its command. */
export const agentLookMs = 250;
/** How far a sweep is is looked at this often by whoever waits for it. */
export const sweepLookMs = 1_000;
/** Looks in a row that found no core, before that is told as the end. */
export const sweepLooksLostMax = 60;
/** Runs of a sweep that are shown. */
export const sweepRunsShown = 10;
/** What a command to an agent may carry: a quarter of what the door takes, so that it fits a frame whatever else there is. */
export const agentPayloadBytesMax = 262_144;
/** An agent's program that was told to end is gone by then, whatever holds it. */
export const agentStopMs = 8_000;

/** Sessions that a list shows unless told, and at most; entries of one page of a chain. */
export const sessionsListedDefault = 50;
export const sessionsListedMax = 1_000;
export const auditPageLines = 2_000;

/** Lines that the remote shell remembers of its operator. */
export const historyLinesMax = 1_000;
/** What is typed while a line runs is kept for the next prompt, up to this. */
export const typedAheadCharactersMax = 1_024;
/** How often the node is told that somebody reads a page still: well below what it waits for its reader. */
export const readingStillMs = 10_000;

/** Nothing of the record of sessions is removed before: the store's own limit, and a trigger of the database, say the same. */
export const recordKeptDays = 365;
/** Longest pause of a replay: somebody who went for lunch is not waited for. */
export const replayPauseMsMax = 5_000;
/** A node judges all that its journal may hold within this. */
export const journalJudgedMs = 30_000;

/** The end of a node's log in a debug bundle. */
export const logTailBytes = 256 * 1024;
/** A debug bundle is promised within 10 s: so long is asked at all, and so long is waited for one answer. */
export const debugAllMs = 8_000;
export const debugAnswerMs = 4_000;
/** Of some ten nodes at once: a node that hangs holds its own questions up. */
export const debugAtOnceMax = 48;
/** Parts of a node's tree, of some thousands of actors each. */
export const debugTreePartsMax = 5;
/** One file of it; an answer of a node is no larger than a frame. */
export const bundleFileBytesMax = 32 * 1024 * 1024;

/** A device update: its metadata may be larger than what is kept of it, but not without end. */
export const reconcileLineCharactersMax = 8 * 1_048_576;
/** Outcomes go out in blocks of this, so that a slow reader slows the work and memory stays small. */
export const reconcileBlockCharacters = 65_536;
export const reconcileBlockPieces = 1_024;
/** A line of the shell that came too fast is said again this much later, this often: what is left over then was meant otherwise. */
export const tooFastPauseMs = 1_000;
export const tooFastTriesMax = 30;
/** A node that cannot answer is asked who can; the refusal does not wait longer for it. */
export const adviceMs = 2_000;
