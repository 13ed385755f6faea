/** Bounds of how peers come in and stay known, by name, unit last: connections, handshakes, renewed certificates. */

/** For a client that connected to finish its handshake. */
export const handshakeTimeoutMs = 5_000;
/** Connections of one listener, known or not. */
export const connectionsMax = 2_000;
/** Connections that have not finished their handshake; more are closed at once, so that they never use up the others' places. */
export const handshakesMax = 256;
/** Failed handshakes are counted always and logged at most this many times in a second. */
export const handshakesLoggedPerS = 5;
/**
 * Handshakes from one address (of IPv6: one /64) in a second, and at once: each takes some 3 ms of a node. Behind one address
 * there may be a cluster that starts. A link that was refused costs more, so that who is refused cannot go on asking.
 */
export const handshakesPerAddressPerS = 10;
export const handshakesPerAddressBurst = 300;
export const refusedHandshakeCost = 4;
/** Left at most to an address from which one was refused: what belongs together and starts is not among those. */
export const blamedHandshakesMax = 20;
/** Addresses that are remembered; those that asked last stay. */
export const handshakeAddressesMax = 10_000;
/** Certificates that a peer may prove anew on one link, at once and in a second: each is judged, some 2 ms. None lives under 1 s. */
export const renewalsBurstMax = 2;
export const renewalsPerS = 1;
