/**
 * Every bound of the cluster's pure parts, by name, unit last, with the reason where the number is not obvious. The
 * shells (links, router, node) add theirs here.
 */

// Frames (frame.ts)
/** A frame after its length field, put together where it came in parts. Larger messages do not travel. */
export const frameBytesMax = 16 * 1024 * 1024;
/** A text field of a routing header, in UTF-8: its length is one byte. */
export const frameTextBytesMax = 255;
/** The first room taken for a frame that is not complete; it doubles as bytes arrive, so a length alone costs nothing. */
export const frameAssemblyStartBytes = 64 * 1024;

// Parts (lane.ts, parts.ts)
/**
 * A frame over this travels in parts, after its hello: so what is urgent is never behind more than this of what is not,
 * and a frame that is not in parts costs its receiver no more.
 */
export const wholeFrameBytesMax = 64 * 1024;
/** A part with its head: one TLS record, which its receiver reads where it lies. */
export const partFrameBytes = 16 * 1024;
/** Frames that are under way in parts on one link, one way. */
export const partedFramesMax = 8;
/** What they may come to when they are whole: the memory that a peer can take at the other end with them. */
export const partedBytesMax = 64 * 1024 * 1024;
/** The first room taken for a frame in parts; it doubles as parts arrive, so that a claim alone costs little. */
export const partsStartBytes = 1024 * 1024;

// Payloads (codec.ts)
/** Arrays and objects within each other. */
export const payloadDepthMax = 64;
/** Values in one payload, keys included: one byte on the wire can become 60 in memory, so bytes alone bound too little. */
export const payloadElementsMax = 1_000_000;
/** Encoded size; what is left of a frame after the longest routing header. */
export const payloadBytesMax = frameBytesMax - 4_096;
/** Keys of one object: msgpackr's fast map header has 16 bits. */
export const objectKeysMax = 65_535;
/** The room that payloads are encoded into, one after the other. */
export const encodeSlabBytes = 64 * 1024;
/** Texts of so few bytes are looked up among those that were read before, `textsRememberedMax` of them (a power of two). */
export const shortTextBytesMax = 24;
export const textsRememberedMax = 512;
/** Fewer bytes than this are copied faster one by one than by a view and a call. */
export const copiedByByteMax = 128;
/** Characters of an error's code and name that travel; its message is cut at `errorMessageCharactersMax`. */
export const errorNameCharactersMax = 128;
export const errorMessageCharactersMax = 4_096;

// Names (names.ts)
export const nodeNameCharactersMax = 63;
export const keyPartCharactersMax = 128;
export const keyIdCharactersMax = 255;

// Registry (registry*.ts)
/** Puts and removals in one delta: at 200 B each about 200 kB, a few milliseconds of encoding. */
export const deltaEntriesMax = 1_000;
/** Removals that a shard remembers. A replica that is further behind is told the whole shard instead. */
export const removalsKeptMax = 1_024;
/** How long the names of a node that is down are kept, hidden, for its boot to return. */
export const downGraceMs = 60_000;
/** Heads (shards) in one message of the exchange. */
export const headsPerMessageMax = 1_000;
/**
 * Heartbeats overtake deltas, so one differing hash is normal under load. An exchange starts when both hashes stand still
 * and differ for this many heartbeats in a row,
 */
export const steadyMismatchesMax = 2;
/** or when they differed, moving or not, for this many. */
export const mismatchesMax = 4;
/** Offers of the same missing part by others while one fetch is under way; past them another peer is asked. */
export const fetchOffersIgnoredMax = 8;
/** Heads count for more than a delta: they come only after the hashes have differed for a while. */
export const headsOfferWeight = 4;
/** Live watchers of one registry. */
export const watchersMax = 10_000;
/** Origins that a registry or a membership keeps; the topology is for a couple of hundred. */
export const nodesMax = 2_000;

// Membership (membership.ts). Monotonic milliseconds.
export const heartbeatIntervalMs = 500;
/** Four heartbeats missing. */
export const suspectAfterMs = 2_000;
/**
 * A pause of 4 s must not be taken for a death: the last heartbeat may be one interval (500 ms) old when the pause begins,
 * which makes 4,500 ms, and 100 ms are left for the first heartbeat after it. A hung node must be noticed within 5 s:
 * 400 ms are left for the tick and the announcement.
 */
export const downAfterMs = 4_600;
/** The shell's tick: deadlines are met this late at most. */
export const membershipTickMs = 100;
/** A process that is gone refuses at once and still refuses this much later; a listener that restarts does not. */
export const refusedDownMs = 200;
export const probeIntervalMs = 500;
/** Peers that one round of probes asks. */
export const probeViaMax = 3;
export const dialBackoffMinMs = 250;
export const dialBackoffMaxMs = 5_000;
/** A dial that was asked for and of which nothing was heard counts as failed after this. */
export const dialAnswerMs = 5_000;
/** A node that is down or left is listed this long (its boot is remembered as long). */
export const forgetAfterMs = 24 * 60 * 60 * 1_000;
/** A node that was only heard of, and that nobody has spoken of for this long, is no longer dialled. */
export const candidateKeptMs = 60_000;
/** A split is told when its sides have stood still for this long: members are lost within a second of each other. */
export const splitSettleMs = 1_000;
/** Decisions about one node that `explain` can tell. */
export const becauseKeptMax = 16;

