/** Bounds of the gateway's port and of enrolment, by name, unit last. Handshakes are bounded as those of peer links are. */

/** Of one who has no certificate: it enrols and goes. */
export const strangerConnectionMs = 30_000;
/** A token and a request; and the calls at once of one connection. */
export const strangerMessageBytesMax = 16_384;
export const strangerStreamsMax = 8;
/** What Node's HTTP/2 may hold for one stranger's session, MB: its own least. */
export const strangerSessionMemoryMb = 1;
/** A core answers a gateway within this: it may make the tenant's authority meanwhile. */
export const coreAnswerMs = 8_000;
/** Bearers whose package is remembered, so that they come back while no core answers. */
export const admittedBearersMax = 20_000;
/** How often certificates of open connections are looked at for their end. */
export const connectionLookMs = 2_000;
/** What is left of connections when the door closes is cut after this: longer than the door for those it knows takes to drain. */
export const closeGraceMs = 4_000;
/** At the edge: to connect, and for the answer; with the time that the gateway waits for a core. */
export const enrolConnectMs = 5_000;
export const enrolCallMs = 15_000;
/**
 * Handshakes under way at once: more take no less time all together, and each of them longer. And of one address: who connects and
 * says nothing has a place for as long as a handshake may take.
 */
export const handshakesAtOnce = 64;
export const handshakesPerAddressAtOnce = 4;
/** Connections that wait for theirs: agents of a whole poller that ended; each is a descriptor and some memory. */
export const handshakesWaitingMax = 8_192;
/**
 * Agents of today give up a connection after 20 s. One that has waited as long for its handshake as leaves no time for what comes
 * then is let go: for the handshake as it takes now, as long again twice until its hello is answered (a question to a core stands
 * between), and a second. Where handshakes take long, or none was done yet, it may wait `handshakeWaitMs` all the same.
 */
export const agentConnectMs = 20_000;
export const handshakeWaitMs = 15_000;
export const handshakesToHello = 3;
export const helloSlackMs = 1_000;
/** How long one takes now is the mean of about so many that were done. */
export const handshakesAveraged = 16;
/** What a core said of a tenant's imported authorities counts this long; a change of them is told at once. */
export const importedKeptMs = 60_000;
/** Slugs that certificates named, and what a core said of them: strangers name what they like. */
export const claimsKeptMax = 5_000;
