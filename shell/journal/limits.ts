/** Every bound of the record of sessions, by name, unit last. */

/** A file of the journal: opened anew past this, so that what a core has can be given up piece by piece. */
export const journalFileBytesMax = 8 * 1024 * 1024;
/** All files of one node: a day of a dozen busy operators. Past it what a core has goes; when it has none of it, no session runs. */
export const journalBytesMax = 64 * 1024 * 1024;
/** Each boot of a node that had a session has a file, and each disk that was full for a moment. */
export const journalFilesMax = 256;
/** What waits for the disk; a disk that takes no more refuses sessions and fills no memory. */
export const journalPendingBytesMax = 4 * 1024 * 1024;
/** One entry with its hash: a line or a piece of output, at worst six characters for each of theirs, and some names. */
export const entryLineBytesMax = 512 * 1024;
/** A line that somebody types or pastes. */
export const lineCharactersMax = 64 * 1024;
/** Of the output of one line; the rest was shown and is not kept. */
export const outputKeptCharactersMax = 256 * 1024;
/** Of that in one entry. */
export const outputPieceCharactersMax = 32 * 1024;
/** Names, addresses, reasons in an entry; longer is cut. */
export const nameCharactersMax = 1_000;
/** Of what a torn line held, so much is told. */
export const cutTextCharactersMax = 200;
/** Files are read in pieces of this size. */
export const journalReadBytes = 64 * 1024;
/** Entries that go to a core at once, and their bytes, unless one alone has more. */
export const forwardedLinesMax = 500;
export const forwardedBytesMax = 256 * 1024;
/** A core that takes longer is asked again, or another is: two of them fit into what a line waits. */
export const forwardTimeoutMs = 2_000;
/** A line that changes something is refused when no core has it by then. */
export const lineKeptWaitMs = 5_000;
/** Pause after a try that failed, the least and the greatest: whoever waits for a core makes the next try come at once. */
export const forwardRetryMinMs = 200;
export const forwardRetryMs = 2_000;
/** Boots of one node that a core is asked about at once: as many as there may be files. */
export const bootsAskedMax = 256;
/** Entries that a core will never take, remembered for lines that wait: there is none while nobody changes a copy. */
export const refusedKeptMax = 1_000;