// Links (link.ts, tls-transport.ts).
/** From the connect to a finished TLS handshake, dialling. */
export const connectTimeoutMs = 4_000;
/** For a client that connected to finish its handshake. */
export const handshakeTimeoutMs = 5_000;
/** From the handshake to the peer's hello. */
export const helloTimeoutMs = 5_000;
/** Connections of one listener, known or not. */
export const connectionsMax = 2_000;
/** Over this a link refuses casts (`link_busy`) and holds user frames back. */
export const linkHighWaterBytes = 8 * 1024 * 1024;
/** Over this it refuses calls and replies too: the most memory that one peer which does not read can cost. */
export const linkQueuedBytesMax = 64 * 1024 * 1024;
/** What a link gives to its connection ahead of the network: what is urgent waits behind no more than this. */
export const linkWindowBytes = 256 * 1024;
/** What one write to a socket holds: the buffer of a connection doubles up to it, and is kept. */
export const writeBytesMax = 256 * 1024;
export const writeBufferStartBytes = 16 * 1024;
/** A peer that does not read what a closing connection has still to send is left after this. */
export const closePatienceMs = 1_000;
/**
 * What system frames and signals may wait for a peer that does not read, beyond `linkQueuedBytesMax`. They are never
 * refused, because the cluster's truth is made of them; past this the link is closed (`not_reading`). The names of a large node, told at once, are 20 MB.
 */
export const linkUrgentBytesMax = 64 * 1024 * 1024;
/** A link on which a frame is not finished must bring this many bytes within `linkStallMs`, or is closed. */
export const linkStallBytes = 64 * 1024;
export const linkStallMs = 10_000;
/**
 * How long a link that another one took the place of may take until both ends have read all of it. Longer than the pause
 * of 4 s that is not taken for a death; past it what was lost on it is told as the loss of the peer's link.
 */
export const linkRetireMs = 5_000;
/** Of the text of a close frame: within `frameTextBytesMax` also when a character is cut through. */
export const closeDetailBytesMax = 240;
/** Peers that a hello may name. */
export const greetingKnowsMax = 2_000;
/** Pending remote calls of one node; more fail with `link_busy`. */
export const remoteCallsMax = 1_000_000;
/** A procedure that does not say otherwise. */
export const procedureTimeoutMs = 10_000;
/** Procedure calls under way for one link. */
export const proceduresPerLinkMax = 256;
/** How often remote calls whose deadline has passed are let go. */
export const remoteSweepMs = 5_000;
/** A tick that comes this much late means that this process did not run: it then accuses nobody. */
export const pausedMinMs = 1_000;
/**
 * How often links are looked over: has a certificate ended, has what we trust changed. With `linksJudgedPerTurnMax` a
 * listener that is full has judged all of its peers again in 4 s, a millisecond each.
 */
export const linkLookMs = 200;
export const linksJudgedPerTurnMax = 100;
/** How long a stopping node waits for its last frames to leave. */
export const stopLingerMs = 200;
/** The text of a procedure's error; what was quoted in it may have been of any length. */
export const procedureDetailCharactersMax = 2_000;
/** The longest deadline that a caller may name for a procedure of another node. */
export const relayTimeoutMsMax = 120_000;
/** Connections that have not finished their handshake; more are closed at once, so that they never use up the others' places. */
export const handshakesMax = 256;
/** Failed handshakes are counted always and logged at most this many times in a second. */
export const handshakesLoggedPerS = 5;
/** How long `find` waits for a name unless it is told. */
export const nameWaitMs = 10_000;

// What the flight recorder keeps of membership and registry (record-*.ts).
/** Of the reasons about one node, the last ones; all that a record of some minutes needs is in its events. */
export const recordReasonsMax = 4;
/** Of one reason: it may quote what a peer said when it closed its link. */
export const recordReasonCharactersMax = 200;
/**
 * Of the registry this much text is recorded at once: some 500 names. Then they are only counted, so that a hundred
 * thousand registered in a second take no longer for it.
 */
export const recordRegistryBurstBytes = 128 * 1024;

// Discovery (discovery/). Addresses are hints from anywhere, so each number is also what a hostile source can cost.
/** Addresses that are kept; the topology is for a couple of hundred nodes. */
export const hintsMax = 1_000;
/** Of a longer list only the first are looked at. */
export const addressesReadMax = 10_000;
/** Addresses that were found to lead to this very node. */
export const ownAddressesMax = 64;
/** Dials to hints: under way at once, and begun within a second. */
export const hintDialsAtOnceMax = 16;
export const hintDialsPerS = 20;
/** Between two dials of an address where nobody answers; the pause doubles from the least to the greatest. */
export const hintDialMinMs = 500;
export const hintDialMaxMs = 10_000;
/** A dial of which nothing was heard: past the limits of connecting, of the handshake and of the hello together. */
export const dialOutcomeMs = 15_000;
/** After a link that lasted this long its address begins with the least pause again. */
export const hintSettledMs = 10_000;
/** Who said that it leaves is closing: its address is left alone this long, even while the source still has it. */
export const leftHoldMs = 5_000;
/** Between two sessions of a source that fails; doubles likewise. */
export const sourceRetryMinMs = 500;
export const sourceRetryMaxMs = 30_000;
/** A session that lasts this long is a good one. */
export const sourceSettledMs = 10_000;
/** The log hears of other or failing addresses at most this often, and of this many by name. */
export const newsMs = 5_000;
export const newsAddressesMax = 8;
/** A stopping node waits this long for its source to take back what it announced. */
export const sourceStopMs = 1_000;

