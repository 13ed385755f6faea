/** Every bound of the agent's program, by name, unit last. */

// What is kept until it was taken
/** Of results that wait: three days of 20 checks each 5 s are about 100 MiB; past it the oldest go. */
export const outboxBytesMax = 128 * 1_048_576;
export const outboxRecordsMax = 1_000_000;
/** What is removed at once when room is needed, and read at once when it is sent. */
export const segmentBytesMax = 1_048_576;
/** One result: its words are bounded, so a longer record is none. */
export const recordBytesMax = 8_192;
/** What a crash of the machine, not of the program, may lose. */
export const outboxSyncMs = 2_000;

// Pushes
/** What waits is pushed this often; what has changed, sooner. */
export const pushEveryMs = 5_000;
export const changedPushMs = 250;
/** Results in one message; more go as a stream. */
export const pushItemsMax = 500;
/** Results in one stream: a gateway takes 5,000 items. */
export const streamItemsMax = 5_000;
/** The gateway waits for the store this long and longer. */
export const pushAnswerMs = 30_000;
/** The same results are pushed again after this, longer each time, while the gateway cannot store them. */
export const pushAgainMsMin = 1_000;
export const pushAgainMsMax = 30_000;

// Checks
/** Checks of one config: what a gateway gives. */
export const checksMax = 5_000;
/** The plan is looked at this often, however far the next instant is: a clock may be set. */
export const planLookMsMax = 1_000;
/** And at least this far apart: of thousands of checks some are due at each millisecond. */
export const planLookMsMin = 5;
/** Checks that run at once. */
export const runningMax = 128;
/** A check's interval, in the contract's whole seconds. */
export const intervalSMax = 86_400;
export const timeoutSMax = 60;
/** A check's words. */
export const wordCharactersMax = 512;
/** A check's target: a URL. */
export const targetCharactersMax = 2_048;
export const settingsMax = 32;
export const settingCharactersMax = 4_096;
/** The kept config, as a file: a config is 3 MiB at most on its way. */
export const keptConfigBytesMax = 16 * 1_048_576;

// The config
/** A gateway may ask for another pace within these. */
export const configPollSDefault = 300;
export const configPollSMin = 10;
export const configPollSMax = 3_600;
/** A config that could not be had is asked for again after this. */
export const configAgainMs = 5_000;

// Gateways
/** When every gateway was tried: this long until the next round, doubled up to the most, and a share of chance off it. */
export const roundWaitMsMin = 500;
export const roundWaitMsMax = 30_000;
/** A connection that lived this long was good: the next wait begins at the least again. */
export const goodConnectionMs = 10_000;
/** TCP, TLS and HTTP/2 of one gateway. */
export const dialMs = 8_000;
/** Hello and config. */
export const callMs = 15_000;
export const keepaliveEveryMs = 30_000;
export const keepaliveAnswerMs = 10_000;
/** What a gateway may send in one message: a config. */
export const receivedBytesMax = 8 * 1_048_576;
/** Clocks that differ by less are one: the gateway tells whole seconds. */
export const clockToleranceMs = 2_000;

// Commands
/** Commands that are known for ones that came before. */
export const commandsKnownMax = 1_024;
/** Commands that run at once; more are refused. */
export const commandsRunningMax = 256;
/** Of a check in a command that says none. */
export const commandTimeoutMs = 5_000;
export const commandPayloadBytesMax = 65_536;
/** A reason or message in an answer. */
export const answerCharactersMax = 500;

// Sweeps
/** Slices that are swept at once; more are refused, and others have them. */
export const sweepsAtOnceMax = 6;
/** How far a slice is is told this often. */
export const sweepProgressMs = 1_000;
/** Slices that went well, whose answers may have been lost. */
export const sweepAnswersKeptMax = 64;

// Sources
/** Listed at once; more are refused. Each has a stream of its connection for as long as it takes. */
export const sourcesAtOnceMax = 2;
/** How far one is is told this often, also while the other system lets it wait. */
export const sourceProgressMs = 1_000;
/** Runs that ended, whose answers may have been lost. */
export const sourceAnswersKeptMax = 64;
/** What a run needs is asked for again while no gateway is there, this often and so many times. */
export const takeAgainMs = 1_000;
export const takeTriesMax = 15;
/** One answer to that: known ids are at most 10,000 of 64 characters. */
export const takeMs = 30_000;

// The certificate
/** The last part of the wait for the half of a certificate's life is chance, so that agents do not all come at once. */
export const renewSpreadShare = 0.1;
/** A renewal that failed is tried again after this share of what is left, within these. */
export const renewAgainShare = 0.05;
export const renewAgainMsMin = 1_000;
export const renewAgainMsMax = 600_000;

// The end
/** A push that is under way when the program is told to end has this long. */
export const endMs = 3_000;
/** What it holds is written to the log this often. */
export const reportEveryMs = 300_000;
