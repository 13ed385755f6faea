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
/** A frame over this travels in parts, after its hello: what is urgent is behind no more than this, and a receiver pays no more at once. */
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
/** Puts and removals in one delta, and of an answer in one turn: at 200 B each about 200 kB, milliseconds of encoding. */
export const deltaEntriesMax = 1_000;
/** In one delta of a tenant's node: some 0.6 ms of a turn, for which others' messages wait. */
export const fencedDeltaEntriesMax = 100;
/** Messages of the registry that may wait behind a long answer to one link: a whole shard of ten million names. */
export const registryWaitingMax = 10_000;
/** Removals that a shard remembers. A replica that is further behind is told the whole shard instead. */
export const removalsKeptMax = 1_024;
/** How long the names of a node that is down are kept, hidden, for its boot to return. */
export const downGraceMs = 60_000;
/** Names of a node that was only heard of are hidden after this until it is met: one that lives is dialled several times by then. */
export const strangerKeptMs = 5_000;
/** Names of a node that is back count against others' when it has told which it still holds, and after this even so. */
export const returnedNamesMs = 1_000;
/** How often graces are looked at. */
export const registryTickMs = 1_000;
/** Heads (shards) in one message of the exchange. */
export const headsPerMessageMax = 1_000;
/** Heartbeats overtake deltas: an exchange starts when both hashes stand still and differ for this many in a row, */
export const steadyMismatchesMax = 2;
/** or when they differed, moving or not, for this many. */
export const mismatchesMax = 4;
/** Offers of the same missing part by others while one fetch is under way; past them another peer is asked. */
export const fetchOffersIgnoredMax = 8;
/** Heads count for more than a delta: they come only after the hashes have differed for a while. */
export const headsOfferWeight = 4;
/** Live watchers of one registry: two of each of the 5,000 tenants that a poller follows at most, and its own. */
export const watchersMax = 12_000;
/** Origins that a registry or a membership keeps; the topology is for a couple of hundred. */
export const nodesMax = 2_000;

// Membership (membership.ts). Monotonic milliseconds.
export const heartbeatIntervalMs = 500;
/** A peer that echoes none of our heartbeats does not make their list grow. */
export const heartbeatsUnechoedMax = 64;
/** Probes on one link whose answer would still be known for one: a peer that cannot vouch does not answer. */
export const probesUnansweredMax = 64;
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

/** Seconds of the own tick's lateness that are kept. */
export const lagKeptS = 60;
/** Actors in one part of a node's tree: some 100 kB, encoded in 2 ms. */
export const treePartRows = 5_000;

// Links (link.ts, tls-transport.ts).
/** From the connect to a finished TLS handshake, dialling. */
export const connectTimeoutMs = 4_000;
/** From the handshake to the peer's hello. */
export const helloTimeoutMs = 5_000;
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
/** Until both ends have read all of a link that was replaced: longer than the pause of 4 s; past it the loss of the peer's link is told. */
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
/** A process whose ticks came this much late within `downAfterMs`, in one or in many pieces, did not run: it accuses nobody for it. */
export const pausedMinMs = 1_000;
/** A tick that is less late than this is on time. */
export const lateTickMs = 100;
/** Has a certificate ended, has what we trust changed: with the next limit a full listener is judged anew in 4 s, 1 ms each. */
export const linkLookMs = 200;
export const linksJudgedPerTurnMax = 100;
/** How long a stopping node waits for its last frames to leave. */
export const stopLingerMs = 200;
/** The text of a procedure's error; what was quoted in it may have been of any length. */
export const procedureDetailCharactersMax = 2_000;
/** The longest deadline that a caller may name for a procedure of another node. */
export const relayTimeoutMsMax = 120_000;
/** How long `find` waits for a name unless it is told. */
export const nameWaitMs = 10_000;

// What the flight recorder keeps of membership and registry (record-*.ts).
/** Of the reasons about one node, the last ones; all that a record of some minutes needs is in its events. */
export const recordReasonsMax = 4;
/** Of one reason: it may quote what a peer said when it closed its link. */
export const recordReasonCharactersMax = 200;
/** Of the registry this much text is recorded at once, some 500 names; past it they are only counted, which takes no longer. */
export const recordRegistryBurstBytes = 128 * 1024;
/** An event of more names or children is not kept: its text would be too long, and making it would take milliseconds. */
export const recordRowsMax = 2_000;

