/**
 * What other rooms may use of sources: judge a source's settings, list it, read a file, and decide when a source that fails is left in
 * peace. It is loaded by cores, and may be by a program in a customer's network.
 */
export { readNetworks } from './blacklist.ts';
export type { Breaker, BreakerEvent, BreakerStep } from './breaker.ts';
export { closedBreaker, stepBreaker } from './breaker.ts';
export type { DeviceInterface, DeviceUpdate } from './device-update.ts';
export type { BadLine, SourceFault, SourceFaultCode } from './errors.ts';
export { isFault } from './errors.ts';
export type { Import, ImportChunk, ImportFormat } from './import/import-file.ts';
export { importFile, importFormats } from './import/import-file.ts';
export type { ImportFrame } from './import/read-update.ts';
export type { RequestNeeds, SourceClock } from './json-request.ts';
export { limits } from './limits.ts';
export type { Listing, ListingChunk, ListingCounts, ListingEnd, ListingNeeds } from './listing.ts';
export { openListing } from './open-listing.ts';
export type { SourceKind, SourceSettings } from './settings.ts';
export { judgeCredentials, judgeSettings, sourceKinds } from './settings.ts';
export { UpdateArray } from './update-array.ts';
