/**
 * Every bound of the door at the edge, by name, unit last. Those that agents of today expect are marked: they are part of the
 * contract and not ours to change.
 */

// The contract: what those agents are told, and what they were promised.
/** Told to every agent as the pace of its pushes. */
export const heartbeatIntervalS = 30;
/** Told to every agent as the pace at which it asks for its config. */
export const configPollIntervalS = 300;
/** Items in one request or one stream; more are RESOURCE_EXHAUSTED. */
export const servicesMax = 5_000;
/** A `status` message; a longer one is cut, not refused. */
export const statusMessageBytesMax = 4_096;
/** A message that is no `status`: a document. */
export const resultsMessageBytesMax = 15 * 1_048_576;
/** One gRPC message: the longest document, and what stands around it. */
export const receivedMessageBytesMax = 16 * 1_048_576;
export const serviceNameBytesMax = 255;
/** Of a service's type and its source. */
export const serviceWordBytesMax = 64;
/** A longer partition is read as `default`. */
export const partitionBytesMax = 128;
/** A connection on which nothing was called for this long is closed. */
export const connectionIdleMs = 600_000;
/** A silent connection is asked this often whether its agent is there, and is given up without an answer. */
export const keepaliveEveryMs = 120_000;
export const keepaliveAnswerMs = 20_000;

// What a message may be before it is decoded.
/** Hello, config, and what an agent says on its control stream: a few names and labels. */
export const smallMessageBytesMax = 262_144;
/** What a command gave back: a document. */
export const commandMessageBytesMax = 4 * 1_048_576;
/** Fields of one message, beside its services: unknown ones are read over, and cost time all the same. */
export const fieldsMax = 1_024;
/** Capabilities or labels of one agent. */
export const agentWordsMax = 64;
/** One of them, and every other word that an agent says of itself; the rest of a longer one is left out. */
export const agentWordCharactersMax = 128;
/** Results that an agent says to have lost since its last hello; two days of 5,000 checks each second: more is no count. */
export const droppedToldMax = 1_000_000_000;
/** A version of a config, as an agent has it. */
export const configVersionCharactersMax = 128;

// Streams of chunks
/** Chunks of one stream: each may hold a single item. */
export const chunksMax = 5_000;
/** What one stream may have us hold until its last chunk: two documents of the longest. Past it, RESOURCE_EXHAUSTED. */
export const streamHeldBytesMax = 32 * 1_048_576;
/** Calls that one connection may have open: a control stream, a push, a stream, a question, and one that is not over yet. */
export const streamsPerConnectionMax = 8;
/** What all calls of one agent may have us hold; past it, RESOURCE_EXHAUSTED. */
export const agentHeldBytesMax = 64 * 1_048_576;
/** What all calls of this node's door may hold; past it, RESOURCE_EXHAUSTED, and they come again. */
export const doorHeldBytesMax = 512 * 1_048_576;

/** What all calls of one tenant's agents may have us hold: a quarter of the door, so that no tenant has it alone. */
export const tenantHeldBytesMax = 128 * 1_048_576;
/** What a piece of a message costs beside its bytes while the others come: pieces may be of one byte each. */
export const chunkOverheadBytes = 512;
/** From the first byte of a message to its last: the longest one at 56 kB/s; and how often that is looked at. */
export const messageMsMax = 300_000;
export const messageLookMs = 5_000;
/** Connections of one agent: that of now, and those that the other side has lost. The oldest goes when another comes. */
export const connectionsPerAgentMax = 4;

/** While an agent has more than this under way, or the door has, no further stream is read: what is held waits for the store. */
export const agentCalmBytes = 16 * 1_048_576;
export const doorCalmBytes = 256 * 1_048_576;
/** A stream that may not be read for this long is told to come again. */
export const roomWaitMs = 20_000;

