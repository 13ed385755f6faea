/**
 * Every bound of the checks room, in one place. A bound that decides how often strangers hear from us, or how much of
 * our memory they may fill, is here and nowhere else. Times are milliseconds, sizes bytes or characters.
 */
export const limits = {
  /** Longest deadline of one check; far below what `setTimeout` can hold. */
  timeoutMsMax: 300_000,
  targetCharsMax: 2_048,
  /** RFC 1035 §2.3.4, without the root's dot. */
  nameCharsMax: 253,
  labelCharsMax: 63,
  zoneCharsMax: 32,
  settingCharsMax: 1_024,
  /** A reason is read by people and stored with every result. */
  reasonCharsMax: 200,

  /** How much of a body is searched for `body_contains`; what comes after is never read. */
  httpBodyBytesMax: 1_048_576,
  httpRedirectsMax: 5,

  /** How many addresses of one name are tried. */
  addressesMax: 8,
  dnsAnswersShownMax: 8,
  dnsPortDefault: 53,

  /** `getaddrinfo` holds a thread of libuv's four; one is left for files. */
  lookupsAtOnceMax: 3,
  lookupsWaitingMax: 10_000,

  icmpPackets: 3,
  icmpPacketPeriodMsMax: 200,
  /** fping lets only root go below 10 ms between packets to one host, and below 1 ms between any two. */
  icmpPacketPeriodMsMin: 10,
  icmpSendSpacingMs: 1,
  /** Checks that come this close together share one fping. */
  icmpBatchWindowMs: 10,
  icmpBatchTargetsMax: 200,
  /** Timeouts are rounded to this, so that checks whose deadlines differ by a hair share a batch. */
  icmpTimeoutStepMs: 50,
  /** Kept back from the deadline for starting the process and reading its last line. */
  icmpProcessSlackMs: 50,
  icmpReplyWaitMsMin: 10,
  icmpProcessesMax: 32,
  icmpWaitingMax: 10_000,
  /** A prober's line longer than this is none of its own. */
  childLineCharsMax: 4_096,

  /** Networks of a sweep, and as many exclusions: both travel in one command to an agent. */
  sweepNetworksMax: 256,
  /** Addresses of one sweep, of either family: all private IPv4 space (RFC 1918) is 17.9 million. */
  sweepAddressesMax: 33_554_432,
  sweepPortsMax: 64,
  /** Packets and connects a second of one sweep. */
  sweepRateMax: 10_000,
  sweepRateDefault: 1_000,
  sweepTimeoutMsMin: 100,
  sweepTimeoutMsMax: 10_000,
  sweepTimeoutMsDefault: 1_000,
  /** What a sweep that could not send for a while may catch up at once: this long at its rate. */
  sweepBurstMs: 50,
  /** Connects and pings of one slice that wait for their answer; of a connect that is a descriptor. */
  sweepConnectsMax: 2_000,
  sweepPingsMax: 8_000,
  /** A host that answered none of so many packets is silent. */
  sweepPingTries: 2,
  /** Addresses for one fping are gathered this long, up to this many. */
  sweepPingWindowMs: 200,
  sweepPingBatchMax: 500,
  sweepPingProcessesMax: 16,
  /** The contract's: hosts of one object of a sweep's document. */
  sweepChunkHostsMax: 1_000,
  /** Addresses of one slice: what one agent has under way, and loses when it dies. Its live hosts are in memory. */
  sweepSliceAddressesMax: 16_384,
  sweepSliceAddressesMin: 256,
  /** A slice is cut so that one agent takes about this long for it at the sweep's whole rate. */
  sweepSliceMsWanted: 10_000,
  /**
   * A sweep has at least so many slices where they are no smaller than the least: several agents end together, and what a lost
   * one leaves behind is little.
   */
  sweepSlicesWanted: 16,
} as const;
