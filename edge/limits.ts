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
/** A tenant's checks are asked for at most this often, however many agents ask for theirs. */
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

// Agents
/** While another poller still has the agent's name, it is asked for this often. */
export const nameRetryMs = 1_000;
/** An agent's config is compared this often while it listens on its control stream. */
export const configLookMs = 15_000;
/** An agent's actor whose connections have ended stays this long: an agent that dials again is the same. */
export const agentLingerMs = 5_000;
/** What was refused is logged this often at most. */
export const refusalsLogMs = 10_000;
/** Calls that are under way when the node drains have this long. */
export const drainMs = 3_000;
