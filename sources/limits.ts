/** Every bound of the room, by name, unit last. What another system sends is hostile until it was counted. */
export const limits = {
  /** What goes to whoever reads a listing at once; it asks for the next when it has done with this one. */
  chunkUpdatesMax: 1_000,

  // One answer
  /** A page of 1,000 devices of 4 kB is 4 MB; reading this as JSON holds the process for a few hundred ms at the most. */
  pageBytesMax: 16 * 1_048_576,
  requestMsMax: 60_000,

  // One listing
  armisPageItems: 1_000,
  /** NetBox gives at most 1,000 unless its operator says otherwise, and takes seconds for so many. */
  netboxPageItems: 250,
  pageItemsMax: 1_000,
  pagesMax: 100_000,
  itemsMax: 1_000_000,
  /** A listing that saw fewer than the system says to have is walked again, so often in all. */
  walksMax: 3,
  listingMsMax: 4 * 3_600_000,
  /** Absent devices that are asked for by id in one request: their ids stand in the URL. */
  confirmedIdsMax: 100,
  /** Devices whose interfaces are asked for at once, and pages of these. */
  interfaceDevicesMax: 50,
  interfacePagesMax: 1_000,
  interfacesOfDeviceMax: 4_096,
  /** New tokens for one page: one that is refused twice in a row is no matter of time. */
  tokensOfPageMax: 2,

  // Trying again
  attemptsMax: 4,
  backoffMsMin: 500,
  backoffMsMax: 30_000,
  /** Who says to come later than this is not waited for: the run ends, the next one comes by itself. */
  retryAfterMsMax: 300_000,
  breakerFailuresMax: 5,
  breakerOpenMsMin: 60_000,
  breakerOpenMsMax: 3_600_000,

  // What is taken over
  textCharsMax: 255,
  /** Values of metadata; lists of tags and addresses can be long. */
  metadataValueCharsMax: 4_096,
  tagsMax: 256,
  /** Addresses and MACs of one device in one text. */
  listedValuesMax: 64,
  externalIdCharsMax: 64,
  /** The reconciler takes no longer identifier. */
  serialCharsMax: 512,

  // Settings
  networksMax: 1_000,
  queryCharsMax: 4_096,
  endpointCharsMax: 2_048,
  credentialsCharsMax: 4_096,
  caCharsMax: 65_536,

  // Files
  /** The reconciler takes 512 KiB of metadata an update. */
  lineBytesMax: 1_048_576,
  /** A field that is no metadata: the same. */
  fieldCharsMax: 1_024,
  columnsMax: 512,
  metadataKeysMax: 512,
} as const;