// What agents are given
/** Checks of one agent: what it can report in one request. The first by id are given, and the log says so. */
export const configChecksMax = servicesMax;
/** One config: programs written in Go take 4 MiB. */
export const configBytesMax = 3 * 1_048_576;
/** Tenants whose checks and agents are followed, the latest asked for: each is a few kilobytes and its checks. */
export const tenantsFollowedMax = 5_000;
/** What changes in a tenant's checks and agents within this is told to its agents together. */
export const newsGatheredMs = 250;
/** A tenant's checks are asked for when they have changed; where nobody says so, this often, however many agents ask for theirs. */
export const checksKeptMs = 5_000;
/** The tenant's core is waited for this long. */
export const tenantCallMs = 5_000;
/** A result is stored within this, or its agent is told to come again. */
export const storeCallMs = 10_000;
/** Results in one message to a core. */
export const resultsPerMessageMax = 500;
/** A push that is older or newer than this has a clock that says nothing: its time is taken to be now. */
export const pushAgeMsMax = 86_400_000;
export const pushAheadMsMax = 60_000;
/** A result in a push that says itself when it was run may have waited this long: a long weekend without a gateway. */
export const itemAgeMsMax = 5 * 86_400_000;

// Commands
/** Of one agent that are not over; more are refused. */
export const commandsMax = 256;
/** Of one agent that are over, kept so that a late word of them is known for one. */
export const commandsKeptMax = 256;
/** The life of a command that was given none, and the longest. */
export const commandTtlSDefault = 300;
export const commandTtlSMax = 86_400;
export const commandPayloadBytesMax = 1_048_576;

/** A check that an agent is told to run has its own time and this for both ways; the poller gives it up by its own clock. */
export const commandSlackMs = 2_000;
/** Of one agent that people sent and that are over: whoever waits for one asks for it. Their answers are kept with them. */
export const ordersKeptMax = 8;

// Agents
/** Senders whose calls and refusals are counted apart, the latest: more than a door has connections. */
export const sendersCountedMax = 20_000;
/** While another poller still has the agent's name, it is asked for this often. */
export const nameRetryMs = 1_000;
/** What its name shows is told to all nodes: so often at once, then once in this. */
export const nameTellsAtOnceMax = 20;
export const nameTellMs = 250;
/**
 * An agent that comes takes its name with its first word, and all nodes are told no more of it until it listens and has its config,
 * or this is over: each of its words would cost them and this one as much as the name.
 */
export const nameSettleMs = 1_000;
/** An agent's config is compared this often while it listens on its control stream. */
export const configLookMs = 15_000;
/** An agent's actor whose connections have ended stays this long: an agent that dials again is the same. */
export const agentLingerMs = 5_000;
/** What was refused is logged this often at most. */
export const refusalsLogMs = 10_000;
/** A node that drains answers new calls with the reason for this long, before it tells HTTP/2 that it takes no more. */
export const drainTellMs = 250;
/** Calls that are under way then have this long. */
export const drainMs = 3_000;

// Documents (`picket.edge.v1.Documents`)
/** What one message holds of a document. */
export const documentPartBytesMax = 262_144;
/** What a stream may have sent beyond what is stored: a part in the core, one on its way to it, two on theirs to us. */
export const documentWindowBytes = 4 * documentPartBytesMax;
/** One message of that service, with what stands around a part. */
export const documentMessageBytesMax = documentPartBytesMax + 4_096;
/** The core stores a part within this, or the stream ends and the agent opens it again. */
export const documentCallMs = 15_000;
/** At its end a core may have to read what it has not seen of a document: a gigabyte takes half a minute. */
export const documentEndMs = 180_000;
/** A stream of documents on which nothing comes for this long is ended. */
export const documentSilentMs = 300_000;

// Documents, sent by us
/** Between two tries to go on with a document whose stream broke; doubles up to the greatest while nothing is taken. */
export const documentRetryMsMin = 500;
export const documentRetryMsMax = 30_000;
/** Tries in a row by which nothing more was taken: then whoever sends it is told. */
export const documentTriesMax = 60;
/** An answer that takes longer is none. */
export const documentAnswerMs = documentEndMs + 30_000;

// Sources that are placed at an agent (`picket.edge.v1.Sources`)
/** The id of a run: that of its source and a time. */
export const sourceRunCharactersMax = 128;
