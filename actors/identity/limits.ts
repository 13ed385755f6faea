/** What the reconciler of devices holds and how long, with the reason of each. The rules' own times stand here too. */
const hourMs = 3_600_000;

export const identityLimits = {
  /** One field of an update; names and ids are far shorter. */
  textCharactersMax: 1_024,
  /** An identifier is a key: PostgreSQL's index takes 2,704 bytes at most. */
  identifierCharactersMax: 512,
  /** A large chassis has some thousand interfaces. */
  interfacesMax: 4_096,
  /** `ifDescr` of SNMP has 255; a name that is longer is cut. */
  interfaceNameCharactersMax: 255,
  /** Of one interface; the rest is left out. */
  interfaceAddressesMax: 64,
  /** One source's table as text, and all interfaces of a device: what of `interfacesMax` does not fit is left out. */
  tableCharactersMax: 512 * 1_024,
  /** So much of a table takes the memory of one piece of evidence. */
  tableCharactersOfWeight: 900,
  /** Tables of a device that were replaced, in which it is looked since when an interface is known: the oldest. */
  formerTablesMax: 64,
  metadataValueBytesMax: 64 * 1_024,
  metadataBytesMax: 512 * 1_024,

  /** An observation with an address alone belongs to who held that address nearest in time, within this. */
  addressHeldWithinMs: 24 * hourMs,
  /** Two devices at one address this near to each other agree in it. */
  sameAddressWithinMs: hourMs,
  /** A field of a better source stands against worse ones this long. */
  betterFieldMs: 24 * hourMs,
  /** A host name that more devices carry says nothing. */
  nameDevicesMax: 3,
  /** Whoever carries a name is counted among so many; past them it is too common without counting. */
  nameCarriersMax: 64,
  /** Different distinct times at which a device's own table shows an address, until it is confirmed as an alias. */
  aliasSightingsMin: 3,
  /** A serial that ties so many observations with different MACs and nothing better is a maker's default. */
  serialMacsMax: 16,

  /** Of one holder at one address the first and last instant within each such span are kept. */
  addressCellMs: 5 * 60_000,
  /** Instants that are remembered of one address, the newest; some two days of a device that is seen every few minutes. */
  addressInstantsMax: 512,
  /** Names that are remembered of one set of identifiers. */
  namesMax: 8,
  /** Devices with one MAC that agree in all ids and are several all the same; more are not compared. */
  comparedCoresMax: 16,
  /** Identifiers that weigh as much as one piece of evidence: most have two or three. */
  identifiersOfWeight: 8,
  /** Devices with ids, or tables that claim it, which one MAC may tie: past it the MAC is shared, and nobody compares them in pairs. */
  tiedByMacMax: 32,
  /** Evidence that is grouped in one go when all of it is read back: some tens of milliseconds. */
  regroupedAtOnceMax: 1_000,
  /** Pieces of evidence that an audit row names, the best. */
  evidenceTextsMax: 20,
  /** Devices that a conflict row names. */
  conflictDevicesMax: 100,
} as const;
