/**
 * Every bound of this room: pools, timeouts, retries, sizes. Unit last.
 */
export const limits = {
  /** Connections for leases and the result writer, kept apart so that slow reads never delay a renewal. */
  controlConnectionsMax: 4,
  /** Connections for tenants, checks and reads. */
  queryConnectionsMax: 8,
  /** Connections of `picket db`: one more than tenants are migrated at once. */
  schemaConnectionsMax: 5,
  connectTimeoutMs: 2_000,
  /** Units of work that may wait for a connection, and for how long. */
  turnsWaitingMax: 50_000,
  turnWaitMs: 15_000,
  idleConnectionMs: 60_000,
  /** Each connection caches the catalogs of every tenant it served, so it retires after this many uses. */
  connectionUsesMax: 20_000,
  /** The server ends a statement after this long; the client waits `queryTimeoutMs` in case the server is gone. */
  statementTimeoutMs: 10_000,
  queryTimeoutMs: 12_000,
  /** A session lives 4 s: an answer about leases that takes longer than this is no answer. */
  leaseQueryTimeoutMs: 2_500,
  lockTimeoutMs: 2_000,
  idleInTransactionMs: 2_000,
  /** A statement slower than this is logged with its text, never with its parameters. */
  slowStatementMs: 1_000,
  /** Different statements that a pool keeps the times of; the cheapest are forgotten. */
  statementsKeptMax: 200,
  /** Statements that one question has explained. */
  explainedMax: 50,
  /** Life of a core's session past its last renewal (docs/ARCHITECTURE.md, One writer). */
  sessionLifeMs: 4_000,
  /** Rounds in which an acquire that lost a race asks who won. */
  acquireAttemptsMax: 3,
  checksPerAddMax: 50_000,
  devicesPerAddMax: 10_000,
  devicesPerQueryMax: 10_000,
  /** Checks, or devices, of one tenant that one statement removes when their time is over. */
  archivedPerPurgeMax: 200,
  resultsPerQueryMax: 100_000,
  /** Rows of one kind in one call of the result writer. */
  rowsPerWriteMax: 100_000,
  /** Latest instant that is taken for one: the end of the year 9999. */
  instantMsMax: 253_402_300_799_999,
  /** Longest text that a row of telemetry keeps; longer is cut. */
  telemetryTextCharsMax: 1_000,
  tenantNameCharsMax: 200,
  /** A reason in the audit; longer is cut. */
  auditTextCharsMax: 1_000,
  /** Times that a change of a tenant's status is judged anew because the row changed meanwhile. */
  lifeAttemptsMax: 5,
  /** Rows of a purged tenant that one statement removes. */
  purgeRowsMax: 20_000,
  /** Fresh ids drawn before giving up on one that nobody has. */
  idAttemptsMax: 5,
  /** Day partitions of results that are made ahead of the newest row. */
  partitionsAheadDays: 3,
  /** Spans whose rows are moved out of a default partition in one go; the rest waits for the next. */
  partitionMovesMax: 50,
  /** A detach waits this long for the writers, who wait behind it for as long at most; then it is tried again. */
  detachLockMs: 250,
  detachAttemptsMax: 5,
  detachPauseMs: 200,
  /** Rows that strayed are moved within this, or stay where they are until the next time. */
  moveRowsTimeoutMs: 8_000,
  /** Longest time that a stream may be kept: a hundred years. */
  keptDaysMax: 36_500,

  /** A minute is rolled up when it ended this long ago: what comes later is late and corrects it. */
  rollupLagMs: 60_000,
  /** Of what waits to be rolled up, this much in one statement: a minute or two when all is well. */
  rollupStepMs: 600_000,
  /** While the writers in flight end, those that begin wait for it, this long at most. */
  rollupLockMs: 1_500,
  rollupTimeoutMs: 120_000,
  /** Marks of late rows that one statement corrects for. */
  rollupMarksMax: 5_000,
  rollupsPerQueryMax: 10_000,
  migrationLockTimeoutMs: 30_000,
  migrationTimeoutMs: 300_000,
  /** Tenants whose schemas are migrated at once. */
  tenantMigrationsAtOnce: 4,

  /** A key ring is some lines. */
  keyRingBytesMax: 64 * 1024,
  /** Rows that are sealed anew in one go, and the pause after it: at most 10,000 rows a second, beside everything else. */
  resealRows: 100,
  resealPauseMs: 10,
  /** Rows of an archive that are bound to their new tenant in one go. */
  rebindRows: 500,
  /** A node that has not seen its ring change seals with the old key this long at most: what counts as done was looked at later. */
  resealSettleMs: 3_000,
  /** While several keys open fields, it is looked this often whether a node still sealed with an old one. */
  resealSweepMs: 600_000,
  /** Text of one sealed field: credentials and contact data are some lines. */
  fieldBytesMax: 16 * 1024,
  /** The same sealed: four characters for three bytes, nonce, tag, and the key's id. */
  sealedCharsMax: 24 * 1024,
  /** RFC 5321, 4.5.3.1: a path has 256 octets with its brackets. */
  emailCharsMax: 254,
  userNameCharsMax: 200,
  integrationNameCharsMax: 100,
  /** Systems that are listed for one tenant. */
  listedSourcesPerTenantMax: 100,
  /** External ids of one listing, deflated, in one row; and as text: a million of 64 characters. */
  knownIdsBytesMax: 32 * 1024 * 1024,
  knownIdsTextBytesMax: 80 * 1024 * 1024,
  endpointCharsMax: 2_000,
  /** Fields of contact data, and how long their names and values may be. */
  contactFieldsMax: 20,
  contactCharsMax: 500,
  /** Users, integrations or changes that one list answers. */
  listedRowsMax: 10_000,
  /** One row of a document: more than any sender's part, and far below what the server and its client hold of a row. */
  documentPartBytesMax: 1024 * 1024,
  /** Parts that one statement removes: some 64 MiB. */
  documentPartsRemovedMax: 256,
  /** Rows of a tenant's inventory that one statement reads back: a row is some hundred bytes, and of a busy address some kilobytes. */
  inventoryPageRows: 2_000,
  /** Living agents of one tenant that only listen: each is asked by a connection of its own. */
  agentSourcesPerTenantMax: 1_000,
  sweepsPerTenantMax: 200,
  deviceGroupsPerTenantMax: 1_000,
  /** In all groups together: every device of the largest inventory in one. Their list counts them all in one statement. */
  deviceGroupMembersMax: 400_000,
  /** That one id was put into: a page of devices has the names of all of each. */
  groupsPerDeviceMax: 32,
  /** Devices in one change of a group. */
  devicesPerGroupChangeMax: 1_000,
  /** Times that a change of groups is judged anew because another one came between; each time another is done. */
  groupAttemptsMax: 50,
  /** Runs of a sweep that are over, the newest; and the slices given to others that one run remembers. */
  sweepRunsKept: 50,
  sweepRedoneKept: 50,
  /** Living authorities of an older installation that one tenant may have: the one, its successor, and their intermediates. */
  importedAuthoritiesMax: 8,
  /** Packages whose end is written in one turn; the others are due at the next. */
  packageEndsPerTurn: 1_000,
  /** Authorities that are looked at for their end in one turn, each in its tenant's schema. */
  authorityEndsPerTurn: 100,
  /** The end of one is noted before it is replaced, by so much too late: longer than its statement can take. */
  authorityEndNotedLateMs: 120_000,
  /** Changes of the key ring that its status shows. */
  ringChangesShownMax: 100,
  /** Sessions that one list answers. */
  sessionsListedMax: 1_000,
  /** Entries of the record of sessions in one answer, and their bytes: an answer stays well below a frame's limit. */
  recordLinesMax: 2_000,
  recordPageBytes: 1024 * 1024,
  /** Nothing of the record of sessions goes before: a trigger holds it too (platform migration 13). */
  recordKeptDaysMin: 365,
  /** Users that are opened in one turn: some 45 us of each are the node's. */
  openedRows: 200,
  /** What is sealed at once: each chunk has its own tag, and this much memory is held of it. */
  archiveChunkBytes: 256 * 1024,
  /** The open part at an archive's beginning. */
  archiveHeaderBytesMax: 4 * 1024,
  /** One record of an archive: the description of all tables at most, or a piece of rows. */
  archiveRecordBytesMax: 8 * 1024 * 1024,
  /** Rows are told of in pieces of this size at most. */
  archivePieceBytes: 128 * 1024,
  /** Progress is told each time that so much of a table went by. */
  backupProgressBytes: 64 * 1024 * 1024,
  /** A backup's transaction that waits for a slow disk or network is not left behind for ever. */
  backupIdleMs: 120_000,
  /** A restore whose process was killed is noticed by the server after this. */
  backupClientCheckMs: 1_000,
  /** What is uploaded to a bucket at once, and held in memory: 10,000 of them make 156 GiB, S3's own bound is 5 MiB each. */
  uploadPartBytes: 16 * 1024 * 1024,
  /** Times that a request to a bucket is made, with pauses that double from the first. */
  placeAttemptsMax: 5,
  placeRetryMs: 200,
  /** A restore that replaces a tenant renews its session as a core does. */
  holdRenewMs: 1_000,
  /** What a killed process left half in a folder of archives is removed after this. */
  partialArchiveKeptMs: 86_400_000,
  /** Archives that one place is asked for. */
  archivesListedMax: 100_000,

  /** A node renews its row this often, reads those of the others then, */
  discoveryBeatMs: 5_000,
  /** and counts as long as this after its last renewal: six of them missing. */
  discoveryKeptMs: 30_000,
  /** Changes that are told of in one go: when a cluster starts, each node is told of each. */
  discoveryGatherMs: 100,
  discoveryRowsMax: 1_000,
  /** Before a session that failed is tried again, the seeker waits by itself; this is the pause after one that ended well. */
  discoveryPauseMs: 500,

  embeddedMaxConnections: 60,
  embeddedSharedBuffersMib: 96,
  /** From the start of the server process to its first answer (crash recovery included). */
  serverReadyMs: 60_000,
  serverPollMs: 25,
  initdbMs: 120_000,
  /** Longest that `postgres --version` may take when the binaries are tried. */
  binaryTrialMs: 10_000,
  /** Waits when stopping: after SIGINT (fast), then after SIGQUIT (immediate), then after SIGKILL. */
  stopFastMs: 10_000,
  stopImmediateMs: 5_000,
  stopKillMs: 5_000,
  /** Starts tried while the shared memory of a killed server is still held by its last children. */
  serverStartAttemptsMax: 5,
  /** The server's log is set aside (one old one kept) when it is larger than this at start. */
  serverLogBytesMax: 16 * 1024 * 1024,
  /** Last part of the server's log that goes into an error. */
  serverLogTailBytes: 2_000,
  /** Length of a Unix socket's path that every kernel takes (sun_path: 108 with the closing zero on Linux, 104 on macOS). */
  socketPathBytesMax: 103,
  /** Rounds of taking over a stale lock file before it counts as held. */
  lockAttemptsMax: 5,
} as const;