// Supervised children (specs*.ts, children*.ts, supervisor*.ts)
/** Children that the map of one cluster holds; each costs every node about 500 B. */
export const specsMax = 200_000;
/** Arguments of one spec. */
export const childArgumentsMax = 16;
/** Specs, removals and ids in one message: at 100 B each about 100 kB. */
export const specsPerMessageMax = 1_000;
/** The map is compared by this many hashes: at 10,000 specs one difference costs telling 40 of them. */
export const specBucketsCount = 256;
/** Lives of writers that a message may tell of. */
export const specWritersMax = 20_000;
/** How often the map's hash is told to the linked peers: what was lost on an open link is mended within three of them. */
export const specsCompareMs = 1_000;
/** What a life of a node wrote is remembered so long after nothing of it is left; who was absent for longer has no specs of its own. */
export const tombstoneRetentionMs = 7 * 24 * 60 * 60 * 1_000;
export const specsForgetEveryMs = 60 * 60 * 1_000;
/** Children that one question to the peers names. */
export const askIdsMax = 1_000;
/** A peer that does not answer by then is not waited for; what the registry shows as held is not started even so. */
export const askTimeoutMs = 1_000;
/** How often a child that another node holds is asked for again, should nobody have told that it was let go. */
export const heldRecheckMs = 1_000;
/** What falls due with time is looked at this often while there is any; starts and handovers that wait, that often. */
export const childrenTickMs = 100;
export const rateTickMs = 5;
/** Children that one node starts in a second: a takeover must leave room for the node's own work. */
export const startsPerS = 25_000;
export const startsBurstMax = 1_000;
/** Children whose `init` is under way at a time: what they reach for (a database) gets no more at once. */
export const startsUnderWayMax = 1_000;
/** A child whose `init` takes longer is ended, and tried again later. */
export const childStartMs = 10_000;
/** Children that a node gives away in a second because another came; when it leaves it is in more of a hurry. */
export const movesPerS = 1_000;
export const movesPerSDraining = 5_000;
/** Children that are ending at a time while more wait to be moved. */
export const movesUnderWayMax = 64;
/** Children are not moved until nobody came or went for this long. */
export const membersSettleMs = 200;
/** A new node starts nothing until it has heard of no new member for this long. */
export const joinSettleMs = 300;
/** It begins after this, even if more of them still come. */
export const joinSettleEndMs = 3_000;
/** Who did not run for so long takes it that others run its children: its last heartbeat may be an interval older than the pause. */
export const stoodStillMs = downAfterMs - heartbeatIntervalMs;
/** It begins after this, whomever it has not met: a dead node is known to be by then (a silence, and a dial that nobody answers). */
export const standstillEndMs = 10_000;
/** A node that finds none of its seeds begins alone after this. */
export const aloneMs = 5_000;
/** States that were handed over, kept for children that cannot start yet. */
export const handedKeptMax = 10_000;
export const handedKeptMs = 30_000;
/** How often a state is passed on when the one who got it does not own its child any more. */
export const handoverHopsMax = 3;
/** Restart intensity of one child: more ends than this within the time and it is put off, */
export const childRestartsMax = 3;
export const childRestartsWithinMs = 5_000;
/** first for this long, then for twice as long each time, with a quarter of jitter either way. */
export const childBackoffMinMs = 1_000;
export const childBackoffMaxMs = 60_000;
/** A child that ran this long is no longer held to have failed. */
export const childSteadyMs = 60_000;
/** Events in the life of one child that `explain` can tell. */
export const childBecauseKeptMax = 8;
/** How long a child may take to end before it is killed, */
export const supervisedShutdownMs = 5_000;
/** and to handle what it was sent before, give its state and end. */
export const handoffMs = 5_000;
/** A state that is handed over, encoded; a larger one stays behind and its child starts afresh. */
export const handoffBytesMax = 256 * 1024;
/** `start` and `stop` of a child, unless told. */
export const childAnswerMs = 15_000;
/** How often rows of wanted children are read when nobody tells of a change. */
export const rowsReadMs = 5_000;
/** A node that leaves goes after this at the latest, whatever it still has, unless it is given less. */
export const drainMs = 30_000;
/** An actor that has ended has its name for a few turns more: its callers are told after it, but after so many in any case. */
export const nameEndLooksMax = 100;
/** From when a node that leaves has given up its names: what others sent before they saw it arrives within this. */
export const withdrawnMs = 100;
/** What a node that leaves has taken is answered within this, or not any more. */
export const lastAnswersMs = 5_000;
/** Children that the procedure `children` lists. */
export const childrenListedMax = 10_000;

// PubSub (pubsub.ts)
/** Subscriptions of one node; each costs a function and, the first of its topic, a name. */
export const subscriptionsMax = 20_000;
/** Published messages that wait for one tenant's subscribers on a node; more are refused, which `publish` counts. */
export const postMessagesMax = 100_000;

// The tenant fence (fence*.ts)
/** The longest payload that a tenant's node may send: batches of results are some 100 kB, and one is read in a few ms. */
export const fencedPayloadBytesMax = 1024 * 1024;
/** Frames of a tenant's node that are under way in parts, when they are whole: room for a few payloads. */
export const fencedPartedBytesMax = 4 * 1024 * 1024;
/** Names that one node of a tenant may hold: it needs one for its role, and one for each topic that it follows. */
export const fencedNamesMax = 1_000;
/** Keys of a name's metadata, characters of a key or text, and texts in a list: together at most 256 kB a name. */
export const fencedMetadataKeysMax = 16;
export const fencedMetadataTextMax = 128;
export const fencedMetadataTextsMax = 128;
/** Refs that were sent to a tenant's node and that it may use: past it the oldest is forgotten. */
export const exportedRefsMax = 10_000;
/** Refusals that have not leaked away; past it the link is closed. Who means well is refused now and then, when actors end. */
export const fenceRefusalsMax = 200;
export const fenceRefusalsLeakPerS = 10;
/** At most one line in the log for each peer in this time; it says how many refusals it stands for. */
export const fenceLogEveryMs = 1_000;
/** Tenants' peers whose counts are remembered while they have no link. */
export const fencedPeersKeptMax = 2_000;
