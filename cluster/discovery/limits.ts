/**
 * Every bound of discovery, by name, unit last, with the reason where the number is not obvious. A file of its own beside
 * the cluster's because strategies are chosen one by one, and nothing else reads these.
 */

// Discovery (discovery/). Addresses are hints from anywhere, so each number is also what a hostile source can cost.
/** Addresses that are kept; the topology is for a couple of hundred nodes. */
export const hintsMax = 1_000;
/** Of a longer list only the first are looked at. */
export const addressesReadMax = 10_000;
/** Addresses that were found to lead to this very node. */
export const ownAddressesMax = 64;
/** Dials to hints: under way at once, and begun within a second. */
export const hintDialsAtOnceMax = 16;
export const hintDialsPerS = 20;
/** Between two dials of an address where nobody answers; the pause doubles from the least to the greatest. */
export const hintDialMinMs = 500;
export const hintDialMaxMs = 10_000;
/** A dial of which nothing was heard: past the limits of connecting, of the handshake and of the hello together. */
export const dialOutcomeMs = 15_000;
/** After a link that lasted this long its address begins with the least pause again. */
export const hintSettledMs = 10_000;
/** Who said that it leaves is closing: its address is left alone this long, even while the source still has it. */
export const leftHoldMs = 5_000;
/** Between two sessions of a source that fails; doubles likewise. */
export const sourceRetryMinMs = 500;
export const sourceRetryMaxMs = 30_000;
/** A session that lasts this long is a good one. */
export const sourceSettledMs = 10_000;
/** The log hears of other or failing addresses at most this often, and of this many by name. */
export const newsMs = 5_000;
export const newsAddressesMax = 8;
/** A stopping node waits this long for its source to take back what it announced. */
export const sourceStopMs = 1_000;

// Discovery by DNS (discovery/dns.ts)
export const dnsPauseMs = 5_000;
/** One question to one server, how often it is asked, and all of one session together. */
export const dnsQuestionMs = 1_500;
export const dnsTriesMax = 2;
export const dnsSessionMs = 8_000;
/** Hosts of SRV records that are asked for at once, and in one session. */
export const dnsHostsAtOnceMax = 16;
export const dnsHostsMax = 1_000;

// Discovery by the Kubernetes API (discovery/kubernetes*.ts)
/** From the request to the head of the answer. */
export const kubernetesAnswerMs = 10_000;
/** From the head of a list to its end. */
export const kubernetesListMs = 20_000;
/** A list: at about 1 kB an endpoint some ten thousand of them. */
export const kubernetesListBytesMax = 16 * 1024 * 1024;
/** One line of a watch is one object: a slice has 1,000 endpoints at most. */
export const kubernetesLineBytesMax = 4 * 1024 * 1024;
/** What of a refusal's body is read for its message. */
export const kubernetesRefusalBytesMax = 8 * 1024;
/** How long the server is asked to keep a watch open, at least; up to twice that by chance. It bounds how long a dead connection is trusted. */
export const kubernetesWatchMinMs = 30_000;
/** Past the end that was asked for, a watch that is still open is cut. */
export const kubernetesWatchGraceMs = 5_000;
/** Between the end of a watch and the next one. */
export const kubernetesAgainMs = 500;
/** Watches in a row that are cut before they bring anything; then the list is asked for again. */
export const kubernetesCutsMax = 3;
/** Slices or endpoints objects of one service. */
export const kubernetesObjectsMax = 1_000;
/** The token of the account; real ones are 1 to 2 kB. */
export const kubernetesTokenBytesMax = 64 * 1024;

// Discovery by UDP multicast (discovery/gossip*.ts)
export const gossipBeaconMs = 2_000;
/** Six beacons missing. */
export const gossipKeptMs = 12_000;
/** Our own beacons come back to us: when they do not for this long, the membership of the group is gone. */
export const gossipDeafMs = 7_000;
/** A longer packet is none of ours, and is not looked at. */
export const gossipPacketBytesMax = 128;
/** Packets that are looked at in a second: ten for each of a couple of hundred nodes is more than they ever send. */
export const gossipPacketsPerS = 2_000;
/** Ports that one sender may announce: nodes of one host. */
export const gossipPortsPerSenderMax = 16;
/** Routers do not forward it: discovery by multicast is for one network. */
export const gossipHopsMax = 1;
