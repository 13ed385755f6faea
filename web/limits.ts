/** Every bound of the HTTP door and of the page that it serves, by name, unit last. The page's script reads it too. */

/** Requests: the whole head, and the time for the head and for all of it. No request has a body that is read. */
export const headerBytesMax = 8_192;
export const headersTimeoutMs = 5_000;
export const requestTimeoutMs = 10_000;
/** How often those two are looked at. */
export const timeoutsCheckMs = 1_000;
export const keepAliveTimeoutMs = 5_000;
/** Connections of all kinds at once; the next one is closed at once. */
export const connectionsMax = 256;
/** An open request may finish within this when the door closes, and a socket may take its farewell. */
export const closeGraceMs = 2_000;

/** The store has this long to answer a readiness question. */
export const storeHealthTimeoutMs = 2_000;
/** The feed has this long to say who holds the tenant. */
export const feedCallTimeoutMs = 1_000;

/** Browsers that are told live; the next one is refused. */
export const socketsMax = 50;
/** A socket that has more than this unsent when its next message comes is dropped: it would grow without end. */
export const socketBufferedBytesMax = 4_194_304;
/** Nothing is accepted from a browser; a longer message closes the socket before it is read, any other after. */
export const socketMessageBytesMax = 64;
/** Every socket is pinged this often, and dropped when it did not answer the ping before. */
export const pingIntervalMs = 15_000;

/** Changes are sent at most this often. */
export const changeIntervalMs = 250;
/** With nothing to say the feed still says that it is there; the page takes three missing ones for a lost connection. */
export const beatIntervalMs = 5_000;
export const silenceMs = 3 * beatIntervalMs;
/** Membership tells of changes; round trips change without any and are read this often. */
export const membersReadMs = 2_000;
/** Between two tries to find the tenant in the store, and to subscribe when the link was too busy. */
export const feedRetryMs = 1_000;
/** A monitor that has not given its picture by then is asked again. */
export const pictureWaitMs = 10_000;
/** A feed that fails more often than this within the time is not started again: browsers are refused, and not ready. */
export const feedRestartsMax = 10;
export const feedRestartsWithinMs = 60_000;
export const feedMailboxMessagesMax = 10_000;

/** Checks that the feed counts: as many as a tenant may have. */
export const pictureChecksMax = 200_000;
/** Checks that are sent to the page: the first that came, and this many more that are in trouble. */
export const pageChecksMax = 2_000;
export const pageTroubledMax = 1_000;
/** The last results that the page shows. */
export const pageResultsMax = 20;
/** Names, targets and reasons longer than this are cut for the page. */
export const pageTextCharactersMax = 400;

/** Rows of the table of checks that are drawn at first, and added by each `show more`. */
export const rowsDrawn = 100;
/** The page connects again after the first delay, doubled each time up to the last, each shortened at random by up to a half. */
export const reconnectFirstMs = 500;
export const reconnectLastMs = 15_000;
/** A check is called late when its result is missing this long past its due instant and its own timeout. */
export const lateAfterMs = 5_000;
/** Times on the page are written anew this often. */
export const tickMs = 1_000;
/** Changes of state that are read out in one sentence; more are only counted. */
export const announcedMax = 3;
