/**
 * Bounds of how peers come in and stay known, by name, unit last: connections, handshakes, renewed certificates, and what
 * a node of a tenant may take.
 */

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
 * there may be a cluster that starts. A link that was refused costs more; one that the tenant fence had told to stay away costs
 * twice as much each time, so that who asks at once again has some eight turns of the node and not all that a cluster may have.
 */
export const handshakesPerAddressPerS = 10;
export const handshakesPerAddressBurst = 300;
export const refusedHandshakeCost = 4;
export const refusedHandshakeCostMax = 64;
/** After this one refusal of an address is forgotten. */
export const refusalForgottenMs = 5_000;
/** Addresses that are remembered; those that asked last stay. */
export const handshakeAddressesMax = 10_000;
/** Certificates that a peer may prove anew on one link, at once and in a second: each is judged, some 2 ms. None lives under 1 s. */
export const renewalsBurstMax = 4;
export const renewalsPerS = 1;
/** Read of one node of a tenant in a second, and at once; a frame costs more than its bytes, so 8,000 of them in a second. */
export const fencedBytesPerS = 2 * 1024 * 1024;
export const fencedBurstBytes = 1024 * 1024;
export const fencedFrameCostBytes = 256;
/**
 * Of that budget, what a millisecond of this node's processor costs which its frames took: at most a twenty-fifth of the time,
 * however dear a frame is for its bytes. Collection of garbage falls into some turn, so one is charged no more than
 * `fencedTurnMsMax`.
 */
export const fencedMsCostBytes = 50 * 1024;
export const fencedTurnMsMax = 10;
/**
 * Squares of the turns that a tenant's node takes, in a second and at once: a turn of 3 ms each second, or ten of 1 ms, so that
 * fewer than one in a hundred of the others' messages come during one. The burst is one collection of garbage, or ten links.
 */
export const fencedTurnsMs2PerS = 10;
export const fencedTurnsBurstMs2 = 100;
/** A link that comes up: some 3 ms for its handshake and as much after it, in several turns. */
export const fencedLinkCostMs2 = 10;
/**
 * Not read for longer at once: a heartbeat is not so late that the node counts as dead. What is read then is up to 64 KiB, some 6 ms
 * of names: more often, and others' slowest hundredth would wait for it.
 */
export const fencedRestMsMax = 2_000;
/** The longest debt of turns: who has stopped is served as before after this. */
export const fencedDebtMs = 15_000;
/** Turns that took as long are followed by a rest: what others sent meanwhile is read before more of the same peer is. */
export const fencedYieldMs = 0.25;
export const fencedYieldRestMs = 1;
/** What is read at once and has fewer bytes is measured by the clock, and counts for no more than this. */
export const fencedMeasuredBytes = 1_024;
export const fencedSmallMsMax = 1;