// Discovery by DNS (discovery/dns.ts)
export const dnsPauseMs = 5_000;
/** One question to one server, how often it is asked, and all of one session together. */
export const dnsQuestionMs = 1_500;
export const dnsTriesMax = 2;
export const dnsSessionMs = 8_000;
/** Hosts of SRV records that are asked for at once, and in one session. */
export const dnsHostsAtOnceMax = 16;
export const dnsHostsMax = 1_000;

// Discovery by the Kubernetes API (discovery/kubernetes*.ts)
/** From the request to the head of the answer. */
export const kubernetesAnswerMs = 10_000;
/** From the head of a list to its end. */
export const kubernetesListMs = 20_000;
/** A list: at about 1 kB an endpoint some ten thousand of them. */
export const kubernetesListBytesMax = 16 * 1024 * 1024;
/** One line of a watch is one object: a slice has 1,000 endpoints at most. */
export const kubernetesLineBytesMax = 4 * 1024 * 1024;
/** What of a refusal's body is read for its message. */
export const kubernetesRefusalBytesMax = 8 * 1024;
/** How long the server is asked to keep a watch open, at least; up to twice that by chance. It bounds how long a dead connection is trusted. */
export const kubernetesWatchMinMs = 30_000;
/** Past the end that was asked for, a watch that is still open is cut. */
export const kubernetesWatchGraceMs = 5_000;
/** Between the end of a watch and the next one. */
export const kubernetesAgainMs = 500;
/** Watches in a row that are cut before they bring anything; then the list is asked for again. */
export const kubernetesCutsMax = 3;
/** Slices or endpoints objects of one service. */
export const kubernetesObjectsMax = 1_000;
/** The token of the account; real ones are 1 to 2 kB. */
export const kubernetesTokenBytesMax = 64 * 1024;

// Discovery by UDP multicast (discovery/gossip*.ts)
export const gossipBeaconMs = 2_000;
/** Six beacons missing. */
export const gossipKeptMs = 12_000;
/** Our own beacons come back to us: when they do not for this long, the membership of the group is gone. */
export const gossipDeafMs = 7_000;
/** A longer packet is none of ours, and is not looked at. */
export const gossipPacketBytesMax = 128;
/** Packets that are looked at in a second: ten for each of a couple of hundred nodes is more than they ever send. */
export const gossipPacketsPerS = 2_000;
/** Ports that one sender may announce: nodes of one host. */
export const gossipPortsPerSenderMax = 16;
/** Routers do not forward it: discovery by multicast is for one network. */
export const gossipHopsMax = 1;

// PubSub (pubsub.ts)
/** Subscriptions of one node; each costs a function and, the first of its topic, a name. */
export const subscriptionsMax = 20_000;
/** Published messages that wait for one tenant's subscribers on a node; more are refused, which `publish` counts. */
export const postMessagesMax = 100_000;

// The tenant fence (fence*.ts)
/** The longest payload that a tenant's node may send: batches of results are some 100 kB, and one is read in a few ms. */
export const fencedPayloadBytesMax = 1024 * 1024;
/**
 * What is read of one node of a tenant in a second, and at once: 5,000 results are 1 MiB. A frame costs this much beside its
 * bytes, so at most 8,000 are judged in a second, some 5 % of a core's time.
 */
export const fencedBytesPerS = 2 * 1024 * 1024;
export const fencedBurstBytes = 1024 * 1024;
export const fencedFrameCostBytes = 256;
/** Names that one node of a tenant may hold: it needs one for its role, and one for each topic that it follows. */
export const fencedNamesMax = 1_000;
/** Keys of a name's metadata, characters of a key or text, and texts in a list: together at most 256 kB a name. */
export const fencedMetadataKeysMax = 16;
export const fencedMetadataTextMax = 128;
export const fencedMetadataTextsMax = 128;
/** Refs that were sent to a tenant's node and that it may use: past it the oldest is forgotten. */
export const exportedRefsMax = 10_000;
/**
 * Refusals of one tenant's peer that have not leaked away; past it the link is closed with `fenced`. A node that means
 * well is refused now and then, when an actor that it knows has ended.
 */
export const fenceRefusalsMax = 200;
export const fenceRefusalsLeakPerS = 10;
/** At most one line in the log for each peer in this time; it says how many refusals it stands for. */
export const fenceLogEveryMs = 1_000;
/** Tenants' peers whose counts are remembered while they have no link. */
export const fencedPeersKeptMax = 2_000;
