/** Bounds of what is dialled: agents that only listen. By name, unit last; those that are part of their contract are marked. */

/** To look a name up, connect and shake hands. */
export const dialMs = 10_000;
/** Addresses of one name that are tried. */
export const dialAddressesMax = 8;
/** One call, and the silence between two chunks of a stream: the contract's. */
export const callMs = 30_000;
/** A connection is asked this often whether the agent is there, and given up without an answer: the contract's. */
export const keepaliveEveryMs = 120_000;
export const keepaliveAnswerMs = 20_000;
/** A connection over which nothing was asked for this long is closed: the agents' own patience. */
export const linkIdleMs = 600_000;
/** Connections that one poller keeps; beyond, the one that was used longest ago is closed. */
export const linksKeptMax = 2_000;
/** What Node's HTTP/2 may hold for one connection, MB. */
export const sessionMemoryMb = 16;
/** What an agent may send before we have read it. */
export const windowBytes = 1_048_576;
/** Pairs and bytes of one block of headers: a status with its text. */
export const headerPairsMax = 64;

/** What `GetStatus` answers: a JSON document of one service. */
export const statusAnswerBytesMax = 1_048_576;
/** A chunk of a stream: of a sweep 1 MiB of JSON or 1,000 hosts, and what stands around it. gRPC's own default. */
export const chunkBytesMax = 4 * 1_048_576;
/** The text of a status that is kept. */
export const toldCharactersMax = 300;

/** Questions to one agent at once. */
export const questionsAtOnceMax = 8;
/** Documents of all agents that one poller has under way at once, each of 15 MiB at most: what they hold is this many of those. */
export const documentsAtOnceMax = 8;
/** A sequence, as an agent names it: kept, and sent back. */
export const sequenceCharactersMax = 256;
