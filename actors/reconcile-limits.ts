/** Limits of who reconciles a tenant's devices and takes documents on: updates at once, what waits, what is in memory. */

/** Updates that are decided and written at once: some 100 ms of a core and of its database. */
export const reconcileBatchMax = 1_000;
/** Updates and commands that wait for a tenant's reconciler; more are refused `reconciler_busy`, and come again. */
export const reconcileQueueMax = 10_000;
/** Batches that are decided and not in the store: one is being written, and each other is some megabytes and 100 ms of who waits. */
export const unwrittenBatchesMax = 3;
/** So many that wait are decided while another batch is being written; fewer wait for more to go with them. */
export const decidedAheadUpdatesMin = 250;
/** A write that had no answer is done again after this, until the store is back. */
export const reconcilerRetryMs = 1_000;
/** How often it is looked for documents that nobody told of: whoever receives one tells. */
export const reconcilerLookMs = 60_000;
/**
 * Sets of identifiers and addresses that the reconciler of one tenant holds in memory, some 0.9 kB each: a third of a gigabyte. Past it what is
 * known goes on to be seen, and what is new is refused `inventory_full`. Whoever takes the tenant next groups all of it anew, in pieces
 * of some tens of milliseconds: 150,000 took 11.5 s of a busy machine.
 */
export const residentEvidenceMax = 400_000;
/** When an interface was seen first and last is told in steps of this: a table that is read every few minutes is not written as often. */
export const interfaceSeenStepMs = 3_600_000;
/** One item of a document: a sweep's result has up to 1,000 hosts with their ports. */
export const documentItemBytesMax = 4 * 1_048_576;
/** An id is a key, and PostgreSQL's index takes 2,704 bytes of a row. */
export const residentIdCharactersMax = 512;
/** The type of an integration, which is in the key with the id. */
export const identifierScopeCharactersMax = 128;
/** Refused updates that a document's account names. */
export const refusedExamplesMax = 10;
/** Of each kind of news of one batch so many are named, and the rest counted; of a conflict so many devices. */
export const newsItemsMax = 20;
export const newsConflictDevicesMax = 10;
/** Lines of one kind that an explanation has. */
export const explainedLinesMax = 50;
