/** Every bound of the metrics and of the traces, by name, unit last. */

/** Peers that have a series of their own; traffic with those past it is counted together. */
export const peersShownMax = 64;
/** Tenants' nodes whose refusals are remembered, so that none is counted twice. */
export const fencedPeersMax = 4_096;
/** Kinds of names that have a series of their own. */
export const nameKindsShownMax = 32;
/** An actor that is asked for its numbers answers within this, or its series are missing from the scrape. */
export const askMs = 1_000;
/** How finely the delay of the event loop is measured. */
export const loopDelayResolutionMs = 20;
/** Who scrapes sends a line and a few heads. */
export const scrapeHeadBytesMax = 8 * 1024;
export const scrapeRequestMs = 5_000;
/** How often who has taken longer is let go: until then one of the few places is taken. */
export const scrapeSweepMs = 1_000;
/** Scrapers at once. */
export const scrapeConnectionsMax = 16;

/** Steps that are open at once; a further one is not followed. */
export const spansOpenMax = 4_096;
/** A step that did not end by itself within this is ended as one without an answer. */
export const spanLifeMs = 120_000;
export const spanSweepMs = 10_000;
/** A fact longer than this is cut: a statement, say. */
export const factCharactersMax = 400;
/** The name of a step: what a procedure or a method can be called. A longer one is cut, so that the queue is bounded in bytes. */
export const spanNameCharactersMax = 200;
/** Ended steps that wait for the collector; a further one is dropped and counted. */
export const spansQueuedMax = 2_048;
export const spansBatchMax = 512;
export const exportEveryMs = 1_000;
/** The collector has this long for a batch. */
export const exportTimeoutMs = 5_000;
/** How long a node that ends waits for its last steps to be taken. */
export const exportLastMs = 1_500;
